/** A container's description as one spawn: what to prepare in the machine, what to set up in the new process, what to execute. */
import type { Namespace, Op, ProcessSpec } from "../ports/guest.ts";
import { capabilitySets } from "./capabilities.ts";
import { cgroupPath, limitOps } from "./cgroup.ts";
import type { ContainerDescription, NamespaceMode } from "./description.ts";
import { compileDeviceProgram } from "./device-program.ts";
import { type KernelPaths, rootOps } from "./root-file-system.ts";

export function containerProcess(
  container: ContainerDescription,
  kernel: KernelPaths,
  prepare: readonly Op[] = [],
): ProcessSpec {
  const { namespaces } = container;
  const cgroup = cgroupPath(container.cgroupParent, container.id);
  const unshare: Namespace[] = ["mount"];
  const join: { pid: number; namespaces: Namespace[] }[] = [];
  const enter = (namespace: Namespace, mode: NamespaceMode): void => {
    if (mode === "host") return;
    if (mode === "private") return void unshare.push(namespace);
    const known = join.find((j) => j.pid === mode.pid);
    if (known === undefined) join.push({ pid: mode.pid, namespaces: [namespace] });
    else known.namespaces.push(namespace);
  };
  enter("pid", namespaces.pid);
  enter("ipc", namespaces.ipc);
  enter("uts", namespaces.uts);
  enter("cgroup", namespaces.cgroup);
  const { network } = namespaces;
  const networkPath = typeof network === "object" && "path" in network ? network.path : undefined;
  if (typeof network !== "object" || "pid" in network) enter("network", network);

  const setup: Op[] = [...rootOps(container, kernel)];
  if (namespaces.uts === "private") {
    if (container.hostname !== "") setup.push({ op: "setHostname", name: container.hostname });
    if (container.domainname !== "") setup.push({ op: "setDomainname", name: container.domainname });
  }
  return {
    args: container.args,
    env: container.env,
    cwd: container.cwd,
    user: container.user,
    ...(container.groups.length === 0 ? {} : { additionalGroups: container.groups }),
    stdio:
      container.terminal === undefined
        ? { kind: "pipes", stdin: container.stdin }
        : { kind: "terminal", rows: container.terminal.rows, columns: container.terminal.columns, inside: true },
    unshare,
    ...(join.length === 0 ? {} : { join }),
    ...(networkPath === undefined ? {} : { joinPaths: [{ namespace: "network", path: networkPath }] }),
    cgroup,
    prepare: [...prepare, ...cgroupOps(container, cgroup)],
    setup: [...setup],
    capabilities: capabilitySets(container.capabilities),
    noNewPrivileges: container.noNewPrivileges,
    ...(container.seccomp === undefined ? {} : { seccomp: container.seccomp }),
    ...(container.rlimits.length === 0 ? {} : { rlimits: container.rlimits }),
    ...(container.oomScoreAdj === 0 ? {} : { oomScoreAdj: container.oomScoreAdj }),
    umask: 0o022,
  };
}

function cgroupOps(container: ContainerDescription, cgroup: string): readonly Op[] {
  const ops: Op[] = [
    { op: "mkdir", path: cgroup, mode: 0o755, ignore: ["EEXIST"] },
    ...limitOps(cgroup, container.limits),
  ];
  if (container.deviceRules !== undefined)
    ops.push({ op: "attachDeviceProgram", path: cgroup, program: compileDeviceProgram(container.deviceRules) });
  return ops;
}

export interface ExecDescription {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly user: string;
  readonly groups: readonly string[];
  readonly terminal: { readonly rows: number; readonly columns: number } | undefined;
  readonly stdin: boolean;
  readonly capabilities: bigint;
  readonly noNewPrivileges: boolean;
  readonly seccomp: Uint8Array | undefined;
  readonly rlimits: ContainerDescription["rlimits"];
  readonly oomScoreAdj: number;
}

/** A further process in a running container (`docker exec`). */
export function execProcess(pid: number, cgroup: string, exec: ExecDescription): ProcessSpec {
  return {
    args: exec.args,
    env: exec.env,
    cwd: exec.cwd,
    user: exec.user,
    ...(exec.groups.length === 0 ? {} : { additionalGroups: exec.groups }),
    stdio:
      exec.terminal === undefined
        ? { kind: "pipes", stdin: exec.stdin }
        : { kind: "terminal", rows: exec.terminal.rows, columns: exec.terminal.columns, inside: true },
    join: [{ pid, namespaces: ["ipc", "uts", "network", "pid", "cgroup", "mount"] }],
    cgroup,
    capabilities: capabilitySets(exec.capabilities),
    noNewPrivileges: exec.noNewPrivileges,
    ...(exec.seccomp === undefined ? {} : { seccomp: exec.seccomp }),
    ...(exec.rlimits.length === 0 ? {} : { rlimits: exec.rlimits }),
    ...(exec.oomScoreAdj === 0 ? {} : { oomScoreAdj: exec.oomScoreAdj }),
    umask: 0o022,
  };
}
