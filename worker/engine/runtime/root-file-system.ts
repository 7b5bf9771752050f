/**
 * The mounts that make a container's view, as operations that its first process runs in its own mount namespace: what runc does
 * for Docker's default config.json, in the same order. Nothing of it exists in the machine's namespace, so nothing has to be
 * unmounted when the container ends.
 */
import type { MountFlag, Op } from "../ports/guest.ts";
import type { ContainerDescription, DeviceNode, MountDescription, OverlayRoot } from "./description.ts";

/** The empty directory on which a container's overlay is mounted, in the container's mount namespace only. */
export const scratchRoot = "/run/drydock/rootfs";
/** The lowest-cost form of Docker's init layer: the mount points and links that every container has, one lower shared by all. */
export const initLayer = "/run/drydock/init-layer";

/** Made once: the scratch directory and the init layer. */
export function machineOps(): readonly Op[] {
  const directories = ["", "/dev", "/dev/pts", "/dev/shm", "/etc", "/proc", "/sys"];
  const files = ["/.dockerenv", "/dev/console", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf"];
  return [
    { op: "mkdir", path: scratchRoot, parents: true, mode: 0o755 },
    ...directories.map((path): Op => ({ op: "mkdir", path: initLayer + path, parents: true, mode: 0o755 })),
    ...files.map((path): Op => ({ op: "write", path: initLayer + path, data: "", mode: 0o755 })),
    { op: "symlink", target: "/proc/mounts", path: `${initLayer}/etc/mtab`, ignore: ["EEXIST"] },
  ];
}

export function overlayData(root: OverlayRoot): string {
  const lowers = [initLayer, ...root.lowers].join(":");
  return `lowerdir=${lowers},upperdir=${root.upper},workdir=${root.work}${root.volatile ? ",volatile" : ""}`;
}

export function overlayMount(root: OverlayRoot, target: string): Op {
  return { op: "mount", source: "overlay", target, type: "overlay", data: overlayData(root) };
}

/** What exists of the paths to mask and to protect, by kind; asked of the kernel once. */
export interface KernelPaths {
  kind(path: string): "file" | "directory" | undefined;
}

const guarded: readonly MountFlag[] = ["nosuid", "noexec", "nodev"];

export function rootOps(container: ContainerDescription, kernel: KernelPaths): readonly Op[] {
  const ops: Op[] = [
    { op: "mount", source: "", target: "/", flags: ["rec", container.mounts.some(propagates) ? "slave" : "private"] },
    overlayMount(container.root, scratchRoot),
  ];
  const late = container.mounts.some((m) => /^\/(dev|proc|sys)(\/|$)/.test(m.target));
  const own = container.mounts.flatMap((m) => mountOps(m, scratchRoot));
  // Binds need the machine's paths, so they come before the pivot; those below /dev, /proc and /sys need these first.
  if (late) ops.push(...systemOps(container, scratchRoot), ...own, { op: "pivotRoot", path: scratchRoot });
  else ops.push(...own, { op: "pivotRoot", path: scratchRoot }, ...systemOps(container, undefined));
  ops.push(...sysctlOps(container.sysctls), ...protectOps(container, kernel));
  // Docker makes a working directory that is not there.
  if (container.cwd !== "/") ops.push({ op: "mkdir", path: container.cwd, parents: true, mode: 0o755 });
  if (container.readOnly) ops.push({ op: "mount", source: "", target: "/", flags: ["bind", "remount", "ro"] });
  return ops;
}

function propagates(mount: MountDescription): boolean {
  return mount.kind === "bind" && (mount.propagation === "slave" || mount.propagation === "shared");
}

const standardDevices: readonly (readonly [name: string, major: number, minor: number])[] = [
  ["null", 1, 3],
  ["zero", 1, 5],
  ["full", 1, 7],
  ["tty", 5, 0],
  ["random", 1, 8],
  ["urandom", 1, 9],
];
const deviceLinks: readonly (readonly [name: string, target: string])[] = [
  ["ptmx", "pts/ptmx"],
  ["fd", "/proc/self/fd"],
  ["stdin", "/proc/self/fd/0"],
  ["stdout", "/proc/self/fd/1"],
  ["stderr", "/proc/self/fd/2"],
  ["core", "/proc/kcore"],
];

/** proc, dev, devpts, sysfs, cgroup2, mqueue and shm. */
function systemOps(container: ContainerDescription, root: string | undefined): readonly Op[] {
  const inside = root === undefined ? {} : { root };
  const { privileged } = container;
  const fs = (type: string, target: string, flags: readonly MountFlag[], data?: string, source = type): Op => ({
    op: "mount",
    source,
    target,
    type,
    flags,
    ...(data === undefined ? {} : { data }),
    ...inside,
  });
  const directory = (path: string): Op => ({ op: "mkdir", path, mode: 0o755, ...inside });
  const node = (d: DeviceNode): Op => ({
    op: "mknod",
    path: d.path,
    type: d.type,
    major: d.major,
    minor: d.minor,
    mode: d.mode,
    ...(d.uid === 0 && d.gid === 0 ? {} : { uid: d.uid, gid: d.gid }),
    ...inside,
  });
  const sharedIpc = container.namespaces.ipc !== "private";
  const has = (target: string): boolean => container.mounts.some((m) => m.target === target);
  const ops: Op[] = [
    fs("proc", "/proc", guarded),
    fs("tmpfs", "/dev", ["nosuid", "strictatime"], "mode=755,size=65536k"),
    ...standardDevices.map(([name, major, minor]) =>
      node({ path: `/dev/${name}`, type: "char", major, minor, mode: 0o666, uid: 0, gid: 0 }),
    ),
    ...deviceLinks.map(([name, target]): Op => ({ op: "symlink", target, path: `/dev/${name}`, ...inside })),
    directory("/dev/pts"),
    fs("devpts", "/dev/pts", ["nosuid", "noexec"], "newinstance,ptmxmode=0666,mode=0620,gid=5"),
    directory("/dev/mqueue"),
    fs("mqueue", "/dev/mqueue", guarded),
    directory("/dev/shm"),
  ];
  if (!has("/dev/shm") && !sharedIpc)
    ops.push(fs("tmpfs", "/dev/shm", guarded, `mode=1777,size=${Math.max(1, container.shmSize)}`, "shm"));
  for (const device of container.devices) {
    const parent = device.path.slice(0, device.path.lastIndexOf("/"));
    if (parent !== "/dev") ops.push({ op: "mkdir", path: parent, parents: true, mode: 0o755, ...inside });
    ops.push({ ...node(device), ignore: ["EEXIST"] });
  }
  const mode: readonly MountFlag[] = privileged ? [] : ["ro"];
  ops.push(
    fs("sysfs", "/sys", [...guarded, ...mode]),
    fs("cgroup2", "/sys/fs/cgroup", [...guarded, ...(container.writableCgroups ? [] : mode)], undefined, "cgroup"),
  );
  return ops;
}

function mountOps(mount: MountDescription, root: string): readonly Op[] {
  const { target } = mount;
  if (mount.kind === "tmpfs") {
    const { flags, data, propagation } = parseTmpfsOptions(mount.options);
    const ops: Op[] = [
      { op: "mkdir", path: target, parents: true, mode: 0o755, root },
      { op: "mount", source: "tmpfs", target, type: "tmpfs", flags, data, root },
    ];
    if (propagation.length > 0) ops.push({ op: "mount", source: "", target, flags: propagation, root });
    return ops;
  }
  const rec: readonly MountFlag[] = mount.recursive ? ["rec"] : [];
  const known = engineFiles.has(target);
  const parent = target.slice(0, target.lastIndexOf("/"));
  const place: readonly Op[] = mount.directory
    ? [{ op: "mkdir", path: target, parents: true, mode: 0o755, root }]
    : [
        ...(parent === "" ? [] : [{ op: "mkdir", path: parent, parents: true, mode: 0o755, root } as const]),
        { op: "write", path: target, data: "", append: true, mode: 0o644, root },
      ];
  const ops: Op[] = [
    ...(known ? [] : place),
    { op: "mount", source: mount.source, target, flags: ["bind", ...rec], root },
  ];
  if (mount.readOnly) ops.push({ op: "mount", source: "", target, flags: ["bind", "remount", "ro", ...rec], root });
  if (mount.propagation !== undefined && mount.propagation !== "private")
    ops.push({ op: "mount", source: "", target, flags: [mount.propagation, ...rec], root });
  return ops;
}

/** Files that the init layer holds already. */
const engineFiles: ReadonlySet<string> = new Set(["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"]);

const tmpfsFlags: Readonly<Record<string, MountFlag>> = {
  ro: "ro",
  rw: "rw",
  nosuid: "nosuid",
  nodev: "nodev",
  noexec: "noexec",
  noatime: "noatime",
  relatime: "relatime",
  strictatime: "strictatime",
  nodiratime: "nodiratime",
  sync: "sync",
  dirsync: "dirsync",
};
const opposites: Readonly<Record<string, MountFlag>> = { suid: "nosuid", dev: "nodev", exec: "noexec" };

const propagations: Readonly<Record<string, readonly MountFlag[]>> = {
  private: ["private"],
  shared: ["shared"],
  slave: ["slave"],
  rprivate: ["private", "rec"],
  rshared: ["shared", "rec"],
  rslave: ["slave", "rec"],
};

export interface TmpfsOptions {
  readonly flags: readonly MountFlag[];
  readonly data: string;
  /** Of a mount of its own: the kernel takes it no other way. */
  readonly propagation: readonly MountFlag[];
}

/** Docker's `--tmpfs` options: mount flags on top of noexec, nosuid, nodev, the rest is data for the file system. */
export function parseTmpfsOptions(options: string): TmpfsOptions {
  let propagation: readonly MountFlag[] = [];
  const flags = new Set<MountFlag>(["noexec", "nosuid", "nodev"]);
  const data: string[] = [];
  for (const option of options.split(",").filter(Boolean)) {
    const flag = tmpfsFlags[option];
    const opposite = opposites[option];
    if (flag !== undefined) flags.add(flag);
    else if (opposite !== undefined) flags.delete(opposite);
    else if (propagations[option] !== undefined) propagation = propagations[option];
    else data.push(option);
  }
  return { flags: [...flags], data: data.join(","), propagation };
}

function sysctlOps(sysctls: Readonly<Record<string, string>>): readonly Op[] {
  return Object.entries(sysctls).map(([name, data]) => ({
    op: "write",
    path: `/proc/sys/${name.replaceAll(".", "/")}`,
    data,
    create: false,
  }));
}

function protectOps(container: ContainerDescription, kernel: KernelPaths): readonly Op[] {
  const ops: Op[] = [];
  for (const path of container.readonlyPaths) {
    if (kernel.kind(path) === undefined) continue;
    ops.push(
      { op: "mount", source: path, target: path, flags: ["bind", "rec"], ignore: ["ENOENT"] },
      {
        op: "mount",
        source: path,
        target: path,
        flags: ["bind", "remount", "ro", "rec", ...guarded],
        ignore: ["ENOENT", "EINVAL"],
      },
    );
  }
  for (const path of container.maskedPaths) {
    const kind = kernel.kind(path);
    if (kind === "file")
      ops.push({ op: "mount", source: "/dev/null", target: path, flags: ["bind"], ignore: ["ENOENT"] });
    else if (kind === "directory")
      ops.push({ op: "mount", source: "tmpfs", target: path, type: "tmpfs", flags: ["ro"], ignore: ["ENOENT"] });
  }
  return ops;
}
