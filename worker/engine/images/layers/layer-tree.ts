/**
 * A layer's files as overlayfs wants to see them. OCI layers mark deletions with files (image-spec, layer.md, Whiteouts);
 * overlayfs marks them with 0/0 character devices and an extended attribute (Documentation/filesystems/overlayfs.rst).
 */
import type { FileEntry } from "../file-tree.ts";
import { FileTree, splitPath } from "../file-tree.ts";

const whiteoutPrefix = ".wh.";
/** Metadata of AUFS, and so the opaque marker's own prefix. */
const whiteoutMetaPrefix = ".wh..wh.";
const opaqueMarker = ".wh..wh..opq";

/** Files at the root by which eStargz carries its index; no part of the image's content. */
const estargzFiles: ReadonlySet<string> = new Set(["stargz.index.json", ".prefetch.landmark", ".no.prefetch.landmark"]);

const opaque = { "trusted.overlay.opaque": new Uint8Array([0x79]) };

export function layerTree<Ref>(entries: Iterable<FileEntry<Ref>>): FileTree<Ref> {
  const tree = new FileTree<Ref>();
  const whiteouts: string[] = [];
  const opaques: string[] = [];
  for (const entry of entries) {
    const names = splitPath(entry.path);
    const name = names?.pop() ?? "";
    if (names !== undefined && name.startsWith(whiteoutPrefix)) {
      if (name === opaqueMarker) opaques.push(names.join("/"));
      else if (!name.startsWith(whiteoutMetaPrefix))
        whiteouts.push([...names, name.slice(whiteoutPrefix.length)].join("/"));
    } else if (names === undefined || names.length > 0 || !estargzFiles.has(name)) tree.add(entry);
  }
  tree.finish();
  for (const path of opaques) markOpaque(tree, path);
  for (const path of whiteouts) {
    const existing = tree.find(path);
    // What the layer itself holds stays; a directory of its own hides the one below.
    if (existing === undefined) tree.add({ path, type: "char", mode: 0, uid: 0, gid: 0, mtime: 0, major: 0, minor: 0 });
    else if (existing.children !== undefined) markOpaque(tree, path);
  }
  return tree;
}

function markOpaque<Ref>(tree: FileTree<Ref>, path: string): void {
  if (tree.find(path) === undefined) tree.add({ path, type: "directory", mode: 0o755, uid: 0, gid: 0, mtime: 0 });
  const node = tree.find(path);
  if (node?.children !== undefined) node.xattrs = { ...node.xattrs, ...opaque };
}
