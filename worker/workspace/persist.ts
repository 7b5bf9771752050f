import type { RecordStore } from "../engine/ports/storage.ts";
import { type ByteFiles, readBytes } from "../storage/files.ts";
import { FileTree, isDirectory, type Node } from "./tree.ts";

const kind = "workspace";

interface StoredNode {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: number;
  readonly size: number;
  readonly target?: string;
  readonly rdev?: number;
  /** Of a directory: name to inode. */
  readonly entries?: Readonly<Record<string, number>>;
  readonly xattrs?: Readonly<Record<string, readonly number[]>>;
}

/**
 * Loads the tree from storage and writes every further change there: nodes as records by inode, contents as files.
 * A content is written when the turn that changed it ends, so that a burst of writes costs one.
 */
export async function persistTree(
  records: RecordStore,
  files: ByteFiles,
  now: () => number,
): Promise<{ readonly tree: FileTree /** Resolves when all changes so far are durable. */; flush(): Promise<void> }> {
  const tree = new FileTree(now);
  await load(tree, records, files);

  const nodes = new Set<Node>();
  const contents = new Set<Node>();
  let writing: Promise<void> = Promise.resolve();
  let scheduled = false;

  const write = async (): Promise<void> => {
    scheduled = false;
    const [changed, written] = [[...nodes], [...contents]];
    nodes.clear();
    contents.clear();
    for (const node of written) {
      if (node.links === 0) continue;
      const file = await files.open(`workspace/${node.inode}`);
      file.truncate(node.size);
      file.write(0, node.content.subarray(0, node.size));
      file.flush();
      file.close();
    }
    for (const node of changed) {
      const gone = node !== tree.root && (isDirectory(node) ? node.parent === undefined : node.links === 0);
      if (!gone) await records.put(kind, String(node.inode), describe(node));
      else {
        await records.delete(kind, String(node.inode));
        await files.delete(`workspace/${node.inode}`);
      }
    }
  };
  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    writing = writing.then(write);
  };

  tree.subscribe((change) => {
    if (change.kind === "entry") {
      nodes.add(change.parent);
      const node = change.node;
      if (node !== undefined) {
        nodes.add(node);
        if (node.size > 0) contents.add(node);
      }
    } else {
      nodes.add(change.node);
      if (change.kind === "content") contents.add(change.node);
    }
    schedule();
  });
  return {
    tree,
    flush: async () => {
      do await writing;
      while (scheduled);
    },
  };
}

function describe(node: Node): StoredNode {
  return {
    mode: node.mode,
    uid: node.uid,
    gid: node.gid,
    mtime: node.mtime,
    size: node.size,
    ...(node.target === "" ? {} : { target: node.target }),
    ...(node.rdev === 0 ? {} : { rdev: node.rdev }),
    ...(isDirectory(node)
      ? { entries: Object.fromEntries([...node.children].map(([name, child]) => [name, child.inode])) }
      : {}),
    ...(node.xattrs.size === 0
      ? {}
      : { xattrs: Object.fromEntries([...node.xattrs].map(([name, value]) => [name, [...value]])) }),
  };
}

async function load(tree: FileTree, records: RecordStore, files: ByteFiles): Promise<void> {
  const stored = new Map((await records.list(kind)).map(({ key, value }) => [Number(key), value as StoredNode]));
  const made = new Map<number, Node>([[tree.root.inode, tree.root]]);
  const fill = async (directory: Node): Promise<void> => {
    for (const [name, inode] of Object.entries(stored.get(directory.inode)?.entries ?? {})) {
      const record = stored.get(inode);
      if (record === undefined) continue;
      let node = made.get(inode);
      if (node === undefined) {
        node = tree.make(record.mode, record.uid, record.gid, inode);
        made.set(inode, node);
        node.target = record.target ?? "";
        node.rdev = record.rdev ?? 0;
        for (const [key, value] of Object.entries(record.xattrs ?? {})) node.xattrs.set(key, Uint8Array.from(value));
        if (record.size > 0 && (await files.exists(`workspace/${inode}`))) {
          const file = await files.open(`workspace/${inode}`);
          tree.write(node, 0, readBytes(file, 0, record.size));
          file.close();
        }
      }
      tree.link(directory, name, node);
      if (isDirectory(node)) await fill(node);
      node.mtime = record.mtime;
    }
  };
  await fill(tree.root);
  const root = stored.get(tree.root.inode);
  if (root !== undefined)
    Object.assign(tree.root, { mode: root.mode, uid: root.uid, gid: root.gid, mtime: root.mtime });
}
