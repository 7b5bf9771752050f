/** Flags of Dockerfile instructions: `--name=value`, and `--name` for booleans (BuildKit's instructions.BFlags). */
import { DockerfileError } from "./node.ts";
import { withSuggestion } from "./suggest.ts";

export type FlagKind = "string" | "strings" | "boolean";

const copied = { chown: "string", chmod: "string", link: "boolean", exclude: "strings" } as const;

/** The flags of each instruction that has some. */
export const instructionFlags = {
  FROM: { platform: "string" },
  RUN: { mount: "strings", network: "string", security: "string", device: "strings" },
  COPY: { from: "string", ...copied, parents: "boolean" },
  ADD: { ...copied, "keep-git-dir": "boolean", checksum: "string", unpack: "boolean" },
  HEALTHCHECK: {
    interval: "string",
    timeout: "string",
    "start-period": "string",
    "start-interval": "string",
    retries: "string",
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, FlagKind>>>>;

export interface Flags {
  string(name: string): string;
  strings(name: string): readonly string[];
  /** `undefined` when it was not given. */
  boolean(name: string): boolean | undefined;
}

export function readFlags(given: readonly string[], known: Readonly<Record<string, FlagKind>>): Flags {
  const values = new Map<string, string[]>();
  for (const flag of given) {
    const equals = flag.indexOf("=");
    const shown = equals < 0 ? flag : flag.slice(0, equals);
    const name = shown.slice(2);
    const value = equals < 0 ? undefined : flag.slice(equals + 1);
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined)
      throw new DockerfileError(withSuggestion(`unknown flag: ${shown}`, name, Object.keys(known)));
    const earlier = values.get(name);
    if (earlier !== undefined && kind !== "strings") throw new DockerfileError(`duplicate flag specified: ${shown}`);
    if (kind === "boolean" ? value === "" : value === undefined)
      throw new DockerfileError(`missing a value on flag: ${shown}`);
    if (kind === "boolean" && value !== undefined && !/^(true|false)$/i.test(value))
      throw new DockerfileError(`expecting boolean value for flag ${shown}, not: ${value}`);
    values.set(name, [...(earlier ?? []), value ?? "true"]);
  }
  return {
    string: (name) => values.get(name)?.[0] ?? "",
    strings: (name) => values.get(name) ?? [],
    boolean: (name) => {
      const [value] = values.get(name) ?? [];
      return value === undefined ? undefined : value.toLowerCase() === "true";
    },
  };
}
