/** `docker top`: the container's processes as ps(1) shows them, read from /proc. */
import { EngineError } from "../errors.ts";
import type { Guest, Op } from "../ports/guest.ts";
import { cgroupPath } from "../runtime/index.ts";
import type { Container } from "./container.ts";

interface Process {
  readonly pid: number;
  readonly ppid: number;
  readonly state: string;
  readonly tty: number;
  readonly session: number;
  readonly group: number;
  readonly foreground: number;
  readonly nice: number;
  readonly threads: number;
  /** Clock ticks. */
  readonly time: number;
  readonly start: number;
  readonly vsz: number;
  readonly rss: number;
  readonly name: string;
  readonly command: string;
  readonly uid: number;
  readonly gid: number;
}

interface World {
  readonly users: ReadonlyMap<number, string>;
  readonly uptime: number;
  readonly now: Date;
  readonly memory: number;
}

interface Column {
  readonly title: string;
  readonly value: (p: Process, w: World) => string;
}

const userHz = 100;
const pad = (n: number): string => String(n).padStart(2, "0");
const startedAt = (p: Process, w: World): Date => new Date(w.now.getTime() - (w.uptime - p.start / userHz) * 1000);

function ttyName(tty: number): string {
  const major = (tty >> 8) & 0xfff;
  const minor = (tty & 0xff) | ((tty >> 12) & 0xfff00);
  if (major === 136) return `pts/${minor}`;
  return major === 4 ? `tty${minor}` : "?";
}
function clockTime(ticks: number): string {
  const s = Math.floor(ticks / userHz);
  return `${pad(Math.floor(s / 3600))}:${pad(Math.floor(s / 60) % 60)}:${pad(s % 60)}`;
}
function bsdTime(ticks: number): string {
  const s = Math.floor(ticks / userHz);
  return `${Math.floor(s / 60)}:${pad(s % 60)}`;
}
function elapsed(p: Process, w: World): number {
  return Math.max(0, w.uptime - p.start / userHz);
}
function startTime(p: Process, w: World): string {
  const at = startedAt(p, w);
  return `${pad(at.getUTCHours())}:${pad(at.getUTCMinutes())}`;
}
function cpuPercent(p: Process, w: World): number {
  const seconds = elapsed(p, w);
  return seconds <= 0 ? 0 : (100 * p.time) / userHz / seconds;
}
function duration(seconds: number): string {
  const s = Math.floor(seconds);
  const hours = Math.floor(s / 3600);
  const rest = `${pad(Math.floor(s / 60) % 60)}:${pad(s % 60)}`;
  if (hours === 0) return rest;
  return hours < 24 ? `${pad(hours)}:${rest}` : `${Math.floor(hours / 24)}-${pad(hours % 24)}:${rest}`;
}
function stat(p: Process): string {
  return `${p.state}${p.nice < 0 ? "<" : p.nice > 0 ? "N" : ""}${p.session === p.pid ? "s" : ""}${p.threads > 1 ? "l" : ""}${p.foreground === p.group ? "+" : ""}`;
}
const user = (p: Process, w: World): string => w.users.get(p.uid) ?? String(p.uid);

const columns: Readonly<Record<string, Column>> = {
  pid: { title: "PID", value: (p) => String(p.pid) },
  ppid: { title: "PPID", value: (p) => String(p.ppid) },
  user: { title: "USER", value: user },
  uid: { title: "UID", value: (p) => String(p.uid) },
  gid: { title: "GID", value: (p) => String(p.gid) },
  pgid: { title: "PGID", value: (p) => String(p.group) },
  sid: { title: "SID", value: (p) => String(p.session) },
  c: { title: "C", value: (p, w) => String(Math.min(99, Math.floor(cpuPercent(p, w)))) },
  pcpu: { title: "%CPU", value: (p, w) => cpuPercent(p, w).toFixed(1) },
  pmem: { title: "%MEM", value: (p, w) => ((100 * p.rss) / w.memory).toFixed(1) },
  vsz: { title: "VSZ", value: (p) => String(Math.floor(p.vsz / 1024)) },
  rss: { title: "RSS", value: (p) => String(Math.floor(p.rss / 1024)) },
  tty: { title: "TT", value: (p) => ttyName(p.tty) },
  stat: { title: "STAT", value: stat },
  s: { title: "S", value: (p) => p.state },
  ni: { title: "NI", value: (p) => String(p.nice) },
  nlwp: { title: "NLWP", value: (p) => String(p.threads) },
  start: { title: "START", value: startTime },
  stime: { title: "STIME", value: startTime },
  etime: { title: "ELAPSED", value: (p, w) => duration(elapsed(p, w)) },
  time: { title: "TIME", value: (p) => clockTime(p.time) },
  comm: { title: "COMMAND", value: (p) => p.name },
  args: { title: "COMMAND", value: (p) => p.command },
};
const synonyms: Readonly<Record<string, string>> = {
  "%cpu": "pcpu",
  "%mem": "pmem",
  cmd: "args",
  command: "args",
  euser: "user",
  uname: "user",
  ruser: "user",
  euid: "uid",
  pgrp: "pgid",
  sess: "sid",
  tt: "tty",
  tname: "tty",
  vsize: "vsz",
  rssize: "rss",
  state: "s",
  nice: "ni",
  thcount: "nlwp",
  cputime: "time",
  start_time: "stime",
  ucmd: "comm",
};

