/** `docker stats`: one reading, or a table redrawn twice a second. */

import { bytesSize, humanSize } from "../../../go/units.ts";
import { formatRows } from "../../format/formatter.ts";
import { shortId } from "../../format/text.ts";
import { filterQuery, segment } from "../../session/client.ts";
import type { Context, Handler } from "../../session/context.ts";
import { CliError, messageOf } from "../../session/errors.ts";
import { Methods } from "../../template/value.ts";

interface CpuStats {
  readonly cpu_usage: { readonly total_usage: number; readonly percpu_usage?: readonly number[] | null };
  readonly system_cpu_usage?: number;
  readonly online_cpus?: number;
}
interface StatsMessage {
  readonly name: string;
  readonly id: string;
  readonly cpu_stats: CpuStats;
  readonly precpu_stats: CpuStats;
  readonly memory_stats: {
    readonly usage?: number;
    readonly limit?: number;
    readonly stats?: Readonly<Record<string, number>> | null;
  };
  readonly blkio_stats: {
    readonly io_service_bytes_recursive?: readonly { readonly op: string; readonly value: number }[] | null;
  };
  readonly networks?: Readonly<Record<string, { readonly rx_bytes: number; readonly tx_bytes: number }>>;
  readonly pids_stats?: { readonly current?: number };
}
interface Entry {
  readonly container: string;
  stats: StatsMessage | undefined;
  error: unknown;
  valid: boolean;
  /** Settles with the first reading or the first failure. */
  first: Promise<void>;
  stop: AbortController;
}

const headers = {
  Container: "CONTAINER",
  Name: "NAME",
  ID: "CONTAINER ID",
  CPUPerc: "CPU %",
  MemUsage: "MEM USAGE / LIMIT",
  MemPerc: "MEM %",
  NetIO: "NET I/O",
  BlockIO: "BLOCK I/O",
  PIDs: "PIDS",
};
const table =
  "table {{.ID}}\\t{{.Name}}\\t{{.CPUPerc}}\\t{{.MemUsage}}\\t{{.MemPerc}}\\t{{.NetIO}}\\t{{.BlockIO}}\\t{{.PIDs}}";

export const stats: Handler = async (context) => {
  const { flags, args, client, out, signal, config } = context;
  const stream = !flags.bool("no-stream");
  const entries = new Map<string, Entry>();
  const add = (container: string): void => {
    if (!entries.has(container)) entries.set(container, collect(context, container, stream));
  };
  const all = flags.bool("all");
  if (args.length === 0) {
    if (stream) watch(context, entries, add, all).catch(() => undefined);
    const containers = await client.get<readonly { readonly Id: string }[]>("/containers/json", { all });
    for (const { Id } of containers) add(Id.slice(0, 12));
    await Promise.all([...entries.values()].map((e) => e.first));
  } else {
    for (const name of args) add(name);
    await Promise.all([...entries.values()].map((e) => e.first));
    const errors = [...entries.values()].filter((e) => e.error !== undefined);
    if (errors.length > 0) throw new CliError(errors.map((e) => messageOf(e.error)).join("\n"));
  }
  const given = flags.string("format") || (config.statsFormat ?? "table");
  const format = given === "table" ? table : given;
  const trunc = !flags.bool("no-trunc");
  for (;;) {
    const text = formatRows(
      format,
      headers,
      [...entries.values()].map((e) => row(e, trunc)),
    );
    if (!stream) {
      out.print(text);
      break;
    }
    // From the top-left corner, each line cleared to its end, and what is left below.
    out.print(
      `\x1b[H${text
        .split("\n")
        .map((line) => `${line} \x1b[K\n`)
        .join("")}\x1b[J`,
    );
    await out.flush();
    if (entries.size === 0 && args.length > 0) break;
    await pause(500, signal);
  }
  for (const entry of entries.values()) entry.stop.abort();
  return 0;
};

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}

