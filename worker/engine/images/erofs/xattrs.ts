/** Extended attributes behind an inode (struct erofs_xattr_ibody_header and its entries); none are shared between inodes. */
import { EngineError } from "../../errors.ts";

const headerSize = 12;
const entryHeaderSize = 4;

/** Prefixes that the format abbreviates to an index (EROFS_XATTR_INDEX_*). Longest first where one begins another. */
const prefixes: readonly { readonly index: number; readonly prefix: string; readonly whole?: true }[] = [
  { index: 2, prefix: "system.posix_acl_access", whole: true },
  { index: 3, prefix: "system.posix_acl_default", whole: true },
  { index: 1, prefix: "user." },
  { index: 4, prefix: "trusted." },
  { index: 6, prefix: "security." },
];

/** The bytes, a multiple of 4 long; empty without attributes. Names of other families cannot be stored and are left out. */
export function encodeXattrs(xattrs: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const entries: { readonly index: number; readonly name: Uint8Array; readonly value: Uint8Array }[] = [];
  let length = headerSize;
  for (const [fullName, value] of Object.entries(xattrs)) {
    const family = prefixes.find(({ prefix, whole }) => (whole ? fullName === prefix : fullName.startsWith(prefix)));
    if (family === undefined) continue;
    const name = new TextEncoder().encode(fullName.slice(family.prefix.length));
    if (name.length > 255 || value.length > 65535)
      throw new EngineError("invalidParameter", `extended attribute ${fullName.slice(0, 100)} is too large`);
    entries.push({ index: family.index, name, value });
    length += padded(entryHeaderSize + name.length + value.length);
  }
  if (entries.length === 0) return new Uint8Array(0);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = headerSize;
  for (const { index, name, value } of entries) {
    view.setUint8(at, name.length);
    view.setUint8(at + 1, index);
    view.setUint16(at + 2, value.length, true);
    bytes.set(name, at + entryHeaderSize);
    bytes.set(value, at + entryHeaderSize + name.length);
    at += padded(entryHeaderSize + name.length + value.length);
  }
  return bytes;
}

/** The inode's i_xattr_icount: the body in units of 4 bytes, the header counting as one. */
export const xattrCount = (body: Uint8Array): number => (body.length === 0 ? 0 : 1 + (body.length - headerSize) / 4);

const padded = (length: number): number => Math.ceil(length / 4) * 4;
