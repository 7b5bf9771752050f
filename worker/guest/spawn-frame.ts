import type { Namespace, ProcessSpec, RlimitName, Stdio } from "../engine/ports/guest.ts";
import { writeOps } from "./op-frame.ts";
import { WireWriter } from "./wire.ts";

/** CLONE_NEW* of linux/sched.h. */
const NAMESPACES: Readonly<Record<Namespace, number>> = {
  time: 0x80,
  mount: 0x20000,
  cgroup: 0x02000000,
  uts: 0x04000000,
  ipc: 0x08000000,
  user: 0x10000000,
  pid: 0x20000000,
  network: 0x40000000,
};

/** In the order of RLIMIT_* numbers. */
const LIMITS: readonly RlimitName[] = [
  "cpu",
  "fsize",
  "data",
  "stack",
  "core",
  "rss",
  "nproc",
  "nofile",
  "memlock",
  "as",
  "locks",
  "sigpending",
  "msgqueue",
  "nice",
  "rtprio",
  "rttime",
];
const UNLIMITED = (1n << 64n) - 1n;
const DEFAULT_UMASK = 0o022;

/** The payload of a `spawn` frame, as guest-image/agent/start-frame.c reads it. */
export function spawnPayload(spec: ProcessSpec): Uint8Array {
  const writer = new WireWriter();
  const size = spec.stdio.kind === "terminal" ? spec.stdio : { rows: 0, columns: 0 };
  writer.u8(stdioNumber(spec.stdio)).u16(size.rows).u16(size.columns);
  writer.u32(flagsOf(spec.unshare ?? []));
  list(writer, "u8", spec.join ?? [], ({ pid, namespaces }) => writer.u32(pid).u32(flagsOf(namespaces)));
  list(writer, "u8", spec.joinPaths ?? [], ({ namespace, path }) => writer.u32(NAMESPACES[namespace]).string(path));
  writer
    .string(spec.cgroup ?? "")
    .string(spec.uidMap ?? "")
    .string(spec.gidMap ?? "")
    .string(spec.user);
  list(writer, "u8", spec.additionalGroups ?? [], (group) => writer.string(group));
  writer.string(spec.cwd);
  list(writer, "u16", spec.args, (arg) => writer.string(arg));
  list(writer, "u16", spec.env, (variable) => writer.string(variable));
  const { capabilities } = spec;
  const flags =
    (capabilities === undefined ? 0 : 1) | (spec.noNewPrivileges ? 2 : 0) | (spec.newSession === false ? 0 : 4);
  writer.u8(flags);
  for (const set of ["bounding", "effective", "permitted", "inheritable", "ambient"] as const) {
    writer.u64(capabilities?.[set] ?? 0n);
  }
  writer.u32(spec.oomScoreAdj ?? 0).u32(spec.umask ?? DEFAULT_UMASK);
  list(writer, "u8", spec.rlimits ?? [], ({ type, soft, hard }) =>
    writer.u8(LIMITS.indexOf(type)).u64(limit(soft)).u64(limit(hard)),
  );
  writer.data(spec.seccomp ?? new Uint8Array());
  const prepare = spec.prepare ?? [];
  const setup = spec.setup ?? [];
  writer.u16(prepare.length).u16(setup.length);
  for (const ops of [prepare, setup]) {
    const encoded = new WireWriter();
    writeOps(encoded, ops);
    writer.data(encoded.bytes());
  }
  return writer.bytes();
}

function list<T>(writer: WireWriter, count: "u8" | "u16", items: readonly T[], write: (item: T) => void): void {
  writer[count](items.length);
  for (const item of items) write(item);
}

function flagsOf(namespaces: readonly Namespace[]): number {
  return namespaces.reduce((flags, namespace) => flags | NAMESPACES[namespace], 0);
}

function stdioNumber(stdio: Stdio): number {
  switch (stdio.kind) {
    case "null":
      return 0;
    case "pipes":
      return stdio.stdin ? 2 : 1;
    case "terminal":
      return stdio.inside ? 4 : 3;
  }
}

/** -1 and what a 64-bit number cannot hold mean no limit. */
function limit(value: number): bigint {
  return value < 0 || value >= 2 ** 63 ? UNLIMITED : BigInt(Math.floor(value));
}
