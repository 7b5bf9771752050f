/**
 * Answers of `inspect` as Go's client sees them: some objects are maps, some structs; times and durations print their own way; what
 * JSON leaves out is there with its zero value. Names decide, since the API uses them in one sense only.
 */
import { nilMap, nilSlice, Stringer, struct } from "../template/value.ts";
import { goDuration, goTimeOf } from "./units.ts";

const maps = new Set(
  "Labels ExposedPorts Volumes Networks Ports PortBindings Options Sysctls Annotations Tmpfs StorageOpt Data DriverOpts Containers Peers Details Config.LogConfig Metadata Endpoints AuxiliaryAddresses Status Services".split(
    " ",
  ),
);
const slices = new Set(
  "Args ExecIDs Env Cmd Entrypoint OnBuild Shell Binds VolumesFrom CapAdd CapDrop Dns DnsOptions DnsSearch ExtraHosts GroupAdd Links SecurityOpt Mounts BlkioWeightDevice BlkioDeviceReadBps BlkioDeviceWriteBps BlkioDeviceReadIOps BlkioDeviceWriteIOps Devices DeviceCgroupRules DeviceRequests Ulimits MaskedPaths ReadonlyPaths RepoTags RepoDigests Layers Aliases DNSNames SecondaryIPAddresses SecondaryIPv6Addresses Test Log Warnings".split(
    " ",
  ),
);
const durations = new Set(["Interval", "Timeout", "StartPeriod", "StartInterval"]);

/** Fields with `omitempty`, by the name of the object that has them. */
const omitted: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  State: { Health: null },
  Config: {
    ExposedPorts: nilMap,
    Healthcheck: null,
    ArgsEscaped: false,
    NetworkDisabled: false,
    MacAddress: "",
    StopSignal: "",
    StopTimeout: null,
    Shell: nilSlice,
  },
  HostConfig: {
    Annotations: nilMap,
    StorageOpt: nilMap,
    Tmpfs: nilMap,
    Sysctls: nilMap,
    Mounts: nilSlice,
    Init: null,
    KernelMemory: 0,
    KernelMemoryTCP: 0,
  },
  "": {
    SizeRw: null,
    SizeRootFs: null,
    Platform: "",
    ImageManifestDescriptor: null,
    UsageData: null,
    ClusterVolume: null,
    Status: nilMap,
    Comment: "",
    Container: "",
    Variant: "",
    OsVersion: "",
  },
};
/** Fields whose name in Go differs from JSON's. */
const aliases: readonly (readonly [string, string])[] = [
  ["ID", "Id"],
  ["NanoCPUs", "NanoCpus"],
  ["CPUCount", "CpuCount"],
  ["CPUPercent", "CpuPercent"],
  ["CPUShares", "CpuShares"],
  ["CPUPeriod", "CpuPeriod"],
  ["CPUQuota", "CpuQuota"],
  ["CPURealtimePeriod", "CpuRealtimePeriod"],
  ["CPURealtimeRuntime", "CpuRealtimeRuntime"],
  ["DNS", "Dns"],
  ["DNSOptions", "DnsOptions"],
  ["DNSSearch", "DnsSearch"],
  ["HostIP", "HostIp"],
  ["OSVersion", "OsVersion"],
];

export interface TypedOptions {
  readonly type: string;
  /** Fields that are times, not strings: "Created" of a network. */
  readonly times?: readonly string[];
}

export function typed(value: unknown, { type, times = [] }: TypedOptions): unknown {
  const convert = (v: unknown, key: string, parent: string): unknown => {
    if (v === null) return maps.has(key) ? nilMap : slices.has(key) ? nilSlice : null;
    if (typeof v === "string") return times.includes(key) ? new Stringer(goTimeOf(v), v) : v;
    if (typeof v === "number") return durations.has(key) ? new Stringer(goDuration(v), v) : v;
    if (typeof v !== "object") return v;
    if (Array.isArray(v)) return v.map((item) => convert(item, "", key));
    const entries = Object.entries(v).map(([k, item]) => [k, convert(item, k, key)] as const);
    if (maps.has(key) || (key === "Config" && parent === "LogConfig")) return new Map(entries);
    const fields = Object.fromEntries(entries);
    const zero: Record<string, unknown> = { ...(omitted[key] ?? {}) };
    for (const [go, json] of aliases) if (Object.hasOwn(fields, json)) zero[go] = fields[json];
    return struct(fields, key === "" ? type : `*container.${key}`, zero);
  };
  return convert(value, "", "");
}

/** The same answer as Go's map[string]interface{}, for templates that the types refuse. */
export function untyped(value: unknown): unknown {
  if (value === null) return undefined;
  if (Array.isArray(value)) return value.map(untyped);
  if (typeof value === "object") return new Map(Object.entries(value as object).map(([k, v]) => [k, untyped(v)]));
  return value;
}
