/** The host's side of a container's configuration: read from a request with Docker's defaults, in `inspect`'s order of fields. */
import type { PortBindings } from "../domains.ts";
import { EngineError } from "../errors.ts";
import { normalizeCapabilities } from "../runtime/capabilities.ts";
import { omitEmpty } from "./config.ts";
import { Fields } from "./decode.ts";
import type { DeviceRequest, HostConfig, MountRequest, Resources, RestartPolicy } from "./model.ts";

export const defaultShmSize = 64 * 1024 * 1024;

export const defaultMaskedPaths: readonly string[] = [
  "/proc/asound",
  "/proc/acpi",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
];
export const defaultReadonlyPaths: readonly string[] = [
  "/proc/bus",
  "/proc/fs",
  "/proc/irq",
  "/proc/sys",
  "/proc/sysrq-trigger",
];

export function readResources(host: Fields): Resources {
  const throttle = (name: string) =>
    host.list(name, "blkiodev.ThrottleDevice", (d) => ({ Path: d.string("Path"), Rate: d.integer("Rate") }));
  const swappiness = host.optionalInteger("MemorySwappiness");
  return {
    CpuShares: host.integer("CpuShares"),
    Memory: host.integer("Memory"),
    NanoCpus: host.integer("NanoCpus"),
    CgroupParent: host.string("CgroupParent"),
    BlkioWeight: host.integer("BlkioWeight"),
    BlkioWeightDevice: host.list("BlkioWeightDevice", "blkiodev.WeightDevice", (d) => ({
      Path: d.string("Path"),
      Weight: d.integer("Weight"),
    })),
    BlkioDeviceReadBps: throttle("BlkioDeviceReadBps"),
    BlkioDeviceWriteBps: throttle("BlkioDeviceWriteBps"),
    BlkioDeviceReadIOps: throttle("BlkioDeviceReadIOps"),
    BlkioDeviceWriteIOps: throttle("BlkioDeviceWriteIOps"),
    CpuPeriod: host.integer("CpuPeriod"),
    CpuQuota: host.integer("CpuQuota"),
    CpuRealtimePeriod: host.integer("CpuRealtimePeriod"),
    CpuRealtimeRuntime: host.integer("CpuRealtimeRuntime"),
    CpusetCpus: host.string("CpusetCpus"),
    CpusetMems: host.string("CpusetMems"),
    Devices: host.list("Devices", "container.DeviceMapping", (d) => ({
      PathOnHost: d.string("PathOnHost"),
      PathInContainer: d.string("PathInContainer"),
      CgroupPermissions: d.string("CgroupPermissions"),
    })),
    DeviceCgroupRules: host.strings("DeviceCgroupRules"),
    DeviceRequests: host.list("DeviceRequests", "container.DeviceRequest", readDeviceRequest),
    MemoryReservation: host.integer("MemoryReservation"),
    MemorySwap: host.integer("MemorySwap"),
    MemorySwappiness: swappiness === undefined || swappiness === -1 ? null : swappiness,
    OomKillDisable: host.optionalBoolean("OomKillDisable") ?? null,
    PidsLimit: host.optionalInteger("PidsLimit") ?? null,
    Ulimits: host.list("Ulimits", "container.Ulimit", (u) => ({
      Name: u.string("Name"),
      Hard: u.integer("Hard"),
      Soft: u.integer("Soft"),
    })),
    CpuCount: host.integer("CpuCount"),
    CpuPercent: host.integer("CpuPercent"),
    IOMaximumIOps: host.integer("IOMaximumIOps"),
    IOMaximumBandwidth: host.integer("IOMaximumBandwidth"),
  };
}

function readDeviceRequest(request: Fields): DeviceRequest {
  return {
    Driver: request.string("Driver"),
    Count: request.integer("Count"),
    DeviceIDs: request.strings("DeviceIDs"),
    Capabilities: request.lists("Capabilities"),
    Options: request.stringMap("Options") ?? null,
  };
}

export function readRestartPolicy(host: Fields): RestartPolicy {
  const policy = host.fields("RestartPolicy", "container.RestartPolicy");
  const name = policy.string("Name") || "no";
  const count = policy.integer("MaximumRetryCount");
  if (name !== "no" && name !== "always" && name !== "on-failure" && name !== "unless-stopped")
    throw invalid(
      `invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`,
    );
  if (name !== "on-failure" && count !== 0)
    throw invalid("invalid restart policy: maximum retry count can only be used with 'on-failure'");
  if (count < 0) throw invalid("invalid restart policy: maximum retry count cannot be negative");
  return { Name: name, MaximumRetryCount: count };
}

function readPortBindings(host: Fields): PortBindings {
  const ports = new Fields(host.object("PortBindings", "nat.PortMap") ?? {});
  const strange = ports.names().find((port) => !/^\d{1,5}(-\d{1,5})?(\/\w*)?$/.test(port));
  if (strange !== undefined) throw invalid(`invalid port specification: ${JSON.stringify(strange)}`);
  return Object.fromEntries(ports.names().map((port) => [port, ports.list(port, "nat.PortBinding", readPortBinding)]));
}

function readPortBinding(binding: Fields): { readonly HostIp: string; readonly HostPort: string } {
  const port = binding.string("HostPort");
  const [first = "", last = first] = port.split("-");
  const valid = (p: string): boolean => /^\d{1,5}$/.test(p) && Number(p) <= 65535;
  if (port !== "" && !(valid(first) && valid(last) && Number(first) <= Number(last)))
    throw invalid(`invalid port specification: ${JSON.stringify(port)}`);
  return { HostIp: binding.string("HostIp"), HostPort: port };
}

