/**
 * Where everything of an EROFS image stands: inodes with their inline data first, then directories that need whole blocks,
 * then file data, each file on a block boundary.
 *
 * Format: Documentation/filesystems/erofs.rst and fs/erofs/erofs_fs.h of Linux 6.1. Only its plain subset is used: extended
 * inodes (64 bytes), the layouts FLAT_PLAIN (0) and FLAT_INLINE (2), inline extended attributes.
 */
import type { FileNode, FileTree } from "../file-tree.ts";
import { encodeXattrs } from "./xattrs.ts";

export const blockSize = 4096;
export const superOffset = 1024;
export const inodeSize = 64;
const superSize = 128;
const direntSize = 12;

export interface Inode<Ref> {
  readonly node: FileNode<Ref>;
  readonly parent: Inode<Ref> | undefined;
  /** Byte offset in the image; its number (nid) is a 32nd of it, as the metadata area begins at block 0. */
  offset: number;
  readonly xattrs: Uint8Array;
  /** Of directories: dirent blocks in order, names in byte order, "." and ".." among them. Of symlinks: the target. */
  readonly blocks: readonly (readonly Dirent<Ref>[])[];
  readonly target: Uint8Array | undefined;
  readonly size: number;
  /** Content stands right behind the inode, in the same block. */
  readonly inline: boolean;
  /** First block of content that is not inline. */
  block: number;
  /** Directories: 2 and one for each subdirectory; others: their names. */
  readonly links: number;
}

export interface Dirent<Ref> {
  readonly name: Uint8Array;
  /** Filled in once all nodes have their inodes. */
  readonly child: FileNode<Ref>;
}

export interface Layout<Ref> {
  readonly inodes: readonly Inode<Ref>[];
  readonly byNode: ReadonlyMap<FileNode<Ref>, Inode<Ref>>;
  /** Bytes before the first file's data; a multiple of the block size. */
  readonly metadataSize: number;
  readonly blocks: number;
}

const encoder = new TextEncoder();
const dot = encoder.encode(".");
const dotDot = encoder.encode("..");
const noBytes = new Uint8Array(0);

export function layOut<Ref>(tree: FileTree<Ref>): Layout<Ref> {
  const inodes: Inode<Ref>[] = [];
  const byNode = new Map<FileNode<Ref>, Inode<Ref>>();
  const visit = (node: FileNode<Ref>, parent: Inode<Ref> | undefined): void => {
    if (byNode.has(node)) return;
    const inode = describe(node, parent);
    inodes.push(inode);
    byNode.set(node, inode);
    for (const child of node.children?.values() ?? []) if (child.children === undefined) visit(child, inode);
    for (const child of node.children?.values() ?? []) if (child.children !== undefined) visit(child, inode);
  };
  // The root comes first: the superblock has 16 bits for its number.
  visit(tree.root, undefined);

  let at = superOffset + superSize;
  for (const inode of inodes) {
    const length = inodeSize + inode.xattrs.length + (inode.inline ? inode.size : 0);
    at = align(at, inodeSize);
    if ((at % blockSize) + length > blockSize) at = align(at, blockSize);
    inode.offset = at;
    at += length;
  }
  let block = Math.ceil(at / blockSize);
  for (const inode of inodes)
    if (!inode.inline && inode.node.type !== "file") {
      inode.block = block;
      block += Math.ceil(inode.size / blockSize);
    }
  const metadataSize = block * blockSize;
  for (const inode of inodes)
    if (inode.node.type === "file" && inode.size > 0) {
      inode.block = block;
      block += Math.ceil(inode.size / blockSize);
    }
  return { inodes, byNode, metadataSize, blocks: block };
}

function describe<Ref>(node: FileNode<Ref>, parent: Inode<Ref> | undefined): Inode<Ref> {
  const xattrs = node.xattrs === undefined ? noBytes : encodeXattrs(node.xattrs);
  const blocks = node.children === undefined ? [] : direntBlocks(node, parent?.node ?? node, node.children);
  const target = node.type === "symlink" ? encoder.encode(node.linkTarget) : undefined;
  const size = target !== undefined ? target.length : node.children === undefined ? node.size : directorySize(blocks);
  let links = node.links;
  if (node.children !== undefined) {
    links = 2;
    for (const child of node.children.values()) if (child.children !== undefined) links++;
  }
  // Inline content must not cross a block boundary, and files keep their data outside, where it need not be read yet.
  const inline = node.type !== "file" && size > 0 && inodeSize + xattrs.length + size <= blockSize;
  return { node, parent, offset: 0, xattrs, blocks, target, size, inline, block: 0, links };
}

function direntBlocks<Ref>(
  node: FileNode<Ref>,
  parent: FileNode<Ref>,
  children: ReadonlyMap<string, FileNode<Ref>>,
): readonly (readonly Dirent<Ref>[])[] {
  const dirents: Dirent<Ref>[] = [
    { name: dot, child: node },
    { name: dotDot, child: parent },
  ];
  for (const [name, child] of children) dirents.push({ name: encoder.encode(name), child });
  dirents.sort((a, b) => compareBytes(a.name, b.name));
  const blocks: Dirent<Ref>[][] = [];
  let current: Dirent<Ref>[] = [];
  let used = 0;
  for (const dirent of dirents) {
    const length = direntSize + dirent.name.length;
    if (used + length > blockSize) {
      blocks.push(current);
      current = [];
      used = 0;
    }
    current.push(dirent);
    used += length;
  }
  blocks.push(current);
  return blocks;
}

/** All blocks but the last count in full. */
function directorySize<Ref>(blocks: readonly (readonly Dirent<Ref>[])[]): number {
  const last = blocks[blocks.length - 1] ?? [];
  return (blocks.length - 1) * blockSize + last.reduce((sum, d) => sum + direntSize + d.name.length, 0);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export const align = (value: number, to: number): number => Math.ceil(value / to) * to;
