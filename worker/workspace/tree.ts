/** POSIX errno values of Linux that the tree answers with. */
export const errno = {
  EPERM: 1,
  ENOENT: 2,
  EIO: 5,
  EBADF: 9,
  EEXIST: 17,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  EFBIG: 27,
  ENOSPC: 28,
  ENAMETOOLONG: 36,
  ENOTEMPTY: 39,
  ENODATA: 61,
  EOPNOTSUPP: 95,
} as const;

export class TreeError extends Error {
  override readonly name = "TreeError";
  readonly errno: number;
  constructor(code: keyof typeof errno, subject: string) {
    super(`${subject}: ${code}`);
    this.errno = errno[code];
  }
}

/** File type bits of st_mode. */
export const type = { directory: 0o040000, file: 0o100000, symlink: 0o120000, mask: 0o170000 } as const;

export interface Node {
  readonly inode: number;
  mode: number;
  uid: number;
  gid: number;
  /** Milliseconds since 1970. */
  mtime: number;
  /** Counts changes of content or entries. */
  version: number;
  links: number;
  content: Uint8Array;
  size: number;
  target: string;
  rdev: number;
  readonly children: Map<string, Node>;
  parent: Node | undefined;
  readonly xattrs: Map<string, Uint8Array>;
}

/** A node of one instant as plain data. Directories name their children by inode. */
export interface NodeImage {
  readonly inode: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly version: number;
  readonly links: number;
  readonly content: Uint8Array;
  readonly target: string;
  readonly rdev: number;
  readonly children: ReadonlyMap<string, number>;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
}

/** The whole tree at one instant, with nodes outside it that somebody still has open. */
export interface TreeImage {
  readonly nextInode: number;
  readonly nodes: readonly NodeImage[];
}

export type TreeChange =
  | { readonly kind: "meta"; readonly node: Node }
  | { readonly kind: "content"; readonly node: Node }
  | { readonly kind: "entry"; readonly parent: Node; readonly name: string; readonly node: Node | undefined };

export const isDirectory = (node: Node): boolean => (node.mode & type.mask) === type.directory;
export const isFile = (node: Node): boolean => (node.mode & type.mask) === type.file;
export const isSymlink = (node: Node): boolean => (node.mode & type.mask) === type.symlink;

const longestName = 255;
const largestFile = 512 << 20;

/** Files, directories and links in memory. Every method keeps the tree whole or throws TreeError and changes nothing. */
export class FileTree {
  readonly root: Node;
  /** Contents that were captured, by the version they are of: an unchanged file is copied once. */
  readonly #captured = new WeakMap<Node, { readonly version: number; readonly content: Uint8Array }>();
  #nextInode = 1;
  #bytes = 0;
  readonly #now: () => number;
  readonly #subscribers = new Set<(change: TreeChange) => void>();

  constructor(now: () => number, owner: { readonly uid: number; readonly gid: number } = { uid: 1000, gid: 1000 }) {
    this.#now = now;
    this.root = this.make(type.directory | 0o755, owner.uid, owner.gid);
  }

  /** Bytes of all file contents. */
  get bytes(): number {
    return this.#bytes;
  }
  /** Calls back after each change, whoever made it. The returned function ends the subscription. */
  subscribe(callback: (change: TreeChange) => void): () => void {
    this.#subscribers.add(callback);
    return () => this.#subscribers.delete(callback);
  }
  #tell(change: TreeChange): void {
    for (const callback of this.#subscribers) callback(change);
  }

  /** A node outside the tree; `link` puts it in. */
  make(mode: number, uid: number, gid: number, inode = this.#nextInode): Node {
    this.#nextInode = Math.max(this.#nextInode, inode + 1);
    const directory = (mode & type.mask) === type.directory;
    return {
      inode,
      mode,
      uid,
      gid,
      mtime: this.#now(),
      version: 0,
      links: directory ? 2 : 0,
      content: empty,
      size: 0,
      target: "",
      rdev: 0,
      children: new Map(),
      parent: undefined,
      xattrs: new Map(),
    };
  }

  lookup(directory: Node, name: string): Node {
    if (!isDirectory(directory)) throw new TreeError("ENOTDIR", name);
    if (name === ".") return directory;
    if (name === "..") return directory.parent ?? directory;
    const node = directory.children.get(name);
    if (node === undefined) throw new TreeError("ENOENT", name);
    return node;
  }

  /** A path of the node, relative to the root; `undefined` when it is in the tree no more. */
  pathOf(wanted: Node): string | undefined {
    const search = (directory: Node, path: string): string | undefined => {
      if (directory === wanted) return path;
      for (const [name, child] of directory.children) {
        const found = search(child, path === "" ? name : `${path}/${name}`);
        if (found !== undefined) return found;
      }
      return undefined;
    };
    return search(this.root, "");
  }

  /** By path relative to the root; `undefined` where there is nothing. Links are not followed. */
  find(path: string): Node | undefined {
    let node: Node | undefined = this.root;
    for (const part of parts(path)) node = node?.children.get(part);
    return node;
  }

