/** What a run leaves in the guest, beside its layer: a cgroup, and what was mounted for others. */
import type { Guest, Op } from "../../ports/guest.ts";
import { cgroupPath } from "../../runtime/index.ts";
import type { ContainerRecord } from "../model.ts";
import { shmDirectory } from "../paths.ts";

/** The container's own mounts went with its namespace. */
export async function removeTraces(guest: Guest, record: ContainerRecord): Promise<void> {
  const cgroup = cgroupPath(record.hostConfig.CgroupParent, record.id);
  const ops: Op[] = [{ op: "rmdir", path: cgroup, ignore: ["ENOENT", "EBUSY", "ENOTEMPTY"] }];
  if (record.hostConfig.IpcMode === "shareable")
    ops.push({ op: "umount", path: shmDirectory(record.id), detach: true, ignore: ["*"] });
  for (const { Type, Source } of record.mounts)
    if (Type === "image") ops.push({ op: "umount", path: Source, detach: true, ignore: ["*"] });
  // Processes outside a PID namespace of the container's own outlive its first one.
  if (record.hostConfig.PidMode !== "")
    ops.unshift({ op: "write", path: `${cgroup}/cgroup.kill`, data: "1", create: false, ignore: ["*"] });
  await guest.batch(ops);
}

/** Whether the kernel ended one of its processes for want of memory (memory.events of its cgroup). */
export async function oomKilled(guest: Guest, { hostConfig, id }: ContainerRecord): Promise<boolean> {
  const path = `${cgroupPath(hostConfig.CgroupParent, id)}/memory.events`;
  const [events] = await guest.batch([{ op: "read", path, ignore: ["*"] }]).catch(() => [undefined]);
  if (!(events instanceof Uint8Array)) return false;
  return Number(/^oom_kill (\d+)/m.exec(new TextDecoder().decode(events))?.[1] ?? 0) > 0;
}
