/** 9p's directories: what is made, linked, renamed, removed and listed in them. */

import { isDirectory, isSymlink, type Node, TreeError, type } from "../tree.ts";
import { type Handlers, owner, qid, T } from "./messages.ts";

const AT_REMOVEDIR = 0x200;

export const entryHandlers: Handlers = {
  [T.readdir]: ({ fids }, r, w) => {
    const { node } = fids.get(r.u32());
    const start = r.u64();
    const count = Math.min(r.u32(), fids.messageSize - 24);
    if (!isDirectory(node)) throw new TreeError("ENOTDIR", "readdir");
    const entries: (readonly [string, Node])[] = [[".", node], ["..", node.parent ?? node], ...node.children];
    const lengthAt = w.length;
    w.u32(0);
    for (let i = start; i < entries.length; i++) {
      const [name, child] = entries[i] as readonly [string, Node];
      const before = w.length;
      qid(w, child);
      w.u64(i + 1)
        .u8((child.mode & type.mask) >> 12)
        .string(name);
      if (w.length - lengthAt - 4 > count) {
        w.cut(before);
        break;
      }
    }
    w.patchU32(lengthAt, w.length - lengthAt - 4);
  },
  [T.mkdir]: ({ tree, fids }, r, w) => {
    const directory = fids.get(r.u32()).node;
    const name = r.string();
    const mode = r.u32();
    const node = tree.make(type.directory | (mode & 0o7777), owner(directory), r.u32());
    tree.link(directory, name, node);
    qid(w, node);
  },
  [T.symlink]: ({ tree, fids }, r, w) => {
    const directory = fids.get(r.u32()).node;
    const name = r.string();
    const target = r.string();
    const node = tree.make(type.symlink | 0o777, owner(directory), r.u32());
    node.target = target;
    tree.link(directory, name, node);
    qid(w, node);
  },
  [T.mknod]: ({ tree, fids }, r, w) => {
    const directory = fids.get(r.u32()).node;
    const name = r.string();
    const mode = r.u32();
    const [major, minor] = [r.u32(), r.u32()];
    const node = tree.make(mode, owner(directory), r.u32());
    node.rdev = (major << 8) | minor;
    tree.link(directory, name, node);
    qid(w, node);
  },
  [T.readlink]: ({ fids }, r, w) => {
    const { node } = fids.get(r.u32());
    if (!isSymlink(node)) throw new TreeError("EINVAL", "readlink");
    w.string(node.target);
  },
  [T.link]: ({ tree, fids }, r) => {
    const directory = fids.get(r.u32()).node;
    const { node } = fids.get(r.u32());
    if (isDirectory(node)) throw new TreeError("EPERM", "link");
    tree.link(directory, r.string(), node);
  },
  [T.rename]: ({ tree, fids }, r) => {
    const fid = fids.get(r.u32());
    const directory = fids.get(r.u32()).node;
    const name = r.string();
    if (fid.parent === undefined) throw new TreeError("EPERM", "the workspace");
    tree.rename(fid.parent, fid.name, directory, name);
    Object.assign(fid, { parent: directory, name });
  },
  [T.renameat]: ({ tree, fids }, r) => {
    const from = fids.get(r.u32()).node;
    const oldName = r.string();
    const to = fids.get(r.u32()).node;
    tree.rename(from, oldName, to, r.string());
  },
  [T.unlinkat]: ({ tree, fids }, r) => {
    const directory = fids.get(r.u32()).node;
    const name = r.string();
    tree.unlink(directory, name, { directory: (r.u32() & AT_REMOVEDIR) !== 0 });
  },
  [T.remove]: ({ tree, fids }, r) => {
    const fid = fids.take(r.u32());
    if (fid.parent === undefined) throw new TreeError("EPERM", "the workspace");
    tree.unlink(fid.parent, fid.name);
  },
};
