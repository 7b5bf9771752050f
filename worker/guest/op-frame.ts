import type {
  DirectoryEntry,
  FileStat,
  FileSystemStat,
  MountFlag,
  Op,
  OpResult,
  TreeEntry,
} from "../engine/ports/guest.ts";
import { errnoNumber } from "./errno.ts";
import { operations, resultTags } from "./protocol.ts";
import { WireError, type WireReader, type WireWriter } from "./wire.ts";

type Field = number | bigint | string | Uint8Array;

export const UNSET = 0xffffffff;
const READ_LIMIT = 1 << 20;
const ANY_ERROR = 0xffff;
const DEVICE_TYPES = { char: 0o020000, block: 0o060000, fifo: 0o010000 } as const;
const NETLINK_PROTOCOLS = { route: 0, netfilter: 12, sock_diag: 4 } as const;

/** MS_* of linux/mount.h; "rw" is the absence of "ro". */
const MOUNT_FLAGS: Readonly<Record<MountFlag, number>> = {
  ro: 1,
  rw: 0,
  nosuid: 2,
  nodev: 4,
  noexec: 8,
  sync: 16,
  remount: 32,
  dirsync: 128,
  noatime: 1024,
  nodiratime: 2048,
  bind: 4096,
  move: 8192,
  rec: 16384,
  silent: 32768,
  unbindable: 1 << 17,
  private: 1 << 18,
  slave: 1 << 19,
  shared: 1 << 20,
  relatime: 1 << 21,
  strictatime: 1 << 24,
  lazytime: 1 << 25,
};

/** Appends the operations, each as protocol.def lays it out. */
export function writeOps(writer: WireWriter, ops: readonly Op[]): void {
  for (const op of ops) writeOp(writer, op);
}

function writeOp(writer: WireWriter, op: Op): void {
  const [number, letters] = operations[op.op];
  const ignored = (op.ignore ?? []).map((name) => (name === "*" ? ANY_ERROR : errnoNumber(name)));
  const known = ignored.filter((errno) => errno !== undefined);
  writer.u8(number).u8(known.length);
  for (const errno of known) writer.u16(errno);
  writer.string(op.root ?? "");
  const fields = fieldsOf(op);
  for (let i = 0; i < letters.length; i++) writeField(writer, letters.charAt(i), fields[i]);
}

function writeField(writer: WireWriter, letter: string, value: Field | undefined): void {
  if (letter === "s" && typeof value === "string") writer.string(value);
  else if (letter === "d" && (typeof value === "string" || value instanceof Uint8Array)) writer.data(value);
  else if (letter === "b" && typeof value === "number") writer.u8(value);
  else if (letter === "u" && typeof value === "number") writer.u32(value);
  else if (letter === "q" && (typeof value === "number" || typeof value === "bigint")) writer.u64(value);
  else throw new WireError(`field ${letter} from ${typeof value}`);
}

