import { EngineError } from "../engine/errors.ts";
import type { FileChange, FileEntry } from "../protocol/index.ts";
import type { HostFiles } from "../rpc/host.ts";
import { type FileTree, type Node, TreeError } from "../workspace/index.ts";
import { isDirectory, isFile, isSymlink, parts } from "../workspace/tree.ts";

const piece = 256 * 1024;

/** The workspace for the page. */
export function hostFiles(tree: FileTree): HostFiles {
  const find = (path: string): Node => {
    const node = path === "" ? tree.root : tree.find(path);
    if (node === undefined) throw new EngineError("notFound", `no such file in the workspace: ${path}`);
    return node;
  };
  const above = (path: string): { readonly parent: Node; readonly name: string } => {
    const names = parts(path);
    const name = names.pop();
    if (name === undefined) throw new EngineError("invalidParameter", "this is the workspace itself");
    return { parent: find(names.join("/")), name };
  };
  return {
    list: checked(async (path: string) => {
      const directory = find(path);
      if (!isDirectory(directory)) throw new EngineError("invalidParameter", `not a directory: ${path}`);
      return [...directory.children].map(([name, node]) => entry(name, node));
    }),
    read: checked(async (path: string) => {
      const node = find(path);
      if (!isFile(node)) throw new EngineError("invalidParameter", `not a file: ${path}`);
      const content = tree.read(node, 0, node.size).slice();
      let at = 0;
      return new ReadableStream<Uint8Array>({
        pull(controller) {
          if (at >= content.length) controller.close();
          else controller.enqueue(content.slice(at, at + piece));
          at += piece;
        },
      });
    }),
    write: checked(async (path: string, content: ReadableStream<Uint8Array>, mode?: number) => {
      parts(path);
      const data = new Uint8Array(await new Response(content).arrayBuffer());
      const node = tree.writeFile(path, data);
      if (mode !== undefined) tree.setMeta(node, { mode: (node.mode & ~0o777) | (mode & 0o777) });
    }),
    makeDirectory: checked(async (path: string) => void tree.makeDirectory(path)),
    rename: checked(async (from: string, to: string) => {
      const [source, target] = [above(from), above(to)];
      tree.rename(source.parent, source.name, target.parent, target.name);
    }),
    remove: checked(async (path: string) => {
      const { parent, name } = above(path);
      removeTree(tree, parent, name);
    }),
    watch: () => watch(tree),
  };
}

function entry(name: string, node: Node): FileEntry {
  const type = isDirectory(node) ? "directory" : isFile(node) ? "file" : isSymlink(node) ? "symlink" : "other";
  return { name, type, size: node.size, mode: node.mode & 0o7777, modified: node.mtime };
}

function removeTree(tree: FileTree, parent: Node, name: string): void {
  const node = tree.lookup(parent, name);
  for (const child of [...node.children.keys()]) removeTree(tree, node, child);
  tree.unlink(parent, name);
}

function watch(tree: FileTree): ReadableStream<FileChange> {
  let stop = (): void => undefined;
  return new ReadableStream<FileChange>({
    start(controller) {
      stop = tree.subscribe((change) => {
        if (change.kind === "entry") {
          const folder = tree.pathOf(change.parent);
          if (folder === undefined) return;
          const path = folder === "" ? change.name : `${folder}/${change.name}`;
          controller.enqueue({ kind: change.node === undefined ? "removed" : "created", path });
          return;
        }
        const path = tree.pathOf(change.node);
        if (path !== undefined) controller.enqueue({ kind: "changed", path });
      });
    },
    cancel: () => stop(),
  });
}

/** The tree's errors in the engine's kinds, so that they cross the bridge with one. */
function checked<A extends readonly unknown[], R>(work: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
  return async (...args) => {
    try {
      return await work(...args);
    } catch (error) {
      if (!(error instanceof TreeError)) throw error;
      throw new EngineError("invalidParameter", error.message, { cause: error });
    }
  };
}
