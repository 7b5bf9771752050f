/** Capabilities and seccomp of a process, from its /proc/PID/status. */
import { capabilityNames, hasCapability } from "../runtime/capabilities.ts";
import type { ContainerFacts } from "./model.ts";
import { statusField } from "./proc-files.ts";

const modes = ["disabled", "strict", "filter"] as const;

export function securityFacts(pid: number, status: string): ContainerFacts["security"] {
  const effective = BigInt(`0x${/^[0-9a-f]+$/.exec(statusField(status, "CapEff") ?? "")?.[0] ?? "0"}`);
  return {
    source: {
      from: `/proc/${pid}/status (CapEff, Seccomp, NoNewPrivs)`,
      command: `grep -E 'Cap|Seccomp|NoNewPrivs' /proc/${pid}/status`,
    },
    capabilities: capabilityNames.filter((name) => hasCapability(effective, name)),
    dropped: capabilityNames.filter((name) => !hasCapability(effective, name)),
    seccomp: modes[Number(statusField(status, "Seccomp") ?? 0)] ?? "disabled",
    noNewPrivileges: statusField(status, "NoNewPrivs") === "1",
  };
}