/** The values of an operation's fields, in the order of its letters. */
function fieldsOf(op: Op): readonly Field[] {
  switch (op.op) {
    case "mkdir":
      return [op.path, op.mode ?? 0o755, op.uid ?? UNSET, op.gid ?? UNSET, Number(op.parents ?? false)];
    case "write": {
      const flags = Number(op.append ?? false) | (op.create === false ? 2 : 0) | (op.mode === undefined ? 0 : 4);
      return [op.path, op.data, op.mode ?? 0o644, op.uid ?? UNSET, op.gid ?? UNSET, flags];
    }
    case "read":
      return [op.path, op.offset ?? 0, op.limit ?? READ_LIMIT];
    case "walk":
      return [op.path, op.limit ?? UNSET];
    case "stat":
      return [op.path, Number(op.follow ?? true)];
    case "list":
    case "statfs":
    case "unlink":
    case "rmdir":
    case "removeTree":
    case "readlink":
    case "pivotRoot":
    case "chdir":
    case "createNetworkNamespace":
      return [op.path];
    case "rename":
      return [op.from, op.to];
    case "link":
    case "copyTree":
      return [op.to, op.from];
    case "symlink":
      return [op.path, op.target, op.uid ?? UNSET, op.gid ?? UNSET];
    case "chmod":
      return [op.path, op.mode];
    case "chown":
      return [op.path, op.uid, op.gid, Number(op.follow ?? true)];
    case "utimes": {
      const seconds = Math.floor(op.mtime);
      return [op.path, seconds, Math.round((op.mtime - seconds) * 1e9) % 1e9, Number(op.follow ?? true)];
    }
    case "truncate":
      return [op.path, op.size];
    case "mknod": {
      const mode = DEVICE_TYPES[op.type] | op.mode;
      return [op.path, mode, op.major ?? 0, op.minor ?? 0, op.uid ?? UNSET, op.gid ?? UNSET];
    }
    case "setxattr":
      return [op.path, op.name, op.value];
    case "mount": {
      const flags = (op.flags ?? []).reduce((bits, flag) => bits | MOUNT_FLAGS[flag], 0);
      return [op.target, op.source, op.type ?? "", flags, op.data ?? ""];
    }
    case "umount":
      return [op.path, Number(op.detach ?? false)];
    case "setHostname":
    case "setDomainname":
      return [op.name];
    case "netlink":
      return [op.namespace ?? "", NETLINK_PROTOCOLS[op.protocol], op.messages];
    case "addPartition":
      return [op.device, op.number, op.start, op.length];
    case "removePartition":
      return [op.device, op.number];
    case "attachDeviceProgram":
      return [op.path, op.program];
    case "kill":
      return [op.pid, op.signal];
    case "sync":
      return [];
  }
}

/** Reads one operation's result. */
export function readResult(reader: WireReader): OpResult {
  const tag = reader.u8();
  switch (tag) {
    case resultTags.none:
      return undefined;
    case resultTags.bytes:
      return reader.data();
    case resultTags.entries:
      return many(reader, 4, readEntry);
    case resultTags.tree:
      return many(reader, 50, readTreeEntry);
    case resultTags.stat:
      return readStat(reader);
    case resultTags.statfs:
      return readFileSystem(reader);
    case resultTags.text:
      return reader.string();
    default:
      throw new WireError(`result of kind ${tag}`);
  }
}

function many<T>(reader: WireReader, size: number, read: (reader: WireReader) => T): readonly T[] {
  const count = reader.count(size);
  return Array.from({ length: count }, () => read(reader));
}

const FILE_TYPES = ["file", "directory", "symlink", "char", "block", "fifo", "socket"] as const;

function readType(reader: WireReader): FileStat["type"] {
  const type = FILE_TYPES[reader.u8()];
  if (type === undefined) throw new WireError("file of no known type");
  return type;
}

function readEntry(reader: WireReader): DirectoryEntry {
  const type = readType(reader);
  return { name: reader.string(), type };
}

function readStat(reader: WireReader): FileStat {
  const type = readType(reader);
  const mode = reader.u16();
  const uid = reader.u32();
  const gid = reader.u32();
  const size = reader.u64();
  const mtime = reader.i64() + reader.u32() / 1e9;
  const inode = reader.u64();
  const links = reader.u32();
  const device = reader.u32();
  const major = reader.u32();
  return { type, mode, uid, gid, size, mtime, inode, links, device, major, minor: reader.u32() };
}

function readTreeEntry(reader: WireReader): TreeEntry {
  const stat = readStat(reader);
  const path = reader.string();
  const linkTarget = reader.string();
  const xattrs: Record<string, Uint8Array> = Object.fromEntries(
    many(reader, 7, () => [reader.string(), reader.data()] as const),
  );
  return { ...stat, path, ...(stat.type === "symlink" ? { linkTarget } : {}), xattrs };
}

function readFileSystem(reader: WireReader): FileSystemStat {
  const blockSize = reader.u32();
  const blocks = reader.u64();
  const free = reader.u64();
  const files = reader.u64();
  return { blockSize, blocks, free, files, filesFree: reader.u64() };
}
