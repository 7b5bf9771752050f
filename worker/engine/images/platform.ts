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

/** Go's GOOS values. */
const operatingSystems: ReadonlySet<string> = new Set(
  "aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris windows zos".split(
    " ",
  ),
);

/** containerd's platforms.Parse. */
export function parsePlatform(text: string): Platform {
  const parts = text.split("/");
  if (parts.length > 3 || !parts.every((part) => /^[A-Za-z0-9_.-]+$/.test(part)))
    throw new EngineError(
      "invalidParameter",
      `${JSON.stringify(text)}: cannot parse platform specifier: invalid argument`,
    );
  const [first = "", second, variant] = parts.map((part) => part.toLowerCase());
  if (second === undefined) {
    const architecture = architectures[first] ?? first;
    const isArchitecture = /^(386|amd64|arm|arm64|ppc64le|s390x|riscv64|mips64le)$/.test(architecture);
    if (isArchitecture) return { os: "linux", architecture };
    if (operatingSystems.has(first)) return { os: first, architecture: machinePlatform.architecture };
    throw new EngineError(
      "invalidParameter",
      `${JSON.stringify(text)}: unknown operating system or architecture: invalid argument`,
    );
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
