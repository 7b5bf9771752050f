/**
 * A tree of files put together from entries in any order, such as those of a tar archive. Nothing can lead out of it: paths are
 * resolved inside, and what points above the root is refused, as moby's archive package refuses it ("breakout").
 */
import { EngineError } from "../errors.ts";

export type FileType = "file" | "directory" | "symlink" | "char" | "block" | "fifo" | "socket";

/** One file. `Ref` says where a regular file's bytes are; whoever reads the finished image knows how to follow it. */
export interface FileEntry<Ref> {
  /** Relative to the root, "/" between names; "" is the root itself. */
  readonly path: string;
  /** "hardlink": another name for the file at `linkTarget`, a path of the same tree. */
  readonly type: FileType | "hardlink";
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970, with a fraction. */
  readonly mtime: number;
  /** Of a regular file. Bytes given in memory must have this length. */
  readonly size?: number;
  readonly data?: Ref | Uint8Array;
  /** Of a symlink, as it is; of a hard link, the path of its file. */
  readonly linkTarget?: string;
  readonly major?: number;
  readonly minor?: number;
  /** Full names, such as "trusted.overlay.opaque". */
  readonly xattrs?: Readonly<Record<string, Uint8Array>>;
}

/** A file or directory of the finished tree; hard links are several names of one node. */
export interface FileNode<Ref> {
  type: FileType;
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
  size: number;
  data: Ref | Uint8Array | undefined;
  linkTarget: string;
  major: number;
  minor: number;
  xattrs: Readonly<Record<string, Uint8Array>> | undefined;
  /** Names in directories. */
  links: number;
  /** Of a directory. */
  children: Map<string, FileNode<Ref>> | undefined;
}

/** NAME_MAX and PATH_MAX of Linux. */
const maxNameBytes = 255;
const maxPathBytes = 4095;
/** Linux follows at most 40 links in one lookup (ELOOP). */
const maxFollowed = 40;

const encoder = new TextEncoder();
const byteLength = (text: string): number => (/^[\x20-\x7e]*$/.test(text) ? text.length : encoder.encode(text).length);

/** Names of a path; empty ones and "." are dropped, ".." goes up. `undefined` when it leads above the root. */
export function splitPath(path: string): string[] | undefined {
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "" || name === ".") continue;
    if (name !== "..") names.push(name);
    else if (names.pop() === undefined) return undefined;
  }
  return names;
}

const refuse = (path: string, why: string): EngineError =>
  new EngineError("invalidParameter", `invalid file in archive: ${JSON.stringify(path.slice(0, 200))}: ${why}`);

export class FileTree<Ref> {
  readonly root: FileNode<Ref> = directory();
  /** Hard links whose file had not come yet (eStargz may put them first). */
  readonly #pending: { readonly path: string; readonly target: string }[] = [];

  /** Adds an entry. A later one replaces an earlier one of the same path; a directory keeps its content. Missing parents are made. */
  add(entry: FileEntry<Ref>): void {
    const names = this.#names(entry.path);
    const name = names.pop();
    if (name === undefined) {
      if (entry.type !== "directory") throw refuse(entry.path, "the root is no directory");
      assign(this.root, entry);
      return;
    }
    if (entry.type === "hardlink") {
      if (!this.#link(entry.path, entry.linkTarget ?? ""))
        this.#pending.push({ path: entry.path, target: entry.linkTarget ?? "" });
      return;
    }
    const siblings = this.#parent(names, entry.path);
    const existing = siblings.get(name);
    if (existing?.type === "directory" && entry.type === "directory") {
      assign(existing, entry);
      return;
    }
    if (existing !== undefined) existing.links--;
    const node: FileNode<Ref> = { ...directory<Ref>(), children: entry.type === "directory" ? new Map() : undefined };
    assign(node, entry);
    siblings.set(name, node);
  }

  /** The node at a path, links not followed. */
  find(path: string): FileNode<Ref> | undefined {
    let node: FileNode<Ref> | undefined = this.root;
    for (const name of splitPath(path) ?? [".."]) node = node?.children?.get(name);
    return node;
  }

  /** To be called when all entries are there: settles the hard links that came before their files. */
  finish(): this {
    for (const { path, target } of this.#pending.splice(0))
      if (!this.#link(path, target)) throw refuse(path, `link to ${JSON.stringify(target)}: no such file or directory`);
    return this;
  }

  #link(path: string, target: string): boolean {
    const node = this.find(this.#names(target).join("/"));
    if (node === undefined) return false;
    if (node.type === "directory") throw refuse(path, "hard link to a directory");
    const names = this.#names(path);
    const name = names.pop() ?? "";
    const siblings = this.#parent(names, path);
    const existing = siblings.get(name);
    if (existing === node) return true;
    if (existing !== undefined) existing.links--;
    node.links++;
    siblings.set(name, node);
    return true;
  }

  #names(path: string): string[] {
    if (path.includes("\0")) throw refuse(path, "a NUL in its name");
    const names = splitPath(path);
    if (names === undefined) throw refuse(path, "outside of the archive's root");
    if (byteLength(path) > maxPathBytes || names.some((name) => byteLength(name) > maxNameBytes))
      throw refuse(path, "file name too long");
    return names;
  }

  /** The directory of these names, made where it is missing. A symlink on the way is followed inside the tree. */
  #parent(names: readonly string[], path: string): Map<string, FileNode<Ref>> {
    let left = names.slice();
    let trail: FileNode<Ref>[] = [this.root];
    for (let followed = 0; left.length > 0; ) {
      const name = left.shift() ?? "";
      if (name === "" || name === ".") continue;
      if (name === "..") {
        if (trail.length > 1) trail.pop();
        continue;
      }
      const children = trail[trail.length - 1]?.children ?? new Map<string, FileNode<Ref>>();
      let node = children.get(name);
      if (node === undefined) {
        node = directory();
        children.set(name, node);
      }
      if (node.type === "symlink") {
        if (++followed > maxFollowed) throw refuse(path, "too many levels of symbolic links");
        if (node.linkTarget.startsWith("/")) trail = [this.root];
        left = [...node.linkTarget.split("/"), ...left];
      } else if (node.children === undefined) throw refuse(path, "not a directory");
      else trail.push(node);
    }
    return trail[trail.length - 1]?.children ?? new Map();
  }
}

function directory<Ref>(): FileNode<Ref> {
  return {
    type: "directory",
    mode: 0o755,
    uid: 0,
    gid: 0,
    mtime: 0,
    size: 0,
    data: undefined,
    linkTarget: "",
    major: 0,
    minor: 0,
    xattrs: undefined,
    links: 1,
    children: new Map(),
  };
}

function assign<Ref>(node: FileNode<Ref>, entry: FileEntry<Ref>): void {
  if (entry.type === "hardlink") return;
  node.type = entry.type;
  node.mode = entry.mode & 0o7777;
  node.uid = entry.uid;
  node.gid = entry.gid;
  node.mtime = entry.mtime;
  node.size = entry.type === "file" ? (entry.size ?? 0) : 0;
  node.data = entry.data;
  node.linkTarget = entry.linkTarget ?? "";
  node.major = entry.major ?? 0;
  node.minor = entry.minor ?? 0;
  node.xattrs = entry.xattrs;
  if (entry.type === "symlink" && byteLength(node.linkTarget) > maxPathBytes)
    throw refuse(entry.path, "link target too long");
}
