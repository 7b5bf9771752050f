/**
 * Linux capabilities as Docker grants them: a default set, widened by --cap-add and narrowed by --cap-drop
 * (moby's oci/caps). Names are kept as Docker spells them in `inspect`: upper case with the CAP_ prefix.
 */
import { EngineError } from "../errors.ts";
import type { Capabilities } from "../ports/guest.ts";

/** Index is the bit (include/uapi/linux/capability.h). */
export const capabilityNames = (
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE " +
  "NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN " +
  "SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE " +
  "MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
)
  .split(" ")
  .map((name) => `CAP_${name}`);

const bits: ReadonlyMap<string, bigint> = new Map(capabilityNames.map((name, i) => [name, 1n << BigInt(i)]));
export const allCapabilities: bigint = (1n << BigInt(capabilityNames.length)) - 1n;

export const defaultCapabilities: bigint = maskOf(
  "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE"
    .split(" ")
    .map((name) => `CAP_${name}`),
);

function maskOf(names: readonly string[]): bigint {
  return names.reduce((mask, name) => mask | (bits.get(name) ?? 0n), 0n);
}

export function hasCapability(mask: bigint, name: string): boolean {
  return (mask & (bits.get(name) ?? 0n)) !== 0n;
}

/** "net_admin" → "CAP_NET_ADMIN"; "all" → "ALL". Throws what dockerd answers to an unknown name. */
export function normalizeCapabilities(names: readonly string[], field: "CapAdd" | "CapDrop"): readonly string[] {
  return names.map((given) => {
    let name = given.toUpperCase();
    if (name === "ALL") return name;
    if (!name.startsWith("CAP_")) name = `CAP_${name}`;
    if (!bits.has(name))
      throw new EngineError("invalidParameter", `invalid ${field}: unknown capability: ${JSON.stringify(name)}`);
    return name;
  });
}

/** The mask after --cap-add and --cap-drop. `ALL` on either side turns the default around, as moby's TweakCapabilities does. */
export function effectiveCapabilities(request: {
  readonly privileged: boolean;
  readonly add: readonly string[];
  readonly drop: readonly string[];
}): bigint {
  if (request.privileged) return allCapabilities;
  const add = normalizeCapabilities(request.add, "CapAdd");
  const drop = normalizeCapabilities(request.drop, "CapDrop");
  if (add.includes("ALL")) return allCapabilities & ~maskOf(drop.filter((name) => name !== "ALL"));
  if (drop.includes("ALL")) return maskOf(add);
  return (defaultCapabilities & ~maskOf(drop)) | maskOf(add);
}

/** Docker gives root the mask as permitted and effective, and nothing as inheritable or ambient. The guest drops them when the user is another. */
export function capabilitySets(mask: bigint): Capabilities {
  return { bounding: mask, effective: mask, permitted: mask, inheritable: 0n, ambient: 0n };
}
