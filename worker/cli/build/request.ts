/** From the command line to the engine's build request. */
import { resolvePath } from "../config/config-file.ts";
import type { Flags } from "../flags/flags.ts";
import { parseCsv } from "../flags/values.ts";
import type { CliInvocation } from "../invocation.ts";
import { CliError } from "../session/errors.ts";

const fail = (message: string): CliError => new CliError(`ERROR: ${message}`);

export interface RequestParts {
  readonly request: Readonly<Record<string, unknown>>;
  /** Folders of further contexts, by their place in the tar. */
  readonly folders: ReadonlyMap<string, string>;
}

export async function requestOf(flags: Flags, invocation: CliInvocation): Promise<RequestParts> {
  const folders = new Map<string, string>();
  const contexts: Record<string, { readonly image: string } | { readonly prefix: string }> = {};
  for (const text of flags.list("build-context")) {
    const [name, value] = pair(text, "build-context");
    if (value.startsWith("docker-image://")) contexts[name] = { image: value.slice("docker-image://".length) };
    else if (/^[a-z-]+:\/\//.test(value))
      throw fail(`--build-context ${name}: ${value} is not supported; name a folder or docker-image://`);
    else {
      const prefix = `contexts/${folders.size}/`;
      folders.set(prefix, value);
      contexts[name] = { prefix };
    }
  }
  const { env } = invocation;
  const buildArgs = Object.fromEntries(
    flags.list("build-arg").flatMap((text) => {
      const equals = text.indexOf("=");
      if (equals >= 0) return [[text.slice(0, equals), text.slice(equals + 1)]];
      const value = env[text];
      return value === undefined ? [] : [[text, value]];
    }),
  );
  if (env.SOURCE_DATE_EPOCH !== undefined && buildArgs.SOURCE_DATE_EPOCH === undefined)
    buildArgs.SOURCE_DATE_EPOCH = env.SOURCE_DATE_EPOCH;
  const platforms = flags.list("platform").flatMap((list) => list.split(","));
  if (platforms.length > 1)
    throw fail(
      "failed to build: Multi-platform build is not supported for the docker driver.\nSwitch to a different driver, or turn on the containerd image store, and try again.",
    );
  return {
    request: {
      target: flags.string("target"),
      buildArgs,
      labels: Object.fromEntries(
        flags
          .list("label")
          .map((text) => [text.split("=", 1)[0] ?? "", text.includes("=") ? text.slice(text.indexOf("=") + 1) : ""]),
      ),
      tags: flags.list("tag"),
      noCache: flags.bool("no-cache"),
      noCacheFilter: flags.list("no-cache-filter").flatMap((text) => text.split(",")),
      pull: flags.string("pull") === "true" || flags.string("pull") === "1",
      ...(platforms[0] === undefined ? {} : { platform: platforms[0] }),
      network: flags.string("network"),
      extraHosts: flags.list("add-host").map((host) => host.replace("=", ":")),
      shmSize: flags.number("shm-size"),
      ulimits: flags.list("ulimit").map(ulimit),
      secrets: await secretsOf(flags.list("secret"), invocation),
      contexts,
      check: flags.bool("check") || flags.list("call").includes("check"),
    },
    folders,
  };
}

function pair(text: string, flag: string): readonly [string, string] {
  const equals = text.indexOf("=");
  if (equals <= 0) throw fail(`invalid value ${text} for --${flag}, expected key=value`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

function ulimit(text: string): { readonly type: string; readonly soft: number; readonly hard: number } {
  const match = /^(\w+)=(-?\d+)(?::(-?\d+))?$/.exec(text);
  if (match === null) throw fail(`invalid ulimit argument: ${text}`);
  const soft = Number(match[2]);
  return { type: match[1] ?? "", soft, hard: match[3] === undefined ? soft : Number(match[3]) };
}

/** Base64 by id: of a file, or of a variable. */
async function secretsOf(
  given: readonly string[],
  { files, cwd, env }: CliInvocation,
): Promise<Record<string, string>> {
  const secrets: Record<string, string> = {};
  for (const text of given) {
    const fields = Object.fromEntries(
      parseCsv(text).map((field) => [field.split("=", 1)[0]?.toLowerCase() ?? "", field.slice(field.indexOf("=") + 1)]),
    );
    const { id = "", type } = fields;
    const source = fields.src ?? fields.source;
    const variable = fields.env ?? (type === "env" ? (source ?? id) : undefined);
    if (id === "") throw fail(`failed to build: invalid secret: ${text}: id is missing`);
    let bytes: Uint8Array | undefined;
    if (variable !== undefined)
      bytes = env[variable] === undefined ? undefined : new TextEncoder().encode(env[variable]);
    else if (source !== undefined || type === "file" || env[id] === undefined) {
      const path = resolvePath(cwd, source ?? id);
      if ((await files.stat(path, { follow: true })) === undefined)
        throw fail(`failed to build: failed to stat ${path}: stat ${path}: no such file or directory`);
      bytes = await files.read(path);
    } else bytes = new TextEncoder().encode(env[id]);
    if (bytes !== undefined) secrets[id] = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  }
  return secrets;
}

export type OutputTarget =
  | { readonly kind: "image" }
  | { readonly kind: "none" }
  | { readonly kind: "local"; readonly path: string }
  /** "" or "-" is standard output. */
  | { readonly kind: "tar" | "docker" | "oci"; readonly path: string };

/** `--output`: "DIR", "-", or "type=…,dest=…". */
export function outputOf(flags: Flags): OutputTarget {
  const given = flags.list("output");
  if (given.length === 0) return flags.bool("check") ? { kind: "none" } : { kind: "image" };
  const text = given.at(-1) ?? "";
  if (!text.includes("=")) return text === "-" ? { kind: "tar", path: "-" } : { kind: "local", path: text };
  const fields = Object.fromEntries(
    parseCsv(text).map((field) => [field.split("=", 1)[0] ?? "", field.slice(field.indexOf("=") + 1)]),
  );
  const path = fields.dest ?? "";
  switch (fields.type) {
    case "image":
      return { kind: "image" };
    case "docker":
    case "oci":
      return path === "" && fields.type === "docker" ? { kind: "image" } : { kind: fields.type, path };
    case "cacheonly":
      return { kind: "none" };
    case "tar":
      return { kind: "tar", path: path || "-" };
    case "local":
      if (path === "") throw fail("failed to build: dest is required for local output");
      return { kind: "local", path };
    default:
      throw fail(`failed to build: unsupported output type ${fields.type}`);
  }
}
