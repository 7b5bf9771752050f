/**
 * Writes EROFS images: the metadata as bytes, file data as references that are followed when the kernel reads their blocks.
 * So a layer's image costs its metadata only, and its data may even lie on a server still.
 */
import type { FileEntry, FileType } from "../file-tree.ts";
import { FileTree } from "../file-tree.ts";
import { blockSize, type Inode, inodeSize, type Layout, layOut, superOffset } from "./layout.ts";
import { xattrCount } from "./xattrs.ts";

export interface ErofsImage<Ref> {
  /** The first bytes of the image: superblock, inodes, directories. A multiple of 4096. */
  readonly metadata: Uint8Array;
  /** Of the whole image; a multiple of 4096. */
  readonly size: number;
  /** Data of regular files in rising order, each from a block boundary on; the rest of its last block is zero. */
  readonly extents: readonly ErofsExtent<Ref>[];
}
export interface ErofsExtent<Ref> {
  /** Byte offset in the image. */
  readonly start: number;
  readonly length: number;
  readonly data: Ref | Uint8Array;
}

const magic = 0xe0f5e1e2;
/** i_mtime holds modification times (else they count as change times). */
const featureMtime = 0x2;
const blockBits = 12;

const formatBits: Readonly<Record<FileType, number>> = {
  fifo: 0o010000,
  char: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
  socket: 0o140000,
};
/** EROFS_FT_*, the dirents' file types. */
const direntTypes: Readonly<Record<FileType, number>> = {
  file: 1,
  directory: 2,
  char: 3,
  block: 4,
  fifo: 5,
  socket: 6,
  symlink: 7,
};

/** Makes the image of a tree, or of entries (later ones replace earlier ones of the same path). */
export function writeErofs<Ref>(source: FileTree<Ref> | Iterable<FileEntry<Ref>>): ErofsImage<Ref> {
  const layout = layOut(source instanceof FileTree ? source.finish() : treeOf(source));
  const metadata = new Uint8Array(layout.metadataSize);
  const view = new DataView(metadata.buffer);
  writeSuperblock(view, layout);
  const extents: ErofsExtent<Ref>[] = [];
  layout.inodes.forEach((inode, index) => {
    writeInode(view, inode, index + 1);
    metadata.set(inode.xattrs, inode.offset + inodeSize);
    const content = inode.inline ? inode.offset + inodeSize + inode.xattrs.length : inode.block * blockSize;
    if (inode.target !== undefined) metadata.set(inode.target, content);
    else if (inode.node.children !== undefined) writeDirectory(metadata, view, layout, inode, content);
    else if (inode.node.data !== undefined && inode.size > 0)
      extents.push({ start: content, length: inode.size, data: inode.node.data });
  });
  return { metadata, size: layout.blocks * blockSize, extents };
}

function treeOf<Ref>(entries: Iterable<FileEntry<Ref>>): FileTree<Ref> {
  const tree = new FileTree<Ref>();
  for (const entry of entries) tree.add(entry);
  return tree.finish();
}

function writeSuperblock<Ref>(view: DataView, layout: Layout<Ref>): void {
  const at = superOffset;
  view.setUint32(at, magic, true);
  view.setUint32(at + 8, featureMtime, true);
  view.setUint8(at + 12, blockBits);
  view.setUint16(at + 14, numberOf(layout.inodes[0]), true);
  view.setBigUint64(at + 16, BigInt(layout.inodes.length), true);
  view.setUint32(at + 36, layout.blocks, true);
}

function writeInode<Ref>(view: DataView, inode: Inode<Ref>, number: number): void {
  const { node, offset: at } = inode;
  const extended = 1;
  view.setUint16(at, extended | ((inode.inline ? 2 : 0) << 1), true);
  view.setUint16(at + 2, xattrCount(inode.xattrs), true);
  view.setUint16(at + 4, formatBits[node.type] | node.mode, true);
  view.setBigUint64(at + 8, BigInt(inode.size), true);
  const isDevice = node.type === "char" || node.type === "block";
  view.setUint32(at + 16, isDevice ? deviceNumber(node.major, node.minor) : inode.block, true);
  view.setUint32(at + 20, number, true);
  view.setUint32(at + 24, node.uid, true);
  view.setUint32(at + 28, node.gid, true);
  const seconds = Math.floor(node.mtime);
  view.setBigInt64(at + 32, BigInt(seconds), true);
  view.setUint32(at + 40, Math.min(999_999_999, Math.round((node.mtime - seconds) * 1e9)), true);
  view.setUint32(at + 44, inode.links, true);
}

/** Each block: its dirents (nid, offset of the name, type), then the names without separators. */
function writeDirectory<Ref>(
  metadata: Uint8Array,
  view: DataView,
  layout: Layout<Ref>,
  inode: Inode<Ref>,
  content: number,
): void {
  inode.blocks.forEach((dirents, index) => {
    const start = content + index * blockSize;
    let name = dirents.length * 12;
    dirents.forEach((dirent, i) => {
      const at = start + i * 12;
      view.setBigUint64(at, BigInt(numberOf(layout.byNode.get(dirent.child))), true);
      view.setUint16(at + 8, name, true);
      view.setUint8(at + 10, direntTypes[dirent.child.type]);
      metadata.set(dirent.name, start + name);
      name += dirent.name.length;
    });
  });
}

const numberOf = <Ref>(inode: Inode<Ref> | undefined): number => (inode?.offset ?? 0) / 32;

/** The kernel's new_encode_dev. */
const deviceNumber = (major: number, minor: number): number =>
  ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12)) >>> 0;
