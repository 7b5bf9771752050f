/** `docker update`: what of a request changes, and what it must not change (moby's container.UpdateContainer). */
import { EngineError } from "../errors.ts";
import type { HostConfig, Resources } from "./model.ts";

const updatable = [
  "CpuShares",
  "Memory",
  "NanoCpus",
  "BlkioWeight",
  "CpuPeriod",
  "CpuQuota",
  "CpuRealtimePeriod",
  "CpuRealtimeRuntime",
  "CpusetCpus",
  "CpusetMems",
  "MemoryReservation",
  "MemorySwap",
  "PidsLimit",
] as const satisfies readonly (keyof Resources)[];

type Changes = Partial<Pick<Resources, (typeof updatable)[number]>>;

/** Zero and empty mean: as it is; but a limit of no processes, or of fewer, is that there is none. */
export function changedResources(given: Resources): Changes {
  const { PidsLimit } = given;
  return {
    ...Object.fromEntries(
      updatable
        .filter((key) => given[key] !== null && given[key] !== 0 && given[key] !== "")
        .map((key) => [key, given[key]]),
    ),
    ...(PidsLimit === null ? {} : { PidsLimit: Math.max(0, PidsLimit) }),
  };
}

export function checkUpdate(id: string, current: HostConfig, changed: Changes): void {
  const refuse = (why: string): EngineError =>
    new EngineError("conflict", `Cannot update container ${id}: ${why}`, { resource: id });
  const { NanoCpus, CpuPeriod, CpuQuota, Memory, MemorySwap } = changed;
  const conflicting = (what: string, set: string): EngineError =>
    refuse(`Conflicting options: ${what} cannot be updated as ${set} has already been set`);
  if (NanoCpus !== undefined && current.CpuPeriod > 0) throw conflicting("Nano CPUs", "CPU Period");
  if (NanoCpus !== undefined && current.CpuQuota > 0) throw conflicting("Nano CPUs", "CPU Quota");
  if (CpuPeriod !== undefined && current.NanoCpus > 0) throw conflicting("CPU Period", "NanoCPUs");
  if (CpuQuota !== undefined && current.NanoCpus > 0) throw conflicting("CPU Quota", "NanoCPUs");
  if (Memory !== undefined && Memory > current.MemorySwap && MemorySwap === undefined && current.MemorySwap !== -1)
    throw refuse(
      "Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time",
    );
  // What is left to the runtime with moby (runc, ConvertMemorySwapToCgroupV2Value).
  if (MemorySwap !== undefined && MemorySwap > 0 && MemorySwap < (Memory ?? current.Memory))
    throw new EngineError(
      "system",
      `Cannot update container ${id}: runc did not terminate successfully: exit status 1: memory+swap limit should be >= memory limit`,
    );
}
