/**
 * A root file system as plain data. Nodes are immutable, so that a tree made on top of another shares its nodes, and what a layer changed
 * is what is no longer identical. Paths have no leading slash; "" is the root.
 */

export interface Ownership {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
}

export type Content =
  | { readonly kind: "file"; readonly data: Uint8Array }
  | { readonly kind: "directory" }
  | { readonly kind: "symlink"; readonly target: string };

/** Two paths with the very same file node are hard links of each other. */
export type FileNode = Ownership & Content;

export const ownedBy = <C extends Content>(owner: Ownership, content: C): Ownership & C => ({ ...owner, ...content });

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));
const join = (directory: string, name: string): string => (directory === "" ? name : `${directory}/${name}`);

export class FileTree {
  readonly #nodes: Map<string, FileNode>;
  readonly #mtime: number;

  /** `mtime` is given to what is made here rather than unpacked, so that a tree depends on its input alone. */
  constructor(mtime: number, from?: FileTree) {
    this.#mtime = mtime;
    this.#nodes = new Map(from?.entries() ?? [["", { kind: "directory", mode: 0o755, uid: 0, gid: 0, mtime }]]);
  }

  entries(): Iterable<[string, FileNode]> {
    return this.#nodes.entries();
  }

  get(path: string): FileNode | undefined {
    return this.#nodes.get(this.locate(path));
  }

  /** The path with links in its parents followed, as the kernel would: on a merged /usr, "bin/sh" is "usr/bin/sh". The last part is kept. */
  locate(path: string, depth = 0): string {
    if (depth > 40) throw new Error(`${path}: too many levels of symbolic links`);
    let current = "";
    const parts = path.split("/").filter((part) => part !== "" && part !== ".");
    for (const [i, part] of parts.entries()) {
      if (part === "..") {
        current = parentOf(current);
        continue;
      }
      const next = join(current, part);
      const node = this.#nodes.get(next);
      const isLast = i === parts.length - 1;
      if (node?.kind !== "symlink" || isLast) {
        current = next;
        continue;
      }
      const target = node.target.startsWith("/") ? node.target : join(current, node.target);
      return this.locate([target, ...parts.slice(i + 1)].join("/"), depth + 1);
    }
    return current;
  }

  /** The file that a path names in the end, all links followed. */
  follow(path: string, depth = 0): string | undefined {
    if (depth > 40) return undefined;
    const place = this.locate(path);
    const node = this.#nodes.get(place);
    if (node?.kind !== "symlink") return node === undefined ? undefined : place;
    return this.follow(node.target.startsWith("/") ? node.target : join(parentOf(place), node.target), depth + 1);
  }

  /** Puts a node in place. Missing parents are made; a directory does not replace a link to a directory, as dpkg decides. */
  put(path: string, node: FileNode): void {
    const place = this.locate(path);
    if (place !== "" && !this.#nodes.has(parentOf(place))) this.directory(parentOf(place));
    if (node.kind === "directory" && this.#nodes.get(place)?.kind === "symlink") return;
    if (node.kind === "directory" && this.#nodes.get(place)?.kind === "directory") {
      // Several packages ship the same directory; who came first decides its mode.
      return;
    }
    this.#nodes.set(place, node);
  }

  link(path: string, target: string): void {
    const node = this.get(target);
    if (node === undefined) throw new Error(`${path}: hard link to ${target}, which is not there`);
    this.put(path, node);
  }

  directory(path: string, owner: Partial<Ownership> = {}): void {
    const place = this.locate(path);
    const base = { mode: 0o755, uid: 0, gid: 0, mtime: this.#mtime };
    if (place !== "" && !this.#nodes.has(parentOf(place))) this.directory(parentOf(place));
    const known = this.#nodes.get(place);
    if (known?.kind === "symlink") return;
    if (known?.kind === "directory" && Object.keys(owner).length === 0) return;
    this.#nodes.set(
      place,
      ownedBy({ ...base, ...(known?.kind === "directory" ? known : {}), ...owner }, { kind: "directory" }),
    );
  }

  file(path: string, data: string | Uint8Array, owner: Partial<Ownership> = {}): void {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    this.put(
      path,
      ownedBy({ mode: 0o644, uid: 0, gid: 0, mtime: this.#mtime, ...owner }, { kind: "file", data: bytes }),
    );
  }

  symlink(path: string, target: string): void {
    this.put(path, ownedBy({ mode: 0o777, uid: 0, gid: 0, mtime: this.#mtime }, { kind: "symlink", target }));
  }

  text(path: string): string | undefined {
    const place = this.follow(path);
    const node = place === undefined ? undefined : this.#nodes.get(place);
    return node?.kind === "file" ? new TextDecoder().decode(node.data) : undefined;
  }

  chown(path: string, owner: Partial<Ownership>): void {
    const place = this.locate(path);
    const node = this.#nodes.get(place);
    if (node === undefined) throw new Error(`${path}: not there`);
    this.#nodes.set(place, { ...node, ...owner });
  }

  /** Removes a path and all below it. */
  remove(path: string): void {
    const place = this.locate(path);
    this.#nodes.delete(place);
    for (const other of this.#nodes.keys()) if (other.startsWith(`${place}/`)) this.#nodes.delete(other);
  }
}

/** In the order of their names, so that a directory comes before what is in it. */
export const sortedEntries = (tree: FileTree): readonly [string, FileNode][] =>
  [...tree.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
