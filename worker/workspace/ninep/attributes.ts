/** 9p's attributes of files and of the file system. */

import { isDirectory, isFile, isSymlink, type Node, TreeError, type } from "../tree.ts";
import { type Handlers, qid, T } from "./messages.ts";

/** P9_GETATTR_BASIC: everything that stat(2) answers. */
const getBasic = 0x7ff;
/** P9_SETATTR_*: which fields of a setattr count. */
const set = { mode: 1, uid: 2, gid: 4, size: 8, mtime: 32, mtimeGiven: 256 } as const;

export const attributeHandlers: Handlers = {
  [T.getattr]: ({ fids }, r, w) => {
    const { node } = fids.get(r.u32());
    const seconds = Math.floor(node.mtime / 1000);
    const nanoseconds = Math.floor((node.mtime % 1000) * 1e6);
    w.u64(getBasic);
    qid(w, node);
    w.u32(node.mode).u32(node.uid).u32(node.gid).u64(Math.max(1, node.links)).u64(node.rdev);
    w.u64(isSymlink(node) ? node.target.length : node.size)
      .u64(4096)
      .u64(Math.ceil(node.size / 512));
    for (let i = 0; i < 3; i++) w.u64(seconds).u64(nanoseconds);
    w.u64(0).u64(0).u64(0).u64(0);
  },
  [T.setattr]: ({ tree, fids, flushed }, r) => {
    const { node } = fids.get(r.u32());
    const valid = r.u32();
    const [mode, uid, gid, size] = [r.u32(), r.u32(), r.u32(), r.u64()];
    r.u64();
    r.u64();
    const [seconds, nanoseconds] = [r.u64(), r.u64()];
    if (valid & set.size) {
      if (!isFile(node)) throw new TreeError(isDirectory(node) ? "EISDIR" : "EINVAL", "truncate");
      tree.truncate(node, size);
      flushed(node);
    }
    tree.setMeta(node, {
      ...(valid & set.mode ? { mode: (node.mode & type.mask) | (mode & 0o7777) } : {}),
      ...(valid & set.uid ? { uid } : {}),
      ...(valid & set.gid ? { gid } : {}),
      ...(valid & set.mtime ? { mtime: valid & set.mtimeGiven ? seconds * 1000 + nanoseconds / 1e6 : Date.now() } : {}),
    });
  },
  [T.xattrwalk]: ({ fids }, r, w) => {
    const { node } = fids.get(r.u32());
    const number = r.u32();
    const name = r.string();
    const value = name === "" ? names(node) : node.xattrs.get(name);
    if (value === undefined) throw new TreeError("ENODATA", name);
    fids.bind(number, node, undefined, "").xattr = { name, value, create: false };
    w.u64(value.length);
  },
  [T.xattrcreate]: ({ fids }, r) => {
    const fid = fids.get(r.u32());
    const name = r.string();
    const size = r.u64();
    if (size > 65536) throw new TreeError("ENOSPC", name);
    fid.xattr = { name, value: new Uint8Array(size), create: true };
  },
  [T.statfs]: ({ tree, fids }, r, w) => {
    fids.get(r.u32());
    // V9FS_MAGIC; 1 GiB of 4 KiB blocks, of which the files' bytes are used.
    w.u32(0x01021997).u32(4096).u64(262144);
    w.u64(Math.max(0, 262144 - Math.ceil(tree.bytes / 4096))).u64(Math.max(0, 262144 - Math.ceil(tree.bytes / 4096)));
    w.u64(1_000_000).u64(1_000_000).u64(0).u32(255);
  },
};

/** Names of the extended attributes, each ended by a zero byte, as listxattr(2) wants them. */
function names(node: Node): Uint8Array {
  return new TextEncoder().encode([...node.xattrs.keys()].map((name) => `${name}\0`).join(""));
}
