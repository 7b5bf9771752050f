import { type DirectoryEntry, type Errno, type FileStat, GuestError, type Op, type TreeEntry } from "../ports/guest.ts";

interface Node {
  type: FileStat["type"];
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
  inode: number;
  data: Uint8Array;
  target: string;
  major: number;
  minor: number;
  xattrs: Record<string, Uint8Array>;
}

/**
 * A file tree in memory with the errors a kernel would give, for {@link FakeGuest}. Symbolic links are kept, not
 * followed (but for `stat` with `follow` and `read`); mounts have no effect on it.
 */
export class FakeFiles {
  readonly #nodes = new Map<string, Node>();
  #inodes = 1;

  constructor() {
    for (const path of [
      "/",
      "/etc",
      "/run",
      "/tmp",
      "/proc",
      "/sys",
      "/sys/fs",
      "/sys/fs/cgroup",
      "/var",
      "/var/lib",
    ]) {
      this.#nodes.set(path, this.#make("directory", 0o755));
    }
    for (const name of ["ip_unprivileged_port_start", "ping_group_range"]) this.put(`/proc/sys/net/ipv4/${name}`, "");
  }

  /** Puts a regular file, with the directories above it. */
  put(path: string, data: string | Uint8Array, mode = 0o644): void {
    this.#parents(path);
    this.#nodes.set(path, { ...this.#make("file", mode), data: bytes(data) });
  }

  /** Content of a regular file; `undefined` when there is none. */
  text(path: string): string | undefined {
    const node = this.#nodes.get(normal(path));
    return node?.type === "file" ? new TextDecoder().decode(node.data) : undefined;
  }

  exists(path: string): boolean {
    return this.#nodes.has(normal(path));
  }

