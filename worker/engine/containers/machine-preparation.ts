/** Makes a machine ready for containers: directories, the parent cgroup and its device program; and learns what its kernel has. */
import type { Guest, Op } from "../ports/guest.ts";
import {
  cgroupParentOps,
  cgroupPath,
  compileDeviceProgram,
  defaultCgroupParent,
  defaultDeviceRules,
  type KernelPaths,
  machineOps,
} from "../runtime/index.ts";
import { findKernelPaths } from "./kernel-paths.ts";
import { containersRoot, layersRoot } from "./paths.ts";

/** Names and resolvers are written at every start: memory is the place for them. */
const memoryForNames: Op = {
  op: "mount",
  source: "tmpfs",
  target: containersRoot,
  type: "tmpfs",
  data: "mode=710",
  flags: ["nodev", "nosuid"],
};

/** Stays with the cgroup through checkpoints and snapshots; the kernel holds no more than 64 of them. */
const devicesOfContainers = (parent: string): Op => ({
  op: "attachDeviceProgram",
  path: parent,
  program: compileDeviceProgram(defaultDeviceRules),
});

/** Once after a boot or a restore of the shipped snapshot; harmless where it was done before. */
export async function prepareMachine(guest: Guest): Promise<KernelPaths> {
  const parent = cgroupPath(defaultCgroupParent, "").replace(/\/$/, "");
  const [mounts, prepared] = await guest.batch([
    { op: "read", path: "/proc/self/mounts", ignore: ["ENOENT"] },
    { op: "stat", path: parent, ignore: ["ENOENT"] },
  ]);
  const text = mounts instanceof Uint8Array ? new TextDecoder().decode(mounts) : "";
  await guest.batch([
    ...machineOps(),
    { op: "mkdir", path: layersRoot, parents: true, mode: 0o710 },
    { op: "mkdir", path: containersRoot, parents: true, mode: 0o710 },
    ...(text.includes(` ${containersRoot} tmpfs `) ? [] : [memoryForNames]),
    ...cgroupParentOps(defaultCgroupParent),
    ...(prepared === undefined ? [devicesOfContainers(parent)] : []),
  ]);
  return findKernelPaths(guest);
}