  link(directory: Node, name: string, node: Node): void {
    checkName(name);
    if (!isDirectory(directory)) throw new TreeError("ENOTDIR", name);
    if (directory.children.has(name)) throw new TreeError("EEXIST", name);
    directory.children.set(name, node);
    if (isDirectory(node)) {
      node.parent = directory;
      directory.links++;
    } else node.links++;
    this.#touch(directory);
    this.#tell({ kind: "entry", parent: directory, name, node });
  }

  unlink(directory: Node, name: string, options: { readonly directory?: boolean } = {}): void {
    const node = this.lookup(directory, name);
    if (options.directory === true && !isDirectory(node)) throw new TreeError("ENOTDIR", name);
    if (options.directory === false && isDirectory(node)) throw new TreeError("EISDIR", name);
    if (isDirectory(node) && node.children.size > 0) throw new TreeError("ENOTEMPTY", name);
    this.#remove(directory, name, node);
  }
  #remove(directory: Node, name: string, node: Node): void {
    directory.children.delete(name);
    if (isDirectory(node)) {
      node.parent = undefined;
      node.links = 0;
      directory.links--;
    } else if (--node.links === 0) this.#bytes -= node.size;
    this.#touch(directory);
    this.#tell({ kind: "entry", parent: directory, name, node: undefined });
  }

  rename(from: Node, oldName: string, to: Node, newName: string): void {
    checkName(newName);
    const node = this.lookup(from, oldName);
    if (!isDirectory(to)) throw new TreeError("ENOTDIR", newName);
    for (let above: Node | undefined = to; above !== undefined; above = above.parent)
      if (above === node) throw new TreeError("EINVAL", newName);
    const present = to.children.get(newName);
    if (present === node) return;
    if (present !== undefined) {
      if (isDirectory(present) && !isDirectory(node)) throw new TreeError("EISDIR", newName);
      if (!isDirectory(present) && isDirectory(node)) throw new TreeError("ENOTDIR", newName);
      if (present.children.size > 0) throw new TreeError("ENOTEMPTY", newName);
      this.#remove(to, newName, present);
    }
    from.children.delete(oldName);
    to.children.set(newName, node);
    if (isDirectory(node)) {
      from.links--;
      to.links++;
      node.parent = to;
    }
    this.#touch(from);
    this.#touch(to);
    this.#tell({ kind: "entry", parent: to, name: newName, node });
    this.#tell({ kind: "entry", parent: from, name: oldName, node: undefined });
  }

  read(node: Node, offset: number, length: number): Uint8Array {
    return node.content.subarray(Math.min(offset, node.size), Math.min(offset + length, node.size));
  }

  write(node: Node, offset: number, data: Uint8Array): void {
    const end = offset + data.length;
    if (end > largestFile) throw new TreeError("EFBIG", `inode ${node.inode}`);
    if (end > node.content.length) {
      const grown = new Uint8Array(Math.max(end, Math.min(node.content.length * 2, largestFile)));
      grown.set(node.content.subarray(0, node.size));
      node.content = grown;
    }
    node.content.set(data, offset);
    this.#resize(node, Math.max(node.size, end));
    this.#changed(node);
  }

  truncate(node: Node, size: number): void {
    if (size > largestFile) throw new TreeError("EFBIG", `inode ${node.inode}`);
    if (size < node.size) node.content.fill(0, size, node.size);
    else if (size > node.content.length) {
      const grown = new Uint8Array(size);
      grown.set(node.content.subarray(0, node.size));
      node.content = grown;
    }
    this.#resize(node, size);
    this.#changed(node);
  }
  #resize(node: Node, size: number): void {
    if (node.links > 0) this.#bytes += size - node.size;
    node.size = size;
  }
  #changed(node: Node): void {
    this.#touch(node);
    this.#tell({ kind: "content", node });
  }
  #touch(node: Node): void {
    node.mtime = this.#now();
    node.version++;
  }

  /** Changes owner, mode or times. */
  setMeta(node: Node, change: Partial<Pick<Node, "mode" | "uid" | "gid" | "mtime">>): void {
    Object.assign(node, change);
    this.#tell({ kind: "meta", node });
  }

  /** The tree of now; `held` are nodes that may have been unlinked. */
  capture(held: Iterable<Node>): TreeImage {
    const found = new Set<Node>();
    const add = (node: Node): void => {
      if (found.has(node)) return;
      found.add(node);
      for (const child of node.children.values()) add(child);
    };
    for (const node of [this.root, ...held]) add(node);
    return { nextInode: this.#nextInode, nodes: [...found].map((node) => this.#image(node)) };
  }

  #image(node: Node): NodeImage {
    const known = this.#captured.get(node);
    const content = known?.version === node.version ? known.content : node.content.slice(0, node.size);
    this.#captured.set(node, { version: node.version, content });
    const { inode, mode, uid, gid, mtime, version, links, target, rdev } = node;
    const children = new Map([...node.children].map(([name, child]) => [name, child.inode]));
    const xattrs = new Map([...node.xattrs].map(([name, value]) => [name, value.slice()]));
    return { inode, mode, uid, gid, mtime, version, links, content, target, rdev, children, xattrs };
  }

  /** Makes the tree what it was and tells of what differs. Answers its nodes by inode, unlinked ones too. */
  putBack(image: TreeImage): ReadonlyMap<number, Node> {
    const before = new Map(paths(this.root));
    const nodes = new Map<number, Node>([[this.root.inode, this.root]]);
    for (const { inode, mode, uid, gid } of image.nodes)
      if (!nodes.has(inode)) nodes.set(inode, this.make(mode, uid, gid, inode));
    for (const saved of image.nodes) this.#fill(nodes.get(saved.inode) as Node, saved, nodes);
    this.#nextInode = image.nextInode;
    this.#bytes = 0;
    const after = new Map(paths(this.root));
    for (const node of new Set(after.values())) this.#bytes += node.size;
    this.#tellDifference(before, after);
    return nodes;
  }

  #fill(node: Node, saved: NodeImage, nodes: ReadonlyMap<number, Node>): void {
    const { mode, uid, gid, mtime, version, links, content, target, rdev } = saved;
    Object.assign(node, { mode, uid, gid, mtime, version, links, target, rdev });
    // Contents are written in place: the image keeps its own copy.
    Object.assign(node, { content: content.slice(), size: content.length });
    node.children.clear();
    for (const [name, inode] of saved.children) {
      const child = nodes.get(inode) as Node;
      node.children.set(name, child);
      if (isDirectory(child)) child.parent = node;
    }
    node.xattrs.clear();
    for (const [name, value] of saved.xattrs) node.xattrs.set(name, value.slice());
    this.#captured.set(node, { version, content });
  }

  #tellDifference(before: ReadonlyMap<string, Node>, after: ReadonlyMap<string, Node>): void {
    const entry = (path: string, node: Node | undefined): void => {
      const at = path.lastIndexOf("/");
      const parent = at < 0 ? this.root : after.get(path.slice(0, at));
      // With a directory goes all that was in it.
      if (parent !== undefined) this.#tell({ kind: "entry", parent, name: path.slice(at + 1), node });
    };
    this.#tell({ kind: "meta", node: this.root });
    for (const path of before.keys()) if (!after.has(path)) entry(path, undefined);
    for (const [path, node] of after) {
      const old = before.get(path);
      if (old === undefined) entry(path, node);
      else if (old.inode !== node.inode) entry(path, node);
      else if (isFile(node) && !sameBytes(node, old)) this.#tell({ kind: "content", node });
      else if (node.version !== old.version || node.mode !== old.mode || node.mtime !== old.mtime)
        this.#tell({ kind: "meta", node });
    }
  }

  /** Creates or replaces the file at a path, with the directories above it. For the page and for links' files. */
  writeFile(path: string, data: Uint8Array, mode = 0o644): Node {
    const names = parts(path);
    const name = names.pop();
    if (name === undefined) throw new TreeError("EISDIR", path);
    let directory = this.root;
    for (const part of names) directory = directory.children.get(part) ?? this.#makeDirectory(directory, part);
    let node = directory.children.get(name);
    if (node !== undefined && !isFile(node)) throw new TreeError(isDirectory(node) ? "EISDIR" : "EINVAL", path);
    if (node === undefined) {
      node = this.make(type.file | mode, this.root.uid, this.root.gid);
      this.link(directory, name, node);
    } else if (node.size > data.length) this.truncate(node, data.length);
    this.write(node, 0, data);
    return node;
  }
  #makeDirectory(parent: Node, name: string): Node {
    const node = this.make(type.directory | 0o755, this.root.uid, this.root.gid);
    this.link(parent, name, node);
    return node;
  }
  makeDirectory(path: string): Node {
    let directory = this.root;
    for (const part of parts(path)) {
      const next = directory.children.get(part) ?? this.#makeDirectory(directory, part);
      if (!isDirectory(next)) throw new TreeError("ENOTDIR", path);
      directory = next;
    }
    return directory;
  }
}

const empty = new Uint8Array(0);

function sameBytes(a: Node, b: Node): boolean {
  if (a.size !== b.size) return false;
  for (let at = 0; at < a.size; at++) if (a.content[at] !== b.content[at]) return false;
  return true;
}

/** All nodes below a directory by their paths, parents first. */
function* paths(directory: Node, above = ""): Generator<[string, Node]> {
  for (const [name, node] of directory.children) {
    const path = `${above}${name}`;
    yield [path, node];
    if (isDirectory(node)) yield* paths(node, `${path}/`);
  }
}

function checkName(name: string): void {
  if (name === "" || name === "." || name === ".." || /[/\0]/.test(name))
    throw new TreeError("EINVAL", JSON.stringify(name));
  if (new TextEncoder().encode(name).length > longestName) throw new TreeError("ENAMETOOLONG", `${name.slice(0, 32)}…`);
}

/** The segments of a relative path. Throws EINVAL on an absolute path and on anything that leads upwards. */
export function parts(path: string): string[] {
  if (path.startsWith("/")) throw new TreeError("EINVAL", path);
  const names = path.split("/").filter((part) => part !== "" && part !== ".");
  for (const name of names) checkName(name);
  return names;
}
