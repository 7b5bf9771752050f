/** Devices, GPUs, limits: flags of `docker run` to HostConfig's resources. */

import { parseCsv } from "../../go/csv.ts";
import { parseBytes } from "../../go/units.ts";
import { ValueError } from "../../go/value-error.ts";
import type { Flags } from "../flags/flags.ts";
import { cut, parseUlimit } from "../flags/values.ts";
import { CliError } from "../session/errors.ts";
import { toMap } from "./key-values.ts";
import { cleanPath } from "./mount.ts";

const isDeviceMode = (text: string): boolean => /^[rwm]{1,3}$/.test(text) && new Set(text).size === text.length;

export interface DeviceMapping {
  readonly PathOnHost: string;
  readonly PathInContainer: string;
  readonly CgroupPermissions: string;
}

/** Container Device Interface: "vendor.com/class=name". */
const isCdi = (text: string): boolean => /^[a-zA-Z][\w.-]*\/[a-zA-Z][\w-]*=[\w][\w.:-]*$/.test(text);

function parseDevice(device: string): DeviceMapping {
  const parts = device.split(":");
  const [source = "", second, third] = parts;
  if (parts.length > 3 || source === "") throw new CliError(`bad format for path: ${device}`);
  let target = source;
  let mode = "rwm";
  if (third !== undefined) {
    if (!isDeviceMode(third)) throw new CliError(`bad mode specified: ${third}`);
    target = second ?? "";
    mode = third;
  } else if (second !== undefined) {
    if (isDeviceMode(second)) mode = second;
    else target = second;
  }
  if (!target.startsWith("/")) throw new CliError(`${target} is not an absolute path`);
  return { PathOnHost: source, PathInContainer: cleanPath(target), CgroupPermissions: mode };
}

export interface DeviceRequest {
  readonly Driver: string;
  readonly Count: number;
  readonly DeviceIDs: readonly string[] | null;
  readonly Capabilities: readonly (readonly string[])[] | null;
  readonly Options: Readonly<Record<string, string>> | null;
}

function parseCount(text: string): number {
  if (text === "all") return -1;
  if (!/^[+-]?\d+$/.test(text))
    throw new ValueError(`invalid count (${text}): value must be either "all" or an integer: invalid syntax`);
  return Number(text);
}

/** `--gpus all`, `--gpus 2`, `--gpus '"device=0,1","capabilities=utility"'`. */
export function parseGpus(spec: string): DeviceRequest {
  const request: {
    driver: string;
    count: number | undefined;
    devices: string[] | null;
    capabilities: string[][];
    options: Record<string, string>;
  } = {
    driver: "",
    count: undefined,
    devices: null,
    capabilities: [["gpu"]],
    options: {},
  };
  const seen = new Set<string>();
  for (const field of parseCsv(spec)) {
    const [key, value, has] = cut(field, "=");
    if (seen.has(key)) throw new ValueError(`gpu request key '${key}' can be specified only once`);
    seen.add(key);
    if (!has) request.count = parseCount(key);
    else if (key === "driver") request.driver = value;
    else if (key === "count") request.count = parseCount(value);
    else if (key === "device") request.devices = value.split(",");
    else if (key === "capabilities") request.capabilities = [[...value.split(","), "gpu"]];
    else if (key === "options") request.options = toMap(parseCsv(value));
    else throw new ValueError(`unexpected key '${key}' in '${field}'`);
  }
  return {
    Driver: request.driver,
    Count: request.count ?? (request.devices === null ? 1 : 0),
    DeviceIDs: request.devices,
    Capabilities: request.capabilities,
    Options: request.options,
  };
}

const byPath = (key: "Weight" | "Rate", values: readonly string[], read: (text: string) => number): readonly object[] =>
  values.map((value) => {
    const [path, text] = cut(value, ":");
    return { Path: path, [key]: read(text) };
  });

export function resourcesOf(flags: Flags): Record<string, unknown> {
  const devices = flags.list("device");
  const cdi = devices.filter(isCdi);
  const requests = flags.list("gpus").map(parseGpus);
  if (cdi.length > 0) requests.push({ Driver: "cdi", Count: 0, DeviceIDs: cdi, Capabilities: null, Options: null });
  const ulimits = new Map(
    flags
      .list("ulimit")
      .map(parseUlimit)
      .map((u) => [u.Name, u]),
  );
  return {
    CgroupParent: flags.string("cgroup-parent"),
    Memory: flags.number("memory"),
    MemoryReservation: flags.number("memory-reservation"),
    MemorySwap: flags.number("memory-swap"),
    MemorySwappiness: flags.changed("memory-swappiness") ? flags.number("memory-swappiness") : -1,
    ...(flags.changed("kernel-memory") && { KernelMemory: flags.number("kernel-memory") }),
    OomKillDisable: flags.bool("oom-kill-disable"),
    NanoCpus: flags.number("cpus"),
    CpuCount: flags.number("cpu-count"),
    CpuPercent: flags.number("cpu-percent"),
    CpuShares: flags.number("cpu-shares"),
    CpuPeriod: flags.number("cpu-period"),
    CpusetCpus: flags.string("cpuset-cpus"),
    CpusetMems: flags.string("cpuset-mems"),
    CpuQuota: flags.number("cpu-quota"),
    CpuRealtimePeriod: flags.number("cpu-rt-period"),
    CpuRealtimeRuntime: flags.number("cpu-rt-runtime"),
    PidsLimit: flags.number("pids-limit"),
    BlkioWeight: flags.number("blkio-weight"),
    BlkioWeightDevice: byPath("Weight", flags.list("blkio-weight-device"), Number),
    BlkioDeviceReadBps: byPath("Rate", flags.list("device-read-bps"), parseBytes),
    BlkioDeviceWriteBps: byPath("Rate", flags.list("device-write-bps"), parseBytes),
    BlkioDeviceReadIOps: byPath("Rate", flags.list("device-read-iops"), Number),
    BlkioDeviceWriteIOps: byPath("Rate", flags.list("device-write-iops"), Number),
    IOMaximumIOps: flags.number("io-maxiops"),
    IOMaximumBandwidth: flags.number("io-maxbandwidth"),
    Ulimits: [...ulimits.values()].sort((a, b) => (a.Name < b.Name ? -1 : 1)),
    DeviceCgroupRules: orNull(flags.list("device-cgroup-rule")),
    Devices: devices.filter((d) => !isCdi(d)).map(parseDevice),
    DeviceRequests: orNull(requests),
  };
}

/** Go's nil slices are JSON's null. */
export const orNull = <T>(list: readonly T[]): readonly T[] | null => (list.length === 0 ? null : list);
