/**
 * Answers of `inspect` as Go's client sees them: some objects are maps, some structs; times and durations print their own way; what
 * JSON leaves out is there with its zero value. Names decide, since the API uses them in one sense only.
 */

import { goDuration } from "../../go/duration.ts";
import { goTimeOf } from "../../go/time.ts";
import { named, nilMap, nilSlice, Stringer, struct } from "../template/value.ts";

const maps = new Set(
  "Labels ExposedPorts Volumes Networks Ports PortBindings Options Sysctls Annotations Tmpfs StorageOpt Data DriverOpts Containers Peers Details Config.LogConfig Metadata Endpoints AuxiliaryAddresses Status Services".split(
    " ",
  ),
);
const slices = new Set(
  "Args ExecIDs LinkLocalIPs Env Cmd Entrypoint OnBuild Shell Binds VolumesFrom CapAdd CapDrop Dns DnsOptions DnsSearch ExtraHosts GroupAdd Links SecurityOpt Mounts BlkioWeightDevice BlkioDeviceReadBps BlkioDeviceWriteBps BlkioDeviceReadIOps BlkioDeviceWriteIOps Devices DeviceCgroupRules DeviceRequests Ulimits MaskedPaths ReadonlyPaths RepoTags RepoDigests Layers Aliases DNSNames SecondaryIPAddresses SecondaryIPv6Addresses Test Log Warnings".split(
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
const goNames: Readonly<Record<string, string>> = {
  Id: "ID",
  NanoCpus: "NanoCPUs",
  CpuCount: "CPUCount",
  CpuPercent: "CPUPercent",
  CpuShares: "CPUShares",
  CpuPeriod: "CPUPeriod",
  CpuQuota: "CPUQuota",
  CpuRealtimePeriod: "CPURealtimePeriod",
  CpuRealtimeRuntime: "CPURealtimeRuntime",
  Dns: "DNS",
  DnsOptions: "DNSOptions",
  DnsSearch: "DNSSearch",
  HostIp: "HostIP",
  OsVersion: "OSVersion",
};

/** All fields of small structs that are printed whole, in Go's order; "Mounts[]" is an element of Mounts. */
const shapes: Readonly<Record<string, readonly string[]>> = {
  Healthcheck: ["Test", "Interval", "Timeout", "StartPeriod", "StartInterval", "Retries"],
  IPAMConfig: ["IPv4Address", "IPv6Address", "LinkLocalIPs"],
  "Mounts[]": ["Type", "Name", "Source", "Destination", "Driver", "Mode", "RW", "Propagation"],
};
const absent = Symbol("absent");

function inOrder(
  entries: readonly (readonly [string, unknown])[],
  shape: readonly string[] | undefined,
): readonly (readonly [string, unknown])[] {
  if (shape === undefined || entries.some(([k]) => !shape.includes(k))) return entries;
  const known = new Map(entries);
  return shape.map((field) => [field, known.has(field) ? known.get(field) : absent]);
}
function zeroOf(field: string): unknown {
  if (durations.has(field)) return new Stringer("0s", 0);
  if (slices.has(field)) return nilSlice;
  return field === "Retries" ? 0 : field === "RW" ? false : "";
}

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
    const fields: Record<string, unknown> = {};
    const names: Record<string, string | undefined> = {};
    for (const [json, item] of inOrder(entries, shapes[key] ?? shapes[parent === "" ? "" : `${parent}[]`])) {
      const go = goNames[json] ?? json;
      fields[go] = item;
      if (item === absent) fields[go] = zeroOf(json);
      if (item === absent) names[go] = undefined;
      else if (go !== json) names[go] = json;
    }
    return named(struct(fields, key === "" ? type : `*container.${key}`, omitted[key] ?? {}), names);
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