  /** Paths of everything in the tree, sorted. */
  paths(): readonly string[] {
    return [...this.#nodes.keys()].sort();
  }

  /** Runs a file operation; answers `undefined` for kinds that touch no files, which the fake guest then counts as done. */
  run(
    op: Op,
    resolve: (path: string) => string,
  ): Uint8Array | readonly DirectoryEntry[] | readonly TreeEntry[] | FileStat | string | undefined {
    switch (op.op) {
      case "mkdir": {
        const path = resolve(op.path);
        if (op.parents) this.#parents(path);
        else this.#directory(op, parentOf(path));
        const there = this.#nodes.get(path);
        if (there !== undefined && !(op.parents && there.type === "directory")) throw failure(op, "EEXIST", op.path);
        if (there === undefined) this.#nodes.set(path, this.#make("directory", op.mode ?? 0o755, op.uid, op.gid));
        return undefined;
      }
      case "write": {
        const path = this.#followed(resolve(op.path));
        const there = this.#nodes.get(path);
        if (there?.type === "directory") throw failure(op, "EISDIR", op.path);
        if (there === undefined) {
          if (op.create === false) throw failure(op, "ENOENT", op.path);
          this.#directory(op, parentOf(path));
        }
        const data = bytes(op.data);
        const node = there ?? this.#make("file", op.mode ?? 0o644, op.uid, op.gid);
        this.#nodes.set(path, { ...node, data: op.append ? concat(node.data, data) : data });
        return undefined;
      }
      case "read": {
        const node = this.#get(op, op.path, this.#followed(resolve(op.path)));
        if (node.type === "directory") throw failure(op, "EISDIR", op.path);
        const from = op.offset ?? 0;
        return node.data.slice(from, from + (op.limit ?? 1 << 20));
      }
      case "list": {
        const path = this.#followed(resolve(op.path));
        if (this.#get(op, op.path, path).type !== "directory") throw failure(op, "ENOTDIR", op.path);
        return this.#children(path).map(([child, node]) => ({ name: nameOf(child), type: node.type }));
      }
      case "walk": {
        const top = resolve(op.path);
        this.#get(op, op.path, top);
        return this.#below(top)
          .slice(0, op.limit)
          .map(([path, node]) => ({
            ...this.#stat(node),
            path: path === top ? "" : path.slice(top === "/" ? 1 : top.length + 1),
            ...(node.type === "symlink" ? { linkTarget: node.target } : {}),
            xattrs: node.xattrs,
          }));
      }
      case "stat": {
        const path = resolve(op.path);
        return this.#stat(this.#get(op, op.path, op.follow === false ? path : this.#followed(path)));
      }
      case "unlink": {
        const path = resolve(op.path);
        if (this.#get(op, op.path, path).type === "directory") throw failure(op, "EISDIR", op.path);
        this.#nodes.delete(path);
        return undefined;
      }
      case "rmdir": {
        const path = resolve(op.path);
        if (this.#get(op, op.path, path).type !== "directory") throw failure(op, "ENOTDIR", op.path);
        if (this.#children(path).length > 0) throw failure(op, "ENOTEMPTY", op.path);
        this.#nodes.delete(path);
        return undefined;
      }
      case "removeTree":
        for (const [path] of this.#below(resolve(op.path))) this.#nodes.delete(path);
        return undefined;
      case "rename": {
        const from = resolve(op.from);
        const to = resolve(op.to);
        this.#get(op, op.from, from);
        this.#directory(op, parentOf(to));
        for (const [path, node] of this.#below(from)) {
          this.#nodes.delete(path);
          this.#nodes.set(to + path.slice(from.length), node);
        }
        return undefined;
      }
      case "symlink": {
        const path = resolve(op.path);
        this.#fresh(op, op.path, path);
        this.#nodes.set(path, { ...this.#make("symlink", 0o777, op.uid, op.gid), target: op.target });
        return undefined;
      }
      case "link": {
        const node = this.#get(op, op.from, resolve(op.from));
        this.#fresh(op, op.to, resolve(op.to));
        this.#nodes.set(resolve(op.to), node);
        return undefined;
      }
      case "readlink": {
        const node = this.#get(op, op.path, resolve(op.path));
        if (node.type !== "symlink") throw failure(op, "EINVAL", op.path);
        return node.target;
      }
      case "chmod":
        this.#get(op, op.path, resolve(op.path)).mode = op.mode;
        return undefined;
      case "chown": {
        const node = this.#get(op, op.path, resolve(op.path));
        node.uid = op.uid;
        node.gid = op.gid;
        return undefined;
      }
      case "utimes":
        this.#get(op, op.path, resolve(op.path)).mtime = op.mtime;
        return undefined;
      case "truncate": {
        const node = this.#get(op, op.path, resolve(op.path));
        const data = new Uint8Array(op.size);
        data.set(node.data.subarray(0, op.size));
        node.data = data;
        return undefined;
      }
      case "mknod": {
        const path = resolve(op.path);
        this.#fresh(op, op.path, path);
        const node = this.#make(op.type, op.mode, op.uid, op.gid);
        this.#nodes.set(path, { ...node, major: op.major ?? 0, minor: op.minor ?? 0 });
        return undefined;
      }
      case "setxattr":
        this.#get(op, op.path, resolve(op.path)).xattrs[op.name] = op.value;
        return undefined;
      case "copyTree": {
        const from = resolve(op.from);
        const to = resolve(op.to);
        this.#get(op, op.from, from);
        for (const [path, node] of this.#below(from)) {
          const target = to + path.slice(from.length);
          if (node.type === "directory" && this.#nodes.has(target)) continue;
          this.#nodes.set(target, { ...node, inode: this.#inodes++, xattrs: { ...node.xattrs } });
        }
        return undefined;
      }
      case "createNetworkNamespace": {
        const path = resolve(op.path);
        this.#parents(path);
        if (!this.#nodes.has(path)) this.#nodes.set(path, this.#make("file", 0o444));
        return undefined;
      }
      default:
        return undefined;
    }
  }

  #make(type: FileStat["type"], mode: number, uid = 0, gid = 0): Node {
    const inode = this.#inodes++;
    return {
      type,
      mode,
      uid,
      gid,
      mtime: 0,
      inode,
      data: new Uint8Array(),
      target: "",
      major: 0,
      minor: 0,
      xattrs: {},
    };
  }

  #stat(node: Node): FileStat {
    const { type, mode, uid, gid, mtime, inode, major, minor } = node;
    const size = type === "symlink" ? node.target.length : node.data.length;
    return { type, mode, uid, gid, size, mtime, inode, links: 1, device: 1, major, minor };
  }

  #get(op: Op, shown: string, path: string): Node {
    const node = this.#nodes.get(path);
    if (node === undefined) throw failure(op, "ENOENT", shown);
    return node;
  }

  #fresh(op: Op, shown: string, path: string): void {
    if (this.#nodes.has(path)) throw failure(op, "EEXIST", shown);
    this.#directory(op, parentOf(path));
  }

  #directory(op: Op, path: string): void {
    const node = this.#nodes.get(this.#followed(path));
    if (node === undefined) throw failure(op, "ENOENT", path);
    if (node.type !== "directory") throw failure(op, "ENOTDIR", path);
  }

  #parents(path: string): void {
    const above = parentOf(path);
    if (this.#nodes.has(above)) return;
    this.#parents(above);
    this.#nodes.set(above, this.#make("directory", 0o755));
  }

  #children(path: string): readonly (readonly [string, Node])[] {
    return this.#below(path).filter(([child]) => child !== path && parentOf(child) === path);
  }

  #below(top: string): readonly (readonly [string, Node])[] {
    const prefix = top === "/" ? "/" : `${top}/`;
    return [...this.#nodes]
      .filter(([path]) => path === top || path.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** The path after its last component's symbolic links. */
  #followed(path: string): string {
    let at = path;
    for (let hops = 0; hops < 40; hops++) {
      const node = this.#nodes.get(at);
      if (node?.type !== "symlink") return at;
      at = normal(node.target.startsWith("/") ? node.target : `${parentOf(at)}/${node.target}`);
    }
    return at;
  }
}

export function failure(op: Op, errno: Errno, path: string, index?: number): GuestError {
  return new GuestError({ errno, stage: "batch", operation: op.op, path, ...(index === undefined ? {} : { index }) });
}

/** The absolute path without ".", ".." and doubled slashes. */
export function normal(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function bytes(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? new TextEncoder().encode(data) : data;
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
