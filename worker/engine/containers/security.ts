/** `--security-opt`, as moby's parseSecurityOpt reads it. */
import { EngineError } from "../errors.ts";
import { compileSeccomp, defaultSeccompProfile, type SeccompProfile } from "../runtime/index.ts";
import type { HostConfig } from "./model.ts";

export interface Security {
  readonly noNewPrivileges: boolean;
  readonly seccomp: "default" | "unconfined" | SeccompProfile;
}

const system = (message: string): EngineError => new EngineError("system", message);

/** Throws what dockerd answers when the container is created; a profile's content is looked at when it starts. */
export function parseSecurityOptions(options: readonly string[] | null): {
  readonly noNewPrivileges: boolean;
  readonly writableCgroups: boolean;
  readonly seccomp: string;
} {
  let noNewPrivileges = false;
  let writableCgroups = false;
  let seccomp = "";
  for (const option of options ?? []) {
    if (option === "no-new-privileges") noNewPrivileges = true;
    else if (option === "writable-cgroups") writableCgroups = true;
    else if (option === "disable" || option === "systempaths=unconfined") continue;
    else {
      const at = option.search(/[=:]/);
      if (at < 0) throw system(`invalid --security-opt 1: ${JSON.stringify(option)}`);
      const key = option.slice(0, at);
      const value = option.slice(at + 1);
      switch (key) {
        case "seccomp":
          seccomp = value;
          break;
        case "no-new-privileges":
          if (!/^(true|false|1|0|t|f)$/i.test(value))
            throw system(`invalid --security-opt 2: ${JSON.stringify(option)}`);
          noNewPrivileges = /^(true|1|t)$/i.test(value);
          break;
        // This kernel has neither SELinux nor AppArmor: the options have nothing to act on.
        case "label":
        case "apparmor":
          break;
        case "writable-cgroups":
          if (value !== "true" && value !== "false")
            throw system(`invalid --security-opt 2: ${JSON.stringify(option)}`);
          writableCgroups = value === "true";
          break;
        default:
          throw system(`invalid --security-opt 2: ${JSON.stringify(option)}`);
      }
    }
  }
  return { noNewPrivileges, writableCgroups, seccomp };
}

const profiles = new Map<string, SeccompProfile>();

function readProfile(text: string): SeccompProfile {
  const known = profiles.get(text);
  if (known !== undefined) return known;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw system(
      `Decoding seccomp profile failed: invalid character '${text[0] ?? ""}' looking for beginning of value`,
    );
  }
  if (typeof value !== "object" || value === null || typeof (value as SeccompProfile).defaultAction !== "string")
    throw system("Decoding seccomp profile failed: missing default action");
  profiles.set(text, value as SeccompProfile);
  return value as SeccompProfile;
}

/** The filter for a container's processes; absent when it is unconfined. */
export function seccompFilter(host: HostConfig, capabilities: bigint, privileged: boolean): Uint8Array | undefined {
  const { seccomp } = parseSecurityOptions(host.SecurityOpt);
  if (privileged && seccomp === "") return undefined;
  if (seccomp === "unconfined") return undefined;
  if (seccomp === "" || seccomp === "builtin") return compileSeccomp(defaultSeccompProfile, capabilities);
  return compileSeccomp(readProfile(seccomp), capabilities);
}
