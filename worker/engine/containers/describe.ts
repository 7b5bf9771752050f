/** From a container's record to the runtime's description of it. */
import type { ContainerId, Sandbox } from "../domains.ts";
import { EngineError } from "../errors.ts";
import type { FileStat, RlimitName } from "../ports/guest.ts";
import {
  allDeviceRules,
  type CgroupLimits,
  type ContainerDescription,
  type DeviceNode,
  type DeviceRule,
  defaultDeviceRules,
  effectiveCapabilities,
  type IoLimit,
  type MountDescription,
  type NamespaceMode,
  parseDeviceRule,
} from "../runtime/index.ts";
import { containerEnvironment, type EnvironmentSources } from "./environment.ts";
import type { ContainerRecord, HostConfig, MountPoint, Resources } from "./model.ts";
import { containerDirectory, isVolatile, shmDirectory, upperDirectory, workDirectory } from "./paths.ts";
import { parseSecurityOptions, seccompFilter } from "./security.ts";

/** What the engine had to find out before it can describe a container. */
export interface Surroundings extends EnvironmentSources {
  /** The layers' mount points, topmost first. */
  readonly lowers: readonly string[];
  readonly sandbox: Sandbox | undefined;
  /** First processes of the containers that this one joins, by mode such as "container:abc". */
  readonly joined: ReadonlyMap<string, { readonly pid: number; readonly id: ContainerId }>;
  /** Of bind sources and device nodes, by path. */
  readonly stats: ReadonlyMap<string, FileStat>;
  readonly size: { readonly rows: number; readonly columns: number };
}

export const initProgram = "/run/drydock/init";
const initTarget = "/sbin/docker-init";

export function describeContainer(record: ContainerRecord, around: Surroundings): ContainerDescription {
  const { config, hostConfig: host } = record;
  const capabilities = effectiveCapabilities({
    privileged: host.Privileged,
    add: host.CapAdd ?? [],
    drop: host.CapDrop ?? [],
  });
  const security = parseSecurityOptions(host.SecurityOpt);
  const hostname = hostnameOf(record);
  const command = [record.path, ...record.args];
  const init = host.Init === true && host.PidMode === "";
  const devices = deviceNodes(host, around);
  return {
    id: record.id,
    root: {
      lowers: around.lowers,
      upper: upperDirectory(record.id),
      work: workDirectory(record.id),
      volatile: isVolatile(record),
    },
    readOnly: host.ReadonlyRootfs,
    args: init ? [initTarget, "--", ...command] : command,
    env: containerEnvironment(record, hostname, around),
    cwd: config.WorkingDir || "/",
    user: config.User,
    groups: host.GroupAdd ?? [],
    terminal: config.Tty ? around.size : undefined,
    stdin: config.OpenStdin,
    hostname,
    domainname: config.Domainname,
    privileged: host.Privileged,
    writableCgroups: host.Privileged || security.writableCgroups,
    capabilities,
    noNewPrivileges: security.noNewPrivileges,
    seccomp: seccompFilter(host, capabilities, host.Privileged),
    namespaces: {
      pid: mode(host.PidMode || "private", around),
      ipc: mode(host.IpcMode === "shareable" || host.IpcMode === "none" ? "private" : host.IpcMode, around),
      uts: host.UTSMode === "host" || (host.NetworkMode === "host" && host.UTSMode === "host") ? "host" : "private",
      cgroup: host.CgroupnsMode === "host" ? "host" : "private",
      network:
        host.NetworkMode === "host" || around.sandbox?.namespace === undefined
          ? mode(host.NetworkMode, around)
          : { path: around.sandbox.namespace },
    },
    mounts: [...mountDescriptions(record, around), ...(init ? [initMount] : [])],
    shmSize: host.ShmSize,
    devices,
    deviceRules: deviceRules(host, devices),
    rlimits: rlimitsOf(host),
    sysctls: { ...(isOwnNetwork(host) ? unprivilegedNetworking : {}), ...host.Sysctls },
    oomScoreAdj: host.OomScoreAdj,
    cgroupParent: host.CgroupParent,
    limits: cgroupLimits(host, around),
    maskedPaths: host.MaskedPaths ?? [],
    readonlyPaths: host.ReadonlyPaths ?? [],
  };
}

/** In a network namespace of its own: anybody may ping and listen on low ports (moby's WithCommonOptions). */
const unprivilegedNetworking = {
  "net.ipv4.ip_unprivileged_port_start": "0",
  "net.ipv4.ping_group_range": "0 2147483647",
};
const isOwnNetwork = ({ NetworkMode }: HostConfig): boolean =>
  NetworkMode !== "host" && !NetworkMode.startsWith("container:");

