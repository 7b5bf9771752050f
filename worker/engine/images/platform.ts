/** Platforms of images: "os[/architecture[/variant]]", or JSON, as clients send them. */
import { EngineError } from "../errors.ts";
import type { Platform } from "../registry/manifest.ts";

/** What this machine runs. */
export const machinePlatform: Platform = { os: "linux", architecture: "386" };

const architectures: Readonly<Record<string, string>> = {
  i386: "386",
  i686: "386",
  x86: "386",
  x86_64: "amd64",
  "x86-64": "amd64",
  aarch64: "arm64",
  armhf: "arm",
  armel: "arm",
};

/** containerd's other name of a system. */
const systems: Readonly<Record<string, string>> = { macos: "darwin" };

/** Go's GOOS values. */
const operatingSystems: ReadonlySet<string> = new Set(
  "aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris windows zos".split(
    " ",
  ),
);

/** containerd's expressions, as its errors show them. */
const osPattern = "^([A-Za-z0-9_-]+)(?:\\(([A-Za-z0-9_.%-]*)\\))?$";
const partPattern = "^[A-Za-z0-9_.-]+$";

/** containerd's platforms.Parse. */
export function parsePlatform(text: string): Platform {
  const parts = text.split("/");
  const quoted = JSON.stringify(text);
  const invalid = (why: string): EngineError => new EngineError("invalidParameter", `${why}: invalid argument`);
  for (const [i, part] of parts.slice(0, 4).entries()) {
    const pattern = i === 0 ? osPattern : partPattern;
    if (new RegExp(pattern).test(part)) continue;
    const [what, specifier] =
      i === 0 ? ["OS component", "OSAndVersion specifier"] : ["component", "platform specifier"];
    throw invalid(
      `${JSON.stringify(part)} is an invalid ${what} of ${quoted}: ${specifier} component must match ${JSON.stringify(pattern)}`,
    );
  }
  if (parts.length > 3) throw invalid(`${quoted}: cannot parse platform specifier`);
  const [named = "", second, variant] = parts.map((part) => part.toLowerCase());
  const first = systems[named] ?? named;
  if (second === undefined) {
    const architecture = architectures[first] ?? first;
    const isArchitecture = /^(386|amd64|arm|arm64|ppc64le|s390x|riscv64|mips64le)$/.test(architecture);
    if (isArchitecture) return { os: "linux", architecture };
    if (operatingSystems.has(first)) return { os: first, architecture: machinePlatform.architecture };
    throw invalid(`${quoted}: unknown operating system or architecture`);
  }
  return { os: first, architecture: architectures[second] ?? second, ...(variant === undefined ? {} : { variant }) };
}

/** The JSON form (schema OCIPlatform) of the newer operations. */
export function decodePlatform(text: string): Platform {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new EngineError("invalidParameter", "failed to parse platform", { cause });
  }
  const { os, architecture, variant } = (value ?? {}) as Record<string, unknown>;
  if (typeof os !== "string" || typeof architecture !== "string" || os === "" || architecture === "")
    throw new EngineError("invalidParameter", "both OS and Architecture must be provided");
  return { os, architecture, ...(typeof variant === "string" && variant !== "" ? { variant } : {}) };
}