async function watch(
  { client }: Context,
  entries: Map<string, Entry>,
  add: (id: string) => void,
  all: boolean,
): Promise<void> {
  for await (const message of client.lines("GET", "/events", {
    query: { filters: filterQuery({ type: ["container"] }) },
  })) {
    const { Action, Actor } = message as { readonly Action: string; readonly Actor: { readonly ID: string } };
    const id = Actor.ID.slice(0, 12);
    if (Action === "start" || (all && Action === "create")) add(id);
    else if (Action === "die" && !all) {
      entries.get(id)?.stop.abort();
      entries.delete(id);
    }
  }
}

function collect({ client, signal }: Context, container: string, stream: boolean): Entry {
  const stop = new AbortController();
  const entry: Entry = { container, stats: undefined, error: undefined, valid: false, first: Promise.resolve(), stop };
  entry.first = new Promise((resolve) => {
    const read = async (): Promise<void> => {
      const lines = client.lines("GET", `/containers/${segment(container)}/stats`, {
        query: { stream: stream ? "1" : "0" },
        signal: AbortSignal.any([stop.signal, signal]),
      });
      for await (const value of lines) {
        entry.stats = value as StatsMessage;
        entry.valid = true;
        resolve();
      }
    };
    read()
      .catch((error) => {
        if (!stop.signal.aborted) entry.error = error;
        entry.valid = false;
      })
      .finally(() => resolve());
  });
  return entry;
}

function cpuPercent({ cpu_stats: cpu, precpu_stats: before }: StatsMessage): number {
  const used = cpu.cpu_usage.total_usage - before.cpu_usage.total_usage;
  const system = (cpu.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  const cpus = cpu.online_cpus || (cpu.cpu_usage.percpu_usage?.length ?? 0);
  return system > 0 && used > 0 ? (used / system) * cpus * 100 : 0;
}

/** Without the page cache: cgroup v1 calls it total_inactive_file, v2 inactive_file. */
function memoryUsage({ memory_stats: { usage = 0, stats } }: StatsMessage): number {
  const cache = stats?.total_inactive_file ?? stats?.inactive_file ?? 0;
  return cache < usage ? usage - cache : usage;
}

const absent = "--";

function row({ container, stats: s, valid }: Entry, trunc: boolean): Methods {
  const shown =
    (text: (stats: StatsMessage) => string, without = absent) =>
    (): string =>
      s === undefined || !valid ? without : text(s);
  const blocks = (stats: StatsMessage, letter: string): number =>
    (stats.blkio_stats.io_service_bytes_recursive ?? [])
      .filter((entry) => entry.op.toLowerCase().startsWith(letter))
      .reduce((sum, entry) => sum + entry.value, 0);
  const network = (stats: StatsMessage, key: "rx_bytes" | "tx_bytes"): number =>
    Object.values(stats.networks ?? {}).reduce((sum, n) => sum + n[key], 0);
  return new Methods("*container.statsContext", {
    Container: () => container,
    Name: () => (s !== undefined && s.name.length > 1 ? s.name.slice(1) : absent),
    ID: () => (trunc ? shortId(s?.id ?? "") : (s?.id ?? "")),
    CPUPerc: shown((stats) => `${cpuPercent(stats).toFixed(2)}%`),
    MemUsage: shown(
      (stats) => `${bytesSize(memoryUsage(stats))} / ${bytesSize(stats.memory_stats.limit ?? 0)}`,
      "-- / --",
    ),
    MemPerc: shown((stats) => {
      const limit = stats.memory_stats.limit ?? 0;
      return `${(limit === 0 ? 0 : (memoryUsage(stats) / limit) * 100).toFixed(2)}%`;
    }),
    NetIO: shown(
      (stats) => `${humanSize(network(stats, "rx_bytes"), 3)} / ${humanSize(network(stats, "tx_bytes"), 3)}`,
    ),
    BlockIO: shown((stats) => `${humanSize(blocks(stats, "r"), 3)} / ${humanSize(blocks(stats, "w"), 3)}`),
    PIDs: shown((stats) => String(stats.pids_stats?.current ?? 0)),
  });
}