export function hostnameOf(record: ContainerRecord): string {
  return record.config.Hostname;
}

const initMount: MountDescription = {
  kind: "bind",
  source: initProgram,
  target: initTarget,
  readOnly: true,
  recursive: false,
  propagation: undefined,
  directory: false,
};

function mode(text: string, around: Surroundings): NamespaceMode {
  if (text === "host") return "host";
  if (!text.startsWith("container:")) return "private";
  const joined = around.joined.get(text);
  if (joined === undefined) throw new EngineError("system", `No such container: ${text.slice("container:".length)}`);
  return { pid: joined.pid };
}

function mountDescriptions(record: ContainerRecord, around: Surroundings): readonly MountDescription[] {
  const { hostConfig: host, mounts } = record;
  const out: MountDescription[] = [];
  const targets = new Set(mounts.map((m) => m.Destination));
  const file = (source: string, target: string): void => {
    if (!targets.has(target))
      out.push({
        kind: "bind",
        source,
        target,
        readOnly: host.ReadonlyRootfs,
        recursive: false,
        propagation: undefined,
        directory: false,
      });
  };
  const directory = containerDirectory(networkOwner(record, around));
  file(`${directory}/resolv.conf`, "/etc/resolv.conf");
  file(`${directory}/hostname`, "/etc/hostname");
  file(`${directory}/hosts`, "/etc/hosts");
  const shm = shmSource(host, record.id, around);
  if (shm !== undefined && !targets.has("/dev/shm"))
    out.push({
      kind: "bind",
      source: shm,
      target: "/dev/shm",
      readOnly: false,
      recursive: false,
      propagation: undefined,
      directory: true,
    });
  for (const [target, options] of Object.entries(host.Tmpfs ?? {})) out.push({ kind: "tmpfs", target, options });
  for (const mount of mounts) out.push(mountDescription(mount, around));
  // Parents before what lies in them.
  return out
    .map((m, i) => ({ m, i, depth: m.target.split("/").length }))
    .sort((a, b) => a.depth - b.depth || a.i - b.i)
    .map(({ m }) => m);
}

/** A container in another's network namespace has its /etc/hosts, hostname and resolv.conf too. */
function networkOwner(record: ContainerRecord, around: Surroundings): ContainerId {
  return around.joined.get(record.hostConfig.NetworkMode)?.id ?? record.id;
}

/** Where /dev/shm comes from when others share it. */
function shmSource(host: HostConfig, id: ContainerId, around: Surroundings): string | undefined {
  if (host.IpcMode === "host") return "/dev/shm";
  if (host.IpcMode === "shareable") return shmDirectory(id);
  const joined = around.joined.get(host.IpcMode);
  return joined && shmDirectory(joined.id);
}

function mountDescription(mount: MountPoint, around: Surroundings): MountDescription {
  const { detail } = mount;
  if (mount.Type === "tmpfs") return { kind: "tmpfs", target: mount.Destination, options: detail.tmpfsOptions ?? "" };
  const source = detail.subpath === undefined ? mount.Source : `${mount.Source}/${detail.subpath}`;
  const propagation = mount.Propagation.replace(/^r/, "");
  return {
    kind: "bind",
    source,
    target: mount.Destination,
    readOnly: !mount.RW,
    recursive: detail.nonRecursive !== true,
    propagation: propagation === "slave" || propagation === "shared" ? propagation : undefined,
    directory:
      (mount.Type === "volume" && detail.subpath === undefined) || around.stats.get(source)?.type === "directory",
  };
}

function deviceNodes(host: HostConfig, around: Surroundings): readonly DeviceNode[] {
  return (host.Devices ?? []).map(({ PathOnHost, PathInContainer }) => {
    const stat = around.stats.get(PathOnHost);
    const failure = (why: string): EngineError =>
      new EngineError(
        "system",
        `error gathering device information while adding custom device ${JSON.stringify(PathOnHost)}: ${why}`,
      );
    if (stat === undefined) throw failure("no such file or directory");
    if (stat.type !== "char" && stat.type !== "block") throw failure("not a device node");
    return {
      path: PathInContainer || PathOnHost,
      type: stat.type,
      major: stat.major,
      minor: stat.minor,
      mode: stat.mode & 0o777,
      uid: stat.uid,
      gid: stat.gid,
    };
  });
}

