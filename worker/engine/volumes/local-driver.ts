/** The local driver's rules on names and options (moby's volume/local), and the mount that options ask for. */
import { EngineError } from "../errors.ts";
import type { GuestError, MountFlag, Op } from "../ports/guest.ts";
import { mountpointOf, type VolumeRecord } from "./model.ts";

const invalid = (message: string): EngineError => new EngineError("invalidParameter", message);

export function checkName(name: string): void {
  if (name.length === 1)
    throw invalid(`create ${name}: volume name is too short, names should be at least two alphanumeric characters`);
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name))
    throw invalid(
      `create ${name}: ${JSON.stringify(name)} includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path`,
    );
}

const known = ["type", "o", "device", "size"];

export function checkOptions(name: string, options: Readonly<Record<string, string>> | null): void {
  if (options === null) return;
  for (const key of Object.keys(options))
    if (!known.includes(key)) throw invalid(`create ${name}: invalid option: ${JSON.stringify(key)}`);
  if (options.size !== undefined) throw invalid(`create ${name}: quota size requested but no quota support`);
  if (Object.keys(options).length === 0) return;
  for (const key of ["device", "type"])
    if (!options[key]) throw invalid(`create ${name}: missing required option: ${JSON.stringify(key)}`);
}

/** Options of mount(8) that are flags of the system call; an empty text is the default and no flag. */
const flagOptions: Readonly<Record<string, readonly [MountFlag, number] | "">> = {
  defaults: "",
  rw: "",
  suid: "",
  dev: "",
  exec: "",
  async: "",
  atime: "",
  ro: ["ro", 0x1],
  nosuid: ["nosuid", 0x2],
  nodev: ["nodev", 0x4],
  noexec: ["noexec", 0x8],
  sync: ["sync", 0x10],
  dirsync: ["dirsync", 0x80],
  noatime: ["noatime", 0x400],
  nodiratime: ["nodiratime", 0x800],
  relatime: ["relatime", 0x200000],
  strictatime: ["strictatime", 0x1000000],
};
const bind = 0x1000;
const recursive = 0x4000;

export interface VolumeMount {
  readonly op: Extract<Op, { op: "mount" }>;
  /** How moby's mount error names it. */
  readonly text: string;
}

/** The mount of a volume that has one; `undefined` for plain directories. */
export function volumeMount(record: VolumeRecord): VolumeMount | undefined {
  const { options } = record;
  if (options === null || !options.device) return undefined;
  const flags: MountFlag[] = [];
  const data: string[] = [];
  let bits = 0;
  for (const option of (options.o ?? "").split(",").filter((entry) => entry !== "")) {
    const flag = flagOptions[option];
    if (option === "bind" || option === "rbind") {
      flags.push("bind", ...(option === "rbind" ? (["rec"] as const) : []));
      bits |= option === "rbind" ? bind | recursive : bind;
    } else if (flag === undefined) data.push(option);
    else if (flag !== "") {
      flags.push(flag[0]);
      bits |= flag[1];
    }
  }
  const target = mountpointOf(record.name);
  const text = [
    `mount ${options.device}:${target}`,
    ...(bits === 0 ? [] : [`flags: 0x${bits.toString(16)}`]),
    ...(data.length === 0 ? [] : [`data: ${data.join(",")}`]),
  ].join(", ");
  return {
    op: {
      op: "mount",
      source: options.device,
      target,
      ...(options.type === undefined || options.type === "none" ? {} : { type: options.type }),
      flags,
      ...(data.length === 0 ? {} : { data: data.join(",") }),
    },
    text,
  };
}

const reasons: Readonly<Record<string, string>> = {
  ENODEV: "no such device",
  ENOENT: "no such file or directory",
  EINVAL: "invalid argument",
  EPERM: "operation not permitted",
  ENOTDIR: "not a directory",
  EACCES: "permission denied",
  ENOTBLK: "block device required",
};

export function mountFailure(record: VolumeRecord, mount: VolumeMount, cause: GuestError): EngineError {
  return new EngineError(
    "system",
    `error while mounting volume '${mountpointOf(record.name)}': failed to mount local volume: ${mount.text}: ${reasons[cause.errno] ?? cause.errno}`,
    { cause },
  );
}
