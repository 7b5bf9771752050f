/** Reads an EROFS image of the subset that ./writer.ts makes: for tests, and for looking into an image without a machine. */
import { EngineError } from "../../errors.ts";
import type { BlockImage } from "../../ports/host.ts";
import type { FileType } from "../file-tree.ts";
import { blockSize, superOffset } from "./layout.ts";

export interface ErofsFile {
  readonly type: FileType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly size: number;
  readonly links: number;
  /** Of devices, as the kernel's new_encode_dev has it. */
  readonly device: number;
  readonly number: number;
  readonly content: Uint8Array;
  readonly xattrs: Readonly<Record<string, Uint8Array>>;
}

/** By S_IFMT's upper four bits. */
const types: Readonly<Record<number, FileType>> = {
  1: "fifo",
  2: "char",
  4: "directory",
  6: "block",
  8: "file",
  10: "symlink",
  12: "socket",
};
const xattrPrefixes: Readonly<Record<number, string>> = {
  1: "user.",
  2: "system.posix_acl_access",
  3: "system.posix_acl_default",
  4: "trusted.",
  6: "security.",
};

/** All files by path; "" is the root. */
export async function readErofs(image: BlockImage): Promise<ReadonlyMap<string, ErofsFile>> {
  const bytes = await image.read(0, image.size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(superOffset, true) !== 0xe0f5e1e2) throw new EngineError("system", "no EROFS superblock");
  const files = new Map<string, ErofsFile>();
  const visit = (number: number, path: string, parent: number): void => {
    const file = readInode(bytes, view, number);
    files.set(path, file);
    if (file.type !== "directory") return;
    for (const { name, number: child } of readDirectory(file.content)) {
      if (name === "." && child !== number) throw new EngineError("system", `${path}: "." is elsewhere`);
      if (name === ".." && child !== parent) throw new EngineError("system", `${path}: ".." is elsewhere`);
      if (name !== "." && name !== "..") visit(child, path === "" ? name : `${path}/${name}`, number);
    }
  };
  const root = view.getUint16(superOffset + 14, true);
  visit(root, "", root);
  return files;
}

function readInode(bytes: Uint8Array, view: DataView, number: number): ErofsFile {
  const at = number * 32;
  const format = view.getUint16(at, true);
  const isInline = ((format >> 1) & 7) === 2;
  const xattrCount = view.getUint16(at + 2, true);
  const mode = view.getUint16(at + 4, true);
  const type = types[mode >> 12];
  if ((format & 1) !== 1 || type === undefined) throw new EngineError("system", `inode ${number} is malformed`);
  const size = Number(view.getBigUint64(at + 8, true));
  const block = view.getUint32(at + 16, true);
  const xattrSize = xattrCount === 0 ? 0 : 12 + 4 * (xattrCount - 1);
  const start = isInline ? at + 64 + xattrSize : block * blockSize;
  const holdsContent = type === "file" || type === "directory" || type === "symlink";
  return {
    type,
    mode: mode & 0o7777,
    uid: view.getUint32(at + 24, true),
    gid: view.getUint32(at + 28, true),
    mtime: Number(view.getBigInt64(at + 32, true)) + view.getUint32(at + 40, true) / 1e9,
    size,
    links: view.getUint32(at + 44, true),
    device: holdsContent ? 0 : block,
    number,
    content: holdsContent ? bytes.slice(start, start + size) : new Uint8Array(0),
    xattrs: readXattrs(bytes.subarray(at + 64, at + 64 + xattrSize)),
  };
}

function readDirectory(content: Uint8Array): readonly { readonly name: string; readonly number: number }[] {
  const entries = [];
  for (let start = 0; start < content.length; start += blockSize) {
    const block = content.subarray(start, start + blockSize);
    const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
    const count = view.getUint16(8, true) / 12;
    for (let i = 0; i < count; i++) {
      const from = view.getUint16(i * 12 + 8, true);
      const to = i + 1 < count ? view.getUint16((i + 1) * 12 + 8, true) : block.length;
      const name = new TextDecoder().decode(block.subarray(from, to)).replace(/\0+$/, "");
      entries.push({ name, number: Number(view.getBigUint64(i * 12, true)) });
    }
  }
  return entries;
}

function readXattrs(body: Uint8Array): Readonly<Record<string, Uint8Array>> {
  const xattrs: Record<string, Uint8Array> = {};
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  for (let at = 12; at < body.length; ) {
    const nameLength = view.getUint8(at);
    const prefix = xattrPrefixes[view.getUint8(at + 1)] ?? "";
    const valueLength = view.getUint16(at + 2, true);
    const name = new TextDecoder().decode(body.subarray(at + 4, at + 4 + nameLength));
    xattrs[prefix + name] = body.slice(at + 4 + nameLength, at + 4 + nameLength + valueLength);
    at += Math.ceil((4 + nameLength + valueLength) / 4) * 4;
  }
  return xattrs;
}
