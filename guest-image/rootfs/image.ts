/** A file tree as a read-only EROFS image, uncompressed: the kernel reads it block by block, and chunks are compressed for the way. */

import { writeErofs } from "../../worker/engine/images/erofs/writer.ts";
import type { FileEntry } from "../../worker/engine/images/file-tree.ts";
import { type FileNode, type FileTree, sortedEntries } from "../debian/file-tree.ts";

export interface DiskImage {
  readonly bytes: Uint8Array;
  /** Where each regular file's data lies, by path. */
  readonly places: ReadonlyMap<string, { readonly start: number; readonly length: number }>;
  readonly metadataSize: number;
}

function* toEntries(tree: FileTree): Generator<FileEntry<string>> {
  const seen = new Map<FileNode, string>();
  for (const [path, node] of sortedEntries(tree)) {
    const { mode, uid, gid, mtime } = node;
    const common = { path, mode, uid, gid, mtime };
    const first = seen.get(node);
    if (first !== undefined) yield { ...common, type: "hardlink", linkTarget: first };
    else if (node.kind === "symlink") yield { ...common, type: "symlink", linkTarget: node.target };
    else if (node.kind === "directory") yield { ...common, type: "directory" };
    else {
      seen.set(node, path);
      yield { ...common, type: "file", size: node.data.length, data: path };
    }
  }
}

export function makeDiskImage(tree: FileTree): DiskImage {
  const { metadata, size, extents } = writeErofs<string>(toEntries(tree));
  const bytes = new Uint8Array(size);
  bytes.set(metadata);
  const places = new Map<string, { readonly start: number; readonly length: number }>();
  for (const { start, length, data } of extents) {
    if (typeof data !== "string") throw new Error("the image holds data without a path");
    const node = tree.get(data);
    if (node?.kind !== "file") throw new Error(`${data}: no such file`);
    bytes.set(node.data, start);
    places.set(data, { start, length });
  }
  return { bytes, places, metadataSize: metadata.length };
}