function deviceRules(host: HostConfig, devices: readonly DeviceNode[]): readonly DeviceRule[] | undefined {
  if (host.Privileged) return allDeviceRules;
  const further = (host.DeviceCgroupRules ?? []).map(parseDeviceRule).filter((r) => r !== undefined);
  if (devices.length === 0 && further.length === 0) return undefined;
  const own = devices.map(
    ({ type, major, minor }, i): DeviceRule => ({
      allow: true,
      type,
      major,
      minor,
      access: host.Devices?.[i]?.CgroupPermissions || "rwm",
    }),
  );
  return [...defaultDeviceRules, ...own, ...further];
}

const rlimits: ReadonlySet<string> = new Set([
  "as",
  "core",
  "cpu",
  "data",
  "fsize",
  "locks",
  "memlock",
  "msgqueue",
  "nice",
  "nofile",
  "nproc",
  "rss",
  "rtprio",
  "rttime",
  "sigpending",
  "stack",
]);
const createFailed =
  "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: ";

export const rlimitsOf = ({ Ulimits }: HostConfig): ContainerDescription["rlimits"] =>
  (Ulimits ?? []).map(({ Name, Soft, Hard }) => ({ type: rlimitName(Name), soft: Soft, hard: Hard }));

function rlimitName(name: string): RlimitName {
  if (!rlimits.has(name.toLowerCase()))
    throw new EngineError("system", `${createFailed}wrong rlimit value: RLIMIT_${name.toUpperCase()}`);
  return name.toLowerCase() as RlimitName;
}

export function cgroupLimits(resources: Resources, around?: Pick<Surroundings, "stats">): CgroupLimits {
  const io: IoLimit[] = [];
  const throttle = (list: Resources["BlkioDeviceReadBps"], key: IoLimit["key"]): void => {
    for (const { Path, Rate } of list ?? []) {
      const stat = around?.stats.get(Path);
      if (stat?.type === "block") io.push({ device: `${stat.major}:${stat.minor}`, key, value: Rate });
    }
  };
  throttle(resources.BlkioDeviceReadBps, "rbps");
  throttle(resources.BlkioDeviceWriteBps, "wbps");
  throttle(resources.BlkioDeviceReadIOps, "riops");
  throttle(resources.BlkioDeviceWriteIOps, "wiops");
  return {
    memory: resources.Memory,
    memorySwap: resources.MemorySwap,
    memoryReservation: resources.MemoryReservation,
    cpuShares: resources.CpuShares,
    cpuQuota: resources.CpuQuota,
    cpuPeriod: resources.CpuPeriod,
    nanoCpus: resources.NanoCpus,
    cpusetCpus: resources.CpusetCpus,
    cpusetMems: resources.CpusetMems,
    pidsLimit: resources.PidsLimit ?? 0,
    io,
  };
}

const namespacedSysctls =
  /^(kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced|domainname|hostname)|fs\.mqueue\..+|net\..+)$/;

/** What dockerd and runc find wrong only at the start. */
export function checkAtStart(host: HostConfig): void {
  for (const name of Object.keys(host.Sysctls ?? {})) {
    if (host.NetworkMode === "host" && name.startsWith("net."))
      throw new EngineError(
        "system",
        `${createFailed}sysctl ${JSON.stringify(name)} not allowed in host network namespace`,
      );
    if (!namespacedSysctls.test(name))
      throw new EngineError(
        "system",
        `${createFailed}sysctl ${JSON.stringify(name)} is not in a separate kernel namespace`,
      );
  }
  for (const options of Object.values(host.Tmpfs ?? {}))
    for (const option of options.split(",").filter(Boolean))
      if (!validTmpfsOption(option)) throw new EngineError("system", `invalid tmpfs option ${JSON.stringify(option)}`);
  for (const { Driver, Capabilities } of host.DeviceRequests ?? [])
    throw new EngineError(
      "system",
      `could not select device driver ${JSON.stringify(Driver)} with capabilities: [${(Capabilities ?? []).map((c) => `[${c.join(" ")}]`).join(" ")}]`,
    );
}

const tmpfsFlags = new Set(
  "defaults ro rw suid nosuid dev nodev exec noexec sync async dirsync mand nomand atime noatime diratime nodiratime bind rbind unbindable runbindable private rprivate shared rshared slave rslave relatime norelatime strictatime nostrictatime".split(
    " ",
  ),
);
function validTmpfsOption(option: string): boolean {
  return tmpfsFlags.has(option) || /^(mode|uid|gid|size|nr_inodes|nr_blocks|mpol)=/.test(option);
}
