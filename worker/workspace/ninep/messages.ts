/** 9P2000.L's messages by number, and what answers one. */

import { type FileTree, isDirectory, isSymlink, type Node } from "../tree.ts";
import type { MessageReader, MessageWriter } from "./codec.ts";
import type { Fids } from "./fids.ts";

export const T = {
  statfs: 8,
  lopen: 12,
  lcreate: 14,
  symlink: 16,
  mknod: 18,
  rename: 20,
  readlink: 22,
  getattr: 24,
  setattr: 26,
  xattrwalk: 30,
  xattrcreate: 32,
  readdir: 40,
  fsync: 50,
  lock: 52,
  getlock: 54,
  link: 70,
  mkdir: 72,
  renameat: 74,
  unlinkat: 76,
  version: 100,
  auth: 102,
  attach: 104,
  flush: 108,
  walk: 110,
  read: 116,
  write: 118,
  clunk: 120,
  remove: 122,
} as const;

/** What handlers work on. `flushed` hears of files whose writing has come to an end. */
export interface Session {
  readonly tree: FileTree;
  readonly fids: Fids;
  readonly flushed: (node: Node) => void;
}

/** Reads a request's fields and writes its answer's; what it throws becomes Rlerror. */
export type Handler = (session: Session, request: MessageReader, answer: MessageWriter) => void;
export type Handlers = Readonly<Partial<Record<number, Handler>>>;

/** A file's identity on the wire: kind, version, inode. */
export function qid(w: MessageWriter, node: Node): void {
  w.u8(isDirectory(node) ? 0x80 : isSymlink(node) ? 0x02 : 0)
    .u32(node.version >>> 0)
    .u64(node.inode);
}

/** 9p names the creator's group only: what is made in the workspace belongs to the owner of its directory. */
export const owner = (directory: Node): number => directory.uid;
