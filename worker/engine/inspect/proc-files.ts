/** Files of proc(5) and cgroup v2, read as text. What they say is not trusted: a program chooses its own name and arguments. */
import type { OpResult } from "../ports/guest.ts";
import type { CgroupFact, ProcessFact } from "./model.ts";

const decoder = new TextDecoder();
export const textOf = (result: OpResult): string => (result instanceof Uint8Array ? decoder.decode(result) : "");

/** The value after "Name:" in /proc/PID/status. */
export function statusField(status: string, name: string): string | undefined {
  return new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1];
}

export const cgroupProcesses = (text: string): readonly number[] =>
  text
    .split("\n")
    .filter((line) => /^\d+$/.test(line))
    .map(Number)
    .sort((a, b) => a - b);

/** User names of an /etc/passwd. */
export function userNames(passwd: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const line of passwd.split("\n")) {
    const [name, , uid] = line.split(":");
    if (name && uid !== undefined && /^\d+$/.test(uid) && !names.has(Number(uid))) names.set(Number(uid), name);
  }
  return names;
}

export function processFact(
  pid: number,
  status: string,
  commandLine: string,
  users: ReadonlyMap<number, string>,
): ProcessFact | undefined {
  const parent = statusField(status, "PPid");
  if (parent === undefined) return undefined;
  const inside = statusField(status, "NSpid")?.trim().split(/\s+/).at(-1);
  const uid = Number(statusField(status, "Uid")?.split(/\s+/)[1] ?? 0);
  const words = commandLine.replace(/\0+$/, "").replaceAll("\0", " ");
  return {
    pid,
    parent: Number(parent),
    insidePid: Number(inside ?? pid),
    user: users.get(uid) ?? (uid === 0 ? "root" : String(uid)),
    command: words === "" ? `[${statusField(status, "Name") ?? ""}]` : words,
  };
}

export interface OverlayMount {
  readonly lower: readonly string[];
  readonly upper: string;
}

/** The root's line of mountinfo, and how many mounts there are. */
export function readMounts(mountinfo: string): { readonly count: number; readonly root: OverlayMount | undefined } {
  const lines = mountinfo.split("\n").filter((line) => line !== "");
  const line = lines.findLast((candidate) => candidate.split(" ")[4] === "/");
  const [, type, , options = ""] = /- (\S+) (\S+) (\S+)$/.exec(line ?? "") ?? [];
  if (type !== "overlay") return { count: lines.length, root: undefined };
  const option = (name: string): string => new RegExp(`(?:^|,)${name}=([^,]*)`).exec(options)?.[1] ?? "";
  const lower = option("lowerdir")
    .split(":")
    .filter((path) => path !== "");
  return { count: lines.length, root: { lower, upper: option("upperdir") } };
}

/** Files of a cgroup that a learner asks about, with the file that limits them. */
export const cgroupFiles: readonly { readonly file: string; readonly key?: string; readonly limit?: string }[] = [
  { file: "memory.current", limit: "memory.max" },
  { file: "memory.swap.current", limit: "memory.swap.max" },
  { file: "memory.events", key: "oom_kill" },
  { file: "cpu.max" },
  { file: "cpu.weight" },
  { file: "cpu.stat", key: "usage_usec" },
  { file: "cpu.stat", key: "nr_throttled" },
  { file: "pids.current", limit: "pids.max" },
  { file: "cgroup.freeze" },
];

/** `read` answers a file's content; "" where there is none. A limit of "max" is none. */
export function cgroupFacts(read: (file: string) => string): readonly CgroupFact[] {
  return cgroupFiles.flatMap(({ file, key, limit }) => {
    const content = read(file).trim();
    const value = key === undefined ? content : new RegExp(`^${key} (\\d+)$`, "m").exec(content)?.[1];
    if (value === undefined || value === "") return [];
    const bound = limit === undefined ? "" : read(limit).trim();
    return [
      {
        name: key === undefined ? file : `${file} ${key}`,
        value,
        ...(bound === "" || bound === "max" ? {} : { limit: bound }),
      },
    ];
  });
}