function readMount(mount: Fields): MountRequest {
  const bind = mount.has("BindOptions") ? mount.fields("BindOptions", "mount.BindOptions") : undefined;
  const volume = mount.has("VolumeOptions") ? mount.fields("VolumeOptions", "mount.VolumeOptions") : undefined;
  const tmpfs = mount.has("TmpfsOptions") ? mount.fields("TmpfsOptions", "mount.TmpfsOptions") : undefined;
  const image = mount.has("ImageOptions") ? mount.fields("ImageOptions", "mount.ImageOptions") : undefined;
  const driver = volume?.has("DriverConfig") ? volume.fields("DriverConfig", "mount.Driver") : undefined;
  return omitEmpty({
    Type: mount.string("Type"),
    Source: mount.string("Source") || undefined,
    Target: mount.string("Target"),
    ReadOnly: mount.boolean("ReadOnly") || undefined,
    Consistency: mount.string("Consistency") || undefined,
    BindOptions:
      bind &&
      omitEmpty({
        Propagation: bind.string("Propagation") || undefined,
        NonRecursive: bind.boolean("NonRecursive") || undefined,
        CreateMountpoint: bind.boolean("CreateMountpoint") || undefined,
        ReadOnlyNonRecursive: bind.boolean("ReadOnlyNonRecursive") || undefined,
        ReadOnlyForceRecursive: bind.boolean("ReadOnlyForceRecursive") || undefined,
      }),
    VolumeOptions:
      volume &&
      omitEmpty({
        NoCopy: volume.boolean("NoCopy") || undefined,
        Labels: volume.stringMap("Labels"),
        Subpath: volume.string("Subpath") || undefined,
        DriverConfig:
          driver && omitEmpty({ Name: driver.string("Name") || undefined, Options: driver.stringMap("Options") }),
      }),
    ImageOptions: image && omitEmpty({ Subpath: image.string("Subpath") || undefined }),
    TmpfsOptions:
      tmpfs &&
      omitEmpty({
        SizeBytes: tmpfs.integer("SizeBytes") || undefined,
        Mode: tmpfs.integer("Mode") || undefined,
        Options: tmpfs.lists("Options") ?? undefined,
      }),
  }) as MountRequest;
}

export function readHostConfig(host: Fields): HostConfig {
  const log = host.fields("LogConfig", "container.LogConfig");
  const resources = readResources(host);
  const privileged = host.boolean("Privileged");
  const security = host.strings("SecurityOpt");
  const size = host.raw("ConsoleSize");
  const [rows = 0, columns = 0] = Array.isArray(size) ? size.map(Number) : [];
  const mounts = host.list("Mounts", "mount.Mount", readMount);
  const network = host.string("NetworkMode");
  const capabilities = (name: "CapAdd" | "CapDrop"): readonly string[] | null => {
    const list = host.command(name);
    return list && (list.length === 0 ? list : normalizeCapabilities(list, name));
  };
  const paths = (name: string, otherwise: readonly string[]): readonly string[] | null =>
    host.strings(name) ?? (privileged ? null : otherwise);
  const shm = host.integer("ShmSize");
  const annotations = host.stringMap("Annotations");
  const storage = host.stringMap("StorageOpt");
  const tmpfs = host.stringMap("Tmpfs");
  const sysctls = host.stringMap("Sysctls");
  const filled = <T extends object>(map: T | undefined): T | undefined =>
    map === undefined || Object.keys(map).length === 0 ? undefined : map;
  return omitEmpty({
    Binds: host.strings("Binds"),
    ContainerIDFile: host.string("ContainerIDFile"),
    LogConfig: { Type: log.string("Type") || "json-file", Config: log.stringMap("Config") ?? {} },
    NetworkMode: network === "" || network === "default" ? "bridge" : network,
    PortBindings: readPortBindings(host),
    RestartPolicy: readRestartPolicy(host),
    AutoRemove: host.boolean("AutoRemove"),
    VolumeDriver: host.string("VolumeDriver"),
    VolumesFrom: host.strings("VolumesFrom"),
    ConsoleSize: [rows, columns],
    Annotations: filled(annotations),
    CapAdd: capabilities("CapAdd"),
    CapDrop: capabilities("CapDrop"),
    CgroupnsMode: host.string("CgroupnsMode") || "private",
    Dns: host.strings("Dns"),
    DnsOptions: host.strings("DnsOptions"),
    DnsSearch: host.strings("DnsSearch"),
    ExtraHosts: host.strings("ExtraHosts"),
    GroupAdd: host.strings("GroupAdd"),
    IpcMode: host.string("IpcMode") || "private",
    Cgroup: host.string("Cgroup"),
    Links: host.strings("Links"),
    OomScoreAdj: host.integer("OomScoreAdj"),
    PidMode: host.string("PidMode"),
    Privileged: privileged,
    PublishAllPorts: host.boolean("PublishAllPorts"),
    ReadonlyRootfs: host.boolean("ReadonlyRootfs"),
    SecurityOpt: privileged ? [...(security ?? []), "label=disable"] : security,
    StorageOpt: filled(storage),
    Tmpfs: filled(tmpfs),
    UTSMode: host.string("UTSMode"),
    UsernsMode: host.string("UsernsMode"),
    ShmSize: shm === 0 ? defaultShmSize : shm,
    Sysctls: filled(sysctls),
    Runtime: host.string("Runtime") || "runc",
    Isolation: host.string("Isolation"),
    ...resources,
    Mounts: mounts === null || mounts.length === 0 ? undefined : mounts,
    MaskedPaths: paths("MaskedPaths", defaultMaskedPaths),
    ReadonlyPaths: paths("ReadonlyPaths", defaultReadonlyPaths),
    Init: host.optionalBoolean("Init"),
  }) as HostConfig;
}

const invalid = (message: string): EngineError => new EngineError("invalidParameter", message);
