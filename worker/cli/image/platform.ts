/** "linux/arm/v7" to the OCI platform that the API takes. containerd's platforms.Parse. */
import { CliError } from "../session/errors.ts";

export interface Platform {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
}

export const formatPlatform = ({ os, architecture, variant = "" }: Platform): string =>
  [os, architecture, ...(variant === "" ? [] : [variant])].join("/");

const architectures: Readonly<Record<string, readonly [string, string?]>> = {
  i386: ["386"],
  x86_64: ["amd64"],
  "x86-64": ["amd64"],
  aarch64: ["arm64"],
  armhf: ["arm", "v7"],
  armel: ["arm", "v6"],
};
const known = new Set([
  "386",
  "amd64",
  "arm",
  "arm64",
  "loong64",
  "mips64",
  "mips64le",
  "ppc64",
  "ppc64le",
  "riscv64",
  "s390x",
  "wasm",
]);
const systems = new Set(["linux", "windows", "darwin", "freebsd", "wasip1"]);

export function parsePlatform(text: string): Platform {
  const parts = text.split("/");
  if (parts.length > 3)
    throw new CliError(`${JSON.stringify(text)}: cannot parse platform specifier: invalid argument`);
  if (text === "" || parts.some((p) => !/^[A-Za-z0-9_.-]+$/.test(p)))
    throw new CliError(
      `${JSON.stringify(text)} is an invalid component of ${JSON.stringify(text)}: platform specifier component must match "^[A-Za-z0-9_.-]+$": invalid argument`,
    );
  const [first = "", second, variant] = parts.map((p) => p.toLowerCase());
  if (parts.length === 1) {
    if (systems.has(first)) return { architecture: "386", os: first };
    const [architecture = first, implied] = architectures[first] ?? [first];
    if (!known.has(architecture))
      throw new CliError(`${JSON.stringify(text)}: unknown operating system or architecture: invalid argument`);
    return { architecture, os: "linux", ...(implied !== undefined && { variant: implied }) };
  }
  const [architecture = "", implied] = architectures[second ?? ""] ?? [second ?? ""];
  const chosen = variant ?? implied;
  return { architecture, os: first, ...(chosen !== undefined && { variant: chosen }) };
}
