/** 9p's handles and the contents of files: attach, walk, open, read, write, close. */

import { isFile, type Node, TreeError, type } from "../tree.ts";
import { largestMessage } from "./fids.ts";
import { type Handlers, owner, qid, T } from "./messages.ts";

const O_TRUNC = 0o1000;
const O_APPEND = 0o2000;

export const fileHandlers: Handlers = {
  [T.version]: ({ fids }, r, w) => {
    fids.messageSize = Math.min(r.u32(), largestMessage);
    const version = r.string();
    fids.clear();
    w.u32(fids.messageSize).string(version === "9P2000.L" ? version : "unknown");
  },
  [T.auth]: (_) => {
    throw new TreeError("ENOENT", "auth");
  },
  [T.attach]: ({ tree, fids }, r, w) => {
    const fid = r.u32();
    fids.bind(fid, tree.root, undefined, "");
    qid(w, tree.root);
  },
  [T.flush]: () => undefined,
  [T.walk]: ({ tree, fids }, r, w) => {
    const from = fids.get(r.u32());
    const number = r.u32();
    const count = r.u16();
    if (count > 16) throw new TreeError("EINVAL", "walk");
    let { node, parent, name } = from;
    const found: Node[] = [];
    for (let i = 0; i < count; i++) {
      const step = r.string();
      let next: Node;
      try {
        next = tree.lookup(node, step);
      } catch (error) {
        if (i === 0) throw error;
        break;
      }
      parent = node;
      name = step;
      node = next;
      found.push(node);
    }
    if (found.length === count) fids.bind(number, node, parent, name);
    w.u16(found.length);
    for (const step of found) qid(w, step);
  },
  [T.clunk]: ({ tree, fids, flushed }, r) => {
    const fid = fids.take(r.u32());
    if (fid.written) flushed(fid.node);
    if (fid.xattr?.create === true) {
      if (fid.xattr.value.length === 0) fid.node.xattrs.delete(fid.xattr.name);
      else fid.node.xattrs.set(fid.xattr.name, fid.xattr.value);
      tree.setMeta(fid.node, {});
    }
  },
  [T.lopen]: ({ tree, fids }, r, w) => {
    const fid = fids.get(r.u32());
    const flags = r.u32();
    if (flags & O_TRUNC && isFile(fid.node)) tree.truncate(fid.node, 0);
    fid.open = true;
    fid.append = (flags & O_APPEND) !== 0;
    qid(w, fid.node);
    w.u32(0);
  },
  [T.lcreate]: ({ tree, fids }, r, w) => {
    const fid = fids.get(r.u32());
    const name = r.string();
    const flags = r.u32();
    const mode = r.u32();
    const node = tree.make(type.file | (mode & 0o7777), owner(fid.node), r.u32());
    tree.link(fid.node, name, node);
    Object.assign(fid, { node, parent: fid.node, name, open: true, append: (flags & O_APPEND) !== 0 });
    qid(w, node);
    w.u32(0);
  },
  [T.read]: ({ tree, fids }, r, w) => {
    const fid = fids.get(r.u32());
    const offset = r.u64();
    const count = Math.min(r.u32(), fids.messageSize - 24);
    const data =
      fid.xattr === undefined ? tree.read(fid.node, offset, count) : fid.xattr.value.subarray(offset, offset + count);
    w.u32(data.length).raw(data);
  },
  [T.write]: ({ tree, fids }, r, w) => {
    const fid = fids.get(r.u32());
    const offset = r.u64();
    const data = r.raw(r.u32());
    if (fid.xattr !== undefined) fid.xattr.value.set(data, Math.min(offset, fid.xattr.value.length - data.length));
    else {
      if (!isFile(fid.node)) throw new TreeError("EBADF", fid.name);
      tree.write(fid.node, fid.append ? fid.node.size : offset, data);
      fid.written = true;
    }
    w.u32(data.length);
  },
  [T.fsync]: ({ fids, flushed }, r) => {
    flushed(fids.get(r.u32()).node);
  },
  [T.lock]: ({ fids }, r, w) => {
    fids.get(r.u32());
    w.u8(0);
  },
  [T.getlock]: ({ fids }, r, w) => {
    fids.get(r.u32());
    r.u8();
    const [start, length, pid] = [r.big64(), r.big64(), r.u32()];
    w.u8(2).u64(start).u64(length).u32(pid).string(r.string());
  },
};
