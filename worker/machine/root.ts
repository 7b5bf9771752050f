/**
 * How the machine's file system comes to be: once when the snapshot is made (the userland becomes the root), and after each restore
 * (the writable disk, which a snapshot never holds mounted).
 */
import type { Guest, Op } from "../engine/ports/guest.ts";

export const workspacePath = "/home/learner/site";
const disk = "/dev/sdb";
const moved = ["/dev", "/proc", "/sys", "/run", "/tmp"] as const;

/** Makes an overlay of the userland (an EROFS image on `device`) and memory the machine's root, and mounts the workspace in it. */
export async function enterUserland(guest: Guest, device: string): Promise<void> {
  const root = "/mnt/root";
  await guest.batch([
    { op: "mkdir", path: "/mnt/userland", parents: true },
    { op: "mkdir", path: "/mnt/memory", parents: true },
    { op: "mkdir", path: root, parents: true },
    { op: "mount", source: device, target: "/mnt/userland", type: "erofs", flags: ["ro", "noatime"] },
    { op: "mount", source: "tmpfs", target: "/mnt/memory", type: "tmpfs", data: "mode=755" },
    { op: "mkdir", path: "/mnt/memory/upper" },
    { op: "mkdir", path: "/mnt/memory/work" },
    {
      op: "mount",
      source: "overlay",
      target: root,
      type: "overlay",
      data: "lowerdir=/mnt/userland,upperdir=/mnt/memory/upper,workdir=/mnt/memory/work",
    },
    ...moved.flatMap((path): Op[] => [
      { op: "mkdir", path: `${root}${path}`, parents: true },
      { op: "mount", source: path, target: `${root}${path}`, flags: ["move"] },
    ]),
    { op: "pivotRoot", path: root },
    { op: "mkdir", path: workspacePath, parents: true },
    {
      op: "mount",
      source: "host9p",
      target: workspacePath,
      type: "9p",
      data: "trans=virtio,version=9p2000.L,cache=mmap,access=any,msize=131072",
    },
    { op: "mkdir", path: "/var/lib/docker", parents: true },
    { op: "mkdir", path: "/layers", parents: true },
    // The engine's name server, which says at once what cannot be reached from here.
    { op: "write", path: "/etc/resolv.conf", data: "nameserver 172.17.0.1\n" },
  ]);
}

/** Mounts the writable disk. What lies on it from an earlier life is replayed from its journal by the kernel. */
export async function mountDisk(guest: Guest): Promise<void> {
  await guest.batch([
    {
      op: "mount",
      source: disk,
      target: "/var/lib/docker",
      type: "ext4",
      flags: ["noatime"],
      data: "noinit_itable,commit=1",
    },
    // A tab is closed without notice: what was written should not wait half a minute in memory.
    { op: "write", path: "/proc/sys/vm/dirty_writeback_centisecs", data: "100", create: false },
    { op: "write", path: "/proc/sys/vm/dirty_expire_centisecs", data: "100", create: false },
  ]);
}

/** The opposite, before a snapshot is taken. Fails while something still uses the disk. */
export async function unmountDisk(guest: Guest): Promise<void> {
  await guest.batch([
    { op: "umount", path: "/var/lib/docker/containers", ignore: ["EINVAL", "ENOENT"] },
    { op: "umount", path: "/var/lib/docker" },
    { op: "sync" },
  ]);
}
