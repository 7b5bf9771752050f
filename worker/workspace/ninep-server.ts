/**
 * A 9P2000.L server over the workspace's tree, for the guest kernel's v9fs client (mount tag "host9p").
 * Protocol: https://github.com/chaos/diod/blob/master/protocol.md. The client is trusted no further than its messages parse.
 */
import { MessageReader, MessageWriter } from "./ninep-codec.ts";
import {
  errno,
  type FileTree,
  isDirectory,
  isFile,
  isSymlink,
  type Node,
  TreeError,
  type TreeImage,
  type,
} from "./tree.ts";

const T = {
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
const Rlerror = 7;
const O_TRUNC = 0o1000;
const O_APPEND = 0o2000;
const AT_REMOVEDIR = 0x200;
const largestMessage = 128 * 1024;

interface Fid {
  node: Node;
  /** The directory it was walked in, for Trename and Tremove. */
  parent: Node | undefined;
  name: string;
  open: boolean;
  append: boolean;
  written: boolean;
  /** Of Txattrwalk and Txattrcreate: reads and writes go to the attribute. */
  xattr: { readonly name: string; value: Uint8Array; readonly create: boolean } | undefined;
}

/** Fids as plain data, for a snapshot: paths, since the tree itself is restored on its own. */
export interface NinepState {
  readonly messageSize: number;
  readonly fids: readonly {
    readonly fid: number;
    readonly path: string;
    readonly open: boolean;
    readonly append: boolean;
  }[];
}

/** The tree and the fids of one instant, as plain data: what a checkpoint takes along. */
export interface WorkspaceImage {
  readonly tree: TreeImage;
  readonly messageSize: number;
  readonly fids: readonly {
    readonly fid: number;
    readonly inode: number;
    readonly parent: number | undefined;
    readonly name: string;
    readonly open: boolean;
    readonly append: boolean;
    readonly written: boolean;
    readonly xattr: Fid["xattr"];
  }[];
}

export class NinepServer {
  readonly #tree: FileTree;
  readonly #fids = new Map<number, Fid>();
  #messageSize = largestMessage;
  readonly #flushed: (node: Node) => void;

  /** `flushed` hears of files whose writing has come to an end (close or fsync). */
  constructor(tree: FileTree, flushed: (node: Node) => void = () => undefined) {
    this.#tree = tree;
    this.#flushed = flushed;
  }

  /** Answers one request; in the form that v86's `handle9p` takes. */
  readonly handle = (request: Uint8Array, reply: (answer: Uint8Array) => void): void => {
    const tag = request.length >= 7 ? (request[5] ?? 0) | ((request[6] ?? 0) << 8) : 0xffff;
    const kind = request[4] ?? 0;
    const out = new MessageWriter();
    try {
      const reader = new MessageReader(request.subarray(7));
      this.#dispatch(kind, reader, out);
      reply(out.finish(kind + 1, tag));
    } catch (error) {
      const code = error instanceof TreeError ? error.errno : error instanceof RangeError ? errno.EINVAL : errno.EIO;
      reply(new MessageWriter().u32(code).finish(Rlerror, tag));
    }
  };

  exportState(): NinepState {
    return {
      messageSize: this.#messageSize,
      fids: [...this.#fids].flatMap(([fid, { node, open, append, xattr }]) => {
        const path = xattr === undefined ? this.#pathOf(node) : undefined;
        return path === undefined ? [] : [{ fid, path, open, append }];
      }),
    };
  }
  /** Fids whose file is gone answer ESTALE-like errors (EBADF) from now on. */
  importState(state: NinepState): void {
    this.#messageSize = state.messageSize;
    this.#fids.clear();
    for (const { fid, path, open, append } of state.fids) {
      const node = this.#tree.find(path);
      if (node === undefined) continue;
      const parent = this.#tree.find(path.split("/").slice(0, -1).join("/"));
      this.#fids.set(fid, {
        node,
        parent,
        name: path.split("/").pop() ?? "",
        open,
        append,
        written: false,
        xattr: undefined,
      });
    }
  }
  capture(): WorkspaceImage {
    const fids = [...this.#fids].map(([fid, { node, parent, xattr, ...rest }]) => ({
      fid,
      inode: node.inode,
      parent: parent?.inode,
      xattr: xattr && { ...xattr, value: xattr.value.slice() },
      ...rest,
    }));
    // What is unlinked but open stays readable in the guest.
    const held = [...this.#fids.values()].flatMap(({ node, parent }) =>
      parent === undefined ? [node] : [node, parent],
    );
    return { tree: this.#tree.capture(held), messageSize: this.#messageSize, fids };
  }

  /** Puts tree and fids back; the guest's kernel, put back to the same instant, finds its files open. */
  putBack(image: WorkspaceImage): void {
    const nodes = this.#tree.putBack(image.tree);
    this.#messageSize = image.messageSize;
    this.#fids.clear();
    for (const { fid, inode, parent, xattr, ...rest } of image.fids) {
      const node = nodes.get(inode);
      if (node === undefined) continue;
      this.#fids.set(fid, {
        ...rest,
        node,
        parent: parent === undefined ? undefined : nodes.get(parent),
        xattr: xattr && { ...xattr, value: xattr.value.slice() },
      });
    }
  }

  #pathOf(wanted: Node): string | undefined {
    const search = (directory: Node, path: string): string | undefined => {
      if (directory === wanted) return path;
      for (const [name, child] of directory.children) {
        const found = search(child, path === "" ? name : `${path}/${name}`);
        if (found !== undefined) return found;
      }
      return undefined;
    };
    return search(this.#tree.root, "");
  }

  #fid(number: number): Fid {
    const fid = this.#fids.get(number);
    if (fid === undefined) throw new TreeError("EBADF", `fid ${number}`);
    return fid;
  }
  #bind(number: number, node: Node, parent: Node | undefined, name: string): Fid {
    const fid: Fid = { node, parent, name, open: false, append: false, written: false, xattr: undefined };
    this.#fids.set(number, fid);
    return fid;
  }

  #dispatch(kind: number, r: MessageReader, w: MessageWriter): void {
    const tree = this.#tree;
    switch (kind) {
      case T.version: {
        this.#messageSize = Math.min(r.u32(), largestMessage);
        const version = r.string();
        this.#fids.clear();
        w.u32(this.#messageSize).string(version === "9P2000.L" ? version : "unknown");
        return;
      }
      case T.auth:
        throw new TreeError("ENOENT", "auth");
      case T.attach: {
        const fid = r.u32();
        this.#bind(fid, tree.root, undefined, "");
        qid(w, tree.root);
        return;
      }
      case T.flush:
        return;
      case T.walk:
        this.#walk(r, w);
        return;
      case T.clunk: {
        const number = r.u32();
        const fid = this.#fid(number);
        this.#fids.delete(number);
        if (fid.written) this.#flushed(fid.node);
        if (fid.xattr?.create === true) {
          if (fid.xattr.value.length === 0) fid.node.xattrs.delete(fid.xattr.name);
          else fid.node.xattrs.set(fid.xattr.name, fid.xattr.value);
          tree.setMeta(fid.node, {});
        }
        return;
      }
      case T.remove: {
        const number = r.u32();
        const fid = this.#fid(number);
        this.#fids.delete(number);
        if (fid.parent === undefined) throw new TreeError("EPERM", "the workspace");
        tree.unlink(fid.parent, fid.name);
        return;
      }
      case T.getattr:
        this.#getattr(r, w);
        return;
      case T.setattr:
        this.#setattr(r);
        return;
      case T.lopen: {
        const fid = this.#fid(r.u32());
        const flags = r.u32();
        if (flags & O_TRUNC && isFile(fid.node)) tree.truncate(fid.node, 0);
        fid.open = true;
        fid.append = (flags & O_APPEND) !== 0;
        qid(w, fid.node);
        w.u32(0);
        return;
      }
      case T.lcreate: {
        const fid = this.#fid(r.u32());
        const name = r.string();
        const flags = r.u32();
        const mode = r.u32();
        const node = tree.make(type.file | (mode & 0o7777), this.#owner(fid.node), r.u32());
        tree.link(fid.node, name, node);
        Object.assign(fid, { node, parent: fid.node, name, open: true, append: (flags & O_APPEND) !== 0 });
        qid(w, node);
        w.u32(0);
        return;
      }
      case T.read: {
        const fid = this.#fid(r.u32());
        const offset = r.u64();
        const count = Math.min(r.u32(), this.#messageSize - 24);
        const data =
          fid.xattr === undefined
            ? tree.read(fid.node, offset, count)
            : fid.xattr.value.subarray(offset, offset + count);
        w.u32(data.length).raw(data);
        return;
      }
      case T.write: {
        const fid = this.#fid(r.u32());
        const offset = r.u64();
        const data = r.raw(r.u32());
        if (fid.xattr !== undefined) fid.xattr.value.set(data, Math.min(offset, fid.xattr.value.length - data.length));
        else {
          if (!isFile(fid.node)) throw new TreeError("EBADF", fid.name);
          tree.write(fid.node, fid.append ? fid.node.size : offset, data);
          fid.written = true;
        }
        w.u32(data.length);
        return;
      }
      case T.readdir:
        this.#readdir(r, w);
        return;
      case T.fsync:
        this.#flushed(this.#fid(r.u32()).node);
        return;
      case T.mkdir: {
        const directory = this.#fid(r.u32()).node;
        const name = r.string();
        const mode = r.u32();
        const node = tree.make(type.directory | (mode & 0o7777), this.#owner(directory), r.u32());
        tree.link(directory, name, node);
        qid(w, node);
        return;
      }
      case T.symlink: {
        const directory = this.#fid(r.u32()).node;
        const name = r.string();
        const target = r.string();
        const node = tree.make(type.symlink | 0o777, this.#owner(directory), r.u32());
        node.target = target;
        tree.link(directory, name, node);
        qid(w, node);
        return;
      }
      case T.mknod: {
        const directory = this.#fid(r.u32()).node;
        const name = r.string();
        const mode = r.u32();
        const [major, minor] = [r.u32(), r.u32()];
        const node = tree.make(mode, this.#owner(directory), r.u32());
        node.rdev = (major << 8) | minor;
        tree.link(directory, name, node);
        qid(w, node);
        return;
      }
      case T.readlink: {
        const { node } = this.#fid(r.u32());
        if (!isSymlink(node)) throw new TreeError("EINVAL", "readlink");
        w.string(node.target);
        return;
      }
      case T.link: {
        const directory = this.#fid(r.u32()).node;
        const { node } = this.#fid(r.u32());
        if (isDirectory(node)) throw new TreeError("EPERM", "link");
        tree.link(directory, r.string(), node);
        return;
      }
      case T.rename: {
        const fid = this.#fid(r.u32());
        const directory = this.#fid(r.u32()).node;
        const name = r.string();
        if (fid.parent === undefined) throw new TreeError("EPERM", "the workspace");
        tree.rename(fid.parent, fid.name, directory, name);
        Object.assign(fid, { parent: directory, name });
        return;
      }
      case T.renameat: {
        const from = this.#fid(r.u32()).node;
        const oldName = r.string();
        const to = this.#fid(r.u32()).node;
        tree.rename(from, oldName, to, r.string());
        return;
      }
      case T.unlinkat: {
        const directory = this.#fid(r.u32()).node;
        const name = r.string();
        tree.unlink(directory, name, { directory: (r.u32() & AT_REMOVEDIR) !== 0 });
        return;
      }
      case T.statfs:
        this.#fid(r.u32());
        // V9FS_MAGIC; 1 GiB of 4 KiB blocks, of which the files' bytes are used.
        w.u32(0x01021997).u32(4096).u64(262144);
        w.u64(Math.max(0, 262144 - Math.ceil(tree.bytes / 4096))).u64(
          Math.max(0, 262144 - Math.ceil(tree.bytes / 4096)),
        );
        w.u64(1_000_000).u64(1_000_000).u64(0).u32(255);
        return;
      case T.xattrwalk: {
        const { node } = this.#fid(r.u32());
        const number = r.u32();
        const name = r.string();
        const value = name === "" ? names(node) : node.xattrs.get(name);
        if (value === undefined) throw new TreeError("ENODATA", name);
        this.#bind(number, node, undefined, "").xattr = { name, value, create: false };
        w.u64(value.length);
        return;
      }
      case T.xattrcreate: {
        const fid = this.#fid(r.u32());
        const name = r.string();
        const size = r.u64();
        if (size > 65536) throw new TreeError("ENOSPC", name);
        fid.xattr = { name, value: new Uint8Array(size), create: true };
        return;
      }
      case T.lock:
        this.#fid(r.u32());
        w.u8(0);
        return;
      case T.getlock: {
        this.#fid(r.u32());
        r.u8();
        const [start, length, pid] = [r.big64(), r.big64(), r.u32()];
        w.u8(2).u64(start).u64(length).u32(pid).string(r.string());
        return;
      }
      default:
        throw new TreeError("EOPNOTSUPP", `9p message ${kind}`);
    }
  }

  /** 9p names the creator's group only: what is made in the workspace belongs to the owner of its directory. */
  #owner(directory: Node): number {
    return directory.uid;
  }

  #walk(r: MessageReader, w: MessageWriter): void {
    const from = this.#fid(r.u32());
    const number = r.u32();
    const count = r.u16();
    if (count > 16) throw new TreeError("EINVAL", "walk");
    let { node, parent, name } = from;
    const found: Node[] = [];
    for (let i = 0; i < count; i++) {
      const step = r.string();
      let next: Node;
      try {
        next = this.#tree.lookup(node, step);
      } catch (error) {
        if (i === 0) throw error;
        break;
      }
      parent = node;
      name = step;
      node = next;
      found.push(node);
    }
    if (found.length === count) this.#bind(number, node, parent, name);
    w.u16(found.length);
    for (const step of found) qid(w, step);
  }

  #getattr(r: MessageReader, w: MessageWriter): void {
    const { node } = this.#fid(r.u32());
    const seconds = Math.floor(node.mtime / 1000);
    const nanoseconds = Math.floor((node.mtime % 1000) * 1e6);
    w.u64(0x7ff);
    qid(w, node);
    w.u32(node.mode).u32(node.uid).u32(node.gid).u64(Math.max(1, node.links)).u64(node.rdev);
    w.u64(isSymlink(node) ? node.target.length : node.size)
      .u64(4096)
      .u64(Math.ceil(node.size / 512));
    for (let i = 0; i < 3; i++) w.u64(seconds).u64(nanoseconds);
    w.u64(0).u64(0).u64(0).u64(0);
  }

  #setattr(r: MessageReader): void {
    const { node } = this.#fid(r.u32());
    const valid = r.u32();
    const [mode, uid, gid, size] = [r.u32(), r.u32(), r.u32(), r.u64()];
    r.u64();
    r.u64();
    const [seconds, nanoseconds] = [r.u64(), r.u64()];
    if (valid & 8) {
      if (!isFile(node)) throw new TreeError(isDirectory(node) ? "EISDIR" : "EINVAL", "truncate");
      this.#tree.truncate(node, size);
      this.#flushed(node);
    }
    this.#tree.setMeta(node, {
      ...(valid & 1 ? { mode: (node.mode & type.mask) | (mode & 0o7777) } : {}),
      ...(valid & 2 ? { uid } : {}),
      ...(valid & 4 ? { gid } : {}),
      ...(valid & 32 ? { mtime: valid & 256 ? seconds * 1000 + nanoseconds / 1e6 : Date.now() } : {}),
    });
  }

  #readdir(r: MessageReader, w: MessageWriter): void {
    const { node } = this.#fid(r.u32());
    const start = r.u64();
    const count = Math.min(r.u32(), this.#messageSize - 24);
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
  }
}

function qid(w: MessageWriter, node: Node): void {
  w.u8(isDirectory(node) ? 0x80 : isSymlink(node) ? 0x02 : 0)
    .u32(node.version >>> 0)
    .u64(node.inode);
}

/** Names of the extended attributes, each ended by a zero byte, as listxattr(2) wants them. */
function names(node: Node): Uint8Array {
  return new TextEncoder().encode([...node.xattrs.keys()].map((name) => `${name}\0`).join(""));
}