const column = (name: string, title?: string): Column => {
  const found = columns[name] ?? columns.args;
  if (found === undefined) throw new Error(name);
  return title === undefined ? found : { ...found, title };
};
const full: readonly Column[] = [
  { title: "UID", value: user },
  column("pid"),
  column("ppid"),
  column("c"),
  column("stime"),
  column("tty", "TTY"),
  column("time"),
  column("args", "CMD"),
];
const plain: readonly Column[] = [column("pid"), column("tty", "TTY"), column("time"), column("comm", "CMD")];
const bsdUser: readonly Column[] = [
  column("user"),
  column("pid"),
  column("pcpu"),
  column("pmem"),
  column("vsz"),
  column("rss"),
  column("tty", "TTY"),
  column("stat"),
  column("start"),
  { title: "TIME", value: (p) => bsdTime(p.time) },
  column("args"),
];
const bsd: readonly Column[] = [
  column("pid"),
  column("tty", "TTY"),
  column("stat"),
  { title: "TIME", value: (p) => bsdTime(p.time) },
  column("args"),
];

/** The columns that ps would print for these arguments. */
export function chooseColumns(psArgs: string): readonly Column[] {
  const words = psArgs.trim() === "" ? ["-ef"] : psArgs.trim().split(/\s+/);
  const chosen: Column[] = [];
  let format: readonly Column[] | undefined;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    const custom = /^-?[A-Za-z]*?o(.*)$/.exec(word);
    if (custom !== null && (word.startsWith("-") || word.startsWith("o"))) {
      const list = custom[1] || words[++i] || "";
      if (list === "") throw psFailed("list of process IDs must follow -o");
      for (const item of list.split(",")) {
        const [name = "", title] = item.split("=", 2);
        const key = synonyms[name.toLowerCase()] ?? name.toLowerCase();
        if (columns[key] === undefined) throw psFailed(`unknown user-defined format specifier "${name}"`);
        chosen.push(column(key, title || undefined));
      }
    } else if (word.startsWith("--")) throw psFailed("unknown gnu long option");
    else if (word.startsWith("-")) {
      if (/[^AaeEfFlwyHTj-]/.test(word)) throw psFailed("unsupported SysV option");
      if (word.includes("f") || word.includes("F")) format = full;
      format ??= plain;
    } else {
      if (/[^auxwfj]/.test(word)) throw psFailed("unsupported option (BSD syntax)");
      format = word.includes("u") ? bsdUser : bsd;
    }
  }
  return chosen.length > 0 ? chosen : (format ?? plain);
}

function psFailed(why: string): EngineError {
  return new EngineError("system", `ps: error: ${why}`);
}

const decoder = new TextDecoder();
const text = (value: unknown): string => (value instanceof Uint8Array ? decoder.decode(value) : "");

export async function listProcesses(
  guest: Guest,
  container: Container,
  psArgs: string,
  host: { readonly memory: number },
  now: Date,
): Promise<{ readonly Titles: readonly string[]; readonly Processes: readonly (readonly string[])[] }> {
  const chosen = chooseColumns(psArgs);
  if (!chosen.some((c) => c.title === "PID")) throw new EngineError("system", "Couldn't find PID field in ps output");
  const cgroup = cgroupPath(container.record.hostConfig.CgroupParent, container.id);
  const [procs, passwd, uptime] = await guest.batch([
    { op: "read", path: `${cgroup}/cgroup.procs`, ignore: ["ENOENT"] },
    { op: "read", path: "/etc/passwd", ignore: ["*"] },
    { op: "read", path: "/proc/uptime", ignore: ["*"] },
  ]);
  const pids = text(procs)
    .split("\n")
    .filter(Boolean)
    .map(Number)
    .sort((a, b) => a - b);
  const files = ["stat", "status", "cmdline"];
  const contents = await guest.batch(
    pids.flatMap((pid) => files.map((file): Op => ({ op: "read", path: `/proc/${pid}/${file}`, ignore: ["*"] }))),
  );
  const users = new Map([
    [0, "root"] as const,
    ...text(passwd)
      .split("\n")
      .map((line) => line.split(":"))
      .filter((f) => f.length > 2)
      .map((f) => [Number(f[2]), f[0] ?? ""] as const),
  ]);
  const world: World = { users, uptime: Number(text(uptime).split(" ")[0] ?? 0), now, memory: host.memory };
  const processes = pids.flatMap((pid, i) => {
    const parsed = parseProcess(pid, text(contents[3 * i]), text(contents[3 * i + 1]), text(contents[3 * i + 2]));
    return parsed === undefined ? [] : [parsed];
  });
  return {
    Processes: processes.map((p) => chosen.map((c) => c.value(p, world))),
    Titles: chosen.map((c) => c.title),
  };
}

/** proc(5): the name stands in parentheses and may hold anything. */
export function parseProcess(pid: number, statLine: string, status: string, cmdline: string): Process | undefined {
  const open = statLine.indexOf("(");
  const close = statLine.lastIndexOf(")");
  if (open < 0 || close < 0) return undefined;
  const name = statLine.slice(open + 1, close);
  const f = statLine
    .slice(close + 2)
    .trim()
    .split(" ");
  const n = (field: number): number => Number(f[field - 3] ?? 0);
  const id = (key: string): number => Number(new RegExp(`^${key}:\\s+\\d+\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
  const args = cmdline.replace(/\0+$/, "").replaceAll("\0", " ");
  return {
    pid,
    ppid: n(4),
    state: f[0] ?? "?",
    group: n(5),
    session: n(6),
    tty: n(7),
    foreground: n(8),
    time: n(14) + n(15),
    nice: n(19),
    threads: n(20),
    start: n(22),
    vsz: n(23),
    rss: n(24) * 4096,
    name,
    command: args === "" ? `[${name}]` : args,
    uid: id("Uid"),
    gid: id("Gid"),
  };
}
