/** The guest's handles on the workspace's files (9p's fids), and the tree and handles of an instant as plain data. */
import { type FileTree, type Node, TreeError, type TreeImage } from "../tree.ts";

/** What one message of 9p may carry at the most, in bytes. */
export const largestMessage = 128 * 1024;

/** A file handle of the guest's kernel. */
export interface Fid {
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

export class Fids {
  readonly #tree: FileTree;
  readonly #fids = new Map<number, Fid>();
  /** As it was agreed on with the client, which begins anew with each version message. */
  messageSize = largestMessage;

  constructor(tree: FileTree) {
    this.#tree = tree;
  }

  get(number: number): Fid {
    const fid = this.#fids.get(number);
    if (fid === undefined) throw new TreeError("EBADF", `fid ${number}`);
    return fid;
  }
  bind(number: number, node: Node, parent: Node | undefined, name: string): Fid {
    const fid: Fid = { node, parent, name, open: false, append: false, written: false, xattr: undefined };
    this.#fids.set(number, fid);
    return fid;
  }
  /** The handle is the guest's no more. */
  take(number: number): Fid {
    const fid = this.get(number);
    this.#fids.delete(number);
    return fid;
  }
  clear(): void {
    this.#fids.clear();
  }

  exportState(): NinepState {
    return {
      messageSize: this.messageSize,
      fids: [...this.#fids].flatMap(([fid, { node, open, append, xattr }]) => {
        const path = xattr === undefined ? this.#tree.pathOf(node) : undefined;
        return path === undefined ? [] : [{ fid, path, open, append }];
      }),
    };
  }
  /** Fids whose file is gone answer ESTALE-like errors (EBADF) from now on. */
  importState(state: NinepState): void {
    this.messageSize = state.messageSize;
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
    return { tree: this.#tree.capture(held), messageSize: this.messageSize, fids };
  }

  /** Puts tree and fids back; the guest's kernel, put back to the same instant, finds its files open. */
  putBack(image: WorkspaceImage): void {
    const nodes = this.#tree.putBack(image.tree);
    this.messageSize = image.messageSize;
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
}
