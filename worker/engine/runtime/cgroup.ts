/** Docker's resource options as writes to cgroup v2 files, by runc's conversions (libcontainer/cgroups/fs2). */
import type { Op } from "../ports/guest.ts";
import type { CgroupLimits } from "./description.ts";

export const cgroupRoot = "/sys/fs/cgroup";
export const defaultCgroupParent = "docker";

export function cgroupPath(parent: string, id: string): string {
  const clean = (parent === "" ? defaultCgroupParent : parent)
    .split("/")
    .filter((p) => p !== "" && p !== "." && p !== "..");
  return [cgroupRoot, ...clean, id].join("/");
}

const controllers = "+cpu +memory +pids +io";

/** Lets children of `parent` be limited; done once for each parent. cpuset is there in kernels that have it. */
export function cgroupParentOps(parent: string): readonly Op[] {
  const parts = cgroupPath(parent, "").slice(cgroupRoot.length).split("/").filter(Boolean);
  const ops: Op[] = [enable(cgroupRoot)];
  let path = cgroupRoot;
  for (const part of parts) {
    path += `/${part}`;
    ops.push({ op: "mkdir", path, mode: 0o755, parents: true }, enable(path));
  }
  return ops;
}

function enable(path: string): Op {
  return { op: "write", path: `${path}/cgroup.subtree_control`, data: controllers, create: false, ignore: ["*"] };
}

/** cgroup v1 shares 2…262144 to v2 weights 1…10000. */
export function weightOfShares(shares: number): number {
  return shares === 0 ? 0 : 1 + Math.floor(((Math.min(262144, Math.max(2, shares)) - 2) * 9999) / 262142);
}

/** Values to write by file name. With `update`, limits that became unlimited are written as "max" too. */
export function cgroupValues(limits: CgroupLimits): readonly (readonly [file: string, value: string])[] {
  const values: [string, string][] = [];
  const { memory = 0, memorySwap = 0, memoryReservation = 0, cpuShares = 0, nanoCpus = 0, pidsLimit = 0 } = limits;
  // swap first would fail when it shrinks below what is in use; the kernel takes both in either order.
  if (memory > 0) values.push(["memory.max", String(memory)]);
  if (memorySwap === -1) values.push(["memory.swap.max", "max"]);
  else if (memory > 0) values.push(["memory.swap.max", String(Math.max(0, (memorySwap || memory * 2) - memory))]);
  if (memoryReservation > 0) values.push(["memory.low", String(memoryReservation)]);
  if (cpuShares > 0) values.push(["cpu.weight", String(weightOfShares(cpuShares))]);
  if (nanoCpus > 0) values.push(["cpu.max", `${Math.floor(nanoCpus / 10_000)} 100000`]);
  else if (limits.cpuQuota || limits.cpuPeriod)
    values.push(["cpu.max", `${(limits.cpuQuota ?? 0) > 0 ? limits.cpuQuota : "max"} ${limits.cpuPeriod || 100_000}`]);
  if (limits.cpusetCpus) values.push(["cpuset.cpus", limits.cpusetCpus]);
  if (limits.cpusetMems) values.push(["cpuset.mems", limits.cpusetMems]);
  if (pidsLimit !== 0) values.push(["pids.max", pidsLimit > 0 ? String(pidsLimit) : "max"]);
  for (const { device, key, value } of limits.io ?? []) values.push(["io.max", `${device} ${key}=${value}`]);
  return values;
}

export function limitOps(path: string, limits: CgroupLimits): readonly Op[] {
  return cgroupValues(limits).map(
    ([file, data]): Op => ({
      op: "write",
      path: `${path}/${file}`,
      data,
      create: false,
      // A kernel without swap accounting or without cpusets (this machine has one CPU) has no such file.
      ...(file === "memory.swap.max" || file.startsWith("cpuset.")
        ? { ignore: ["ENOENT", "EOPNOTSUPP"] as const }
        : {}),
    }),
  );
}
