/** `docker stats`: a container's use of the machine, read from cgroup v2 and /proc in one round trip. */
import type { Guest, Op } from "../ports/guest.ts";
import { cgroupPath } from "../runtime/index.ts";
import type { Container } from "./container.ts";
import { hasProcess } from "./predicates.ts";
import { formatTime } from "./times.ts";

type Numbers = Readonly<Record<string, number>>;
const decoder = new TextDecoder();
const userHz = 100;

function text(value: unknown): string {
  return value instanceof Uint8Array ? decoder.decode(value) : "";
}
/** "key value" lines. */
function keyed(content: string): Numbers {
  const out: Record<string, number> = {};
  for (const line of content.split("\n")) {
    const [key, value] = line.split(" ");
    if (key && value !== undefined) out[key] = Number(value);
  }
  return out;
}

const noCpu = {
  cpu_usage: { total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0 },
  throttling_data: { periods: 0, throttled_periods: 0, throttled_time: 0 },
};
const noTime = "0001-01-01T00:00:00Z";
const blkioKinds = [
  "io_service_bytes_recursive",
  "io_serviced_recursive",
  "io_queue_recursive",
  "io_service_time_recursive",
  "io_wait_time_recursive",
  "io_merged_recursive",
  "io_time_recursive",
  "sectors_recursive",
] as const;

export interface Sample {
  readonly read: string;
  readonly cpu: object;
  readonly view: Readonly<Record<string, unknown>>;
}

export const emptySample: Sample = {
  read: noTime,
  cpu: noCpu,
  view: {
    pids_stats: {},
    blkio_stats: Object.fromEntries(blkioKinds.map((k) => [k, null])),
    num_procs: 0,
    storage_stats: {},
    memory_stats: {},
  },
};

export async function takeSample(
  guest: Guest,
  container: Container,
  host: { readonly cpus: number; readonly memory: number },
  now: Date,
): Promise<Sample> {
  if (!hasProcess(container.state)) return emptySample;
  const { pid } = container.state;
  const cgroup = cgroupPath(container.record.hostConfig.CgroupParent, container.id);
  const files = [
    "cpu.stat",
    "memory.current",
    "memory.stat",
    "memory.max",
    "memory.events",
    "pids.current",
    "pids.max",
    "io.stat",
  ];
  const paths = [...files.map((f) => `${cgroup}/${f}`), "/proc/stat", `/proc/${pid}/net/dev`];
  const results = await guest.batch(paths.map((path): Op => ({ op: "read", path, ignore: ["*"] })));
  const [cpuStat, current, memoryStat, memoryMax, events, pidsCurrent, pidsMax, io, procStat, netDev] =
    results.map(text);
  const cpu = keyed(cpuStat ?? "");
  const max = (memoryMax ?? "").trim();
  const { NetworkMode } = container.record.hostConfig;
  const networks =
    NetworkMode === "host" || NetworkMode.startsWith("container:") ? undefined : networkStats(netDev ?? "");
  const pidsLimit = (pidsMax ?? "").trim();
  const failures = keyed(events ?? "").oom;
  return {
    read: formatTime(now),
    cpu: {
      cpu_usage: {
        total_usage: (cpu.usage_usec ?? 0) * 1000,
        usage_in_kernelmode: (cpu.system_usec ?? 0) * 1000,
        usage_in_usermode: (cpu.user_usec ?? 0) * 1000,
      },
      system_cpu_usage: systemUsage(procStat ?? ""),
      online_cpus: host.cpus,
      throttling_data: {
        periods: cpu.nr_periods ?? 0,
        throttled_periods: cpu.nr_throttled ?? 0,
        throttled_time: (cpu.throttled_usec ?? 0) * 1000,
      },
    },
    view: {
      pids_stats: {
        current: Number(pidsCurrent ?? 0),
        // Docker sends 2^64-1 for unlimited; JavaScript has no such number, and Go's uint64 takes no rounded one.
        ...(/^\d+$/.test(pidsLimit) ? { limit: Number(pidsLimit) } : {}),
      },
      blkio_stats: {
        ...Object.fromEntries(blkioKinds.map((k) => [k, null])),
        io_service_bytes_recursive: ioStats(io ?? ""),
      },
      num_procs: 0,
      storage_stats: {},
      memory_stats: {
        usage: Number(current ?? 0),
        stats: keyed(memoryStat ?? ""),
        ...(failures ? { failcnt: failures } : {}),
        limit: /^\d+$/.test(max) ? Number(max) : host.memory,
      },
      ...(networks === undefined ? {} : { networks }),
    },
  };
}

/** All time of all processors, in nanoseconds: the first seven fields, as moby's getSystemCPUUsage. */
function systemUsage(stat: string): number {
  const [, ...fields] = (stat.split("\n", 1)[0] ?? "").trim().split(/\s+/);
  return fields.slice(0, 7).reduce((sum, f) => sum + Number(f), 0) * (1e9 / userHz);
}

function ioStats(content: string): object[] {
  return content
    .split("\n")
    .filter(Boolean)
    .flatMap((line) => {
      const [device = "", ...pairs] = line.split(" ");
      const [major = 0, minor = 0] = device.split(":").map(Number);
      const values = new Map(pairs.map((p) => p.split("=") as [string, string]));
      return (["read", "write"] as const).map((op) => ({
        major,
        minor,
        op,
        value: Number(values.get(op === "read" ? "rbytes" : "wbytes") ?? 0),
      }));
    });
}

function networkStats(content: string): Record<string, Numbers> {
  const out: Record<string, Numbers> = {};
  for (const line of content.split("\n").slice(2)) {
    const [name = "", rest] = line.split(":");
    if (rest === undefined || name.trim() === "lo") continue;
    const n = rest.trim().split(/\s+/).map(Number);
    out[name.trim()] = {
      rx_bytes: n[0] ?? 0,
      rx_packets: n[1] ?? 0,
      rx_errors: n[2] ?? 0,
      rx_dropped: n[3] ?? 0,
      tx_bytes: n[8] ?? 0,
      tx_packets: n[9] ?? 0,
      tx_errors: n[10] ?? 0,
      tx_dropped: n[11] ?? 0,
    };
  }
  return out;
}

export function statsView(container: Container, sample: Sample, previous: Sample | undefined): object {
  return {
    name: `/${container.name}`,
    id: container.id,
    read: sample.read,
    preread: previous?.read ?? noTime,
    ...sample.view,
    cpu_stats: sample.cpu,
    precpu_stats: previous?.cpu ?? noCpu,
  };
}
