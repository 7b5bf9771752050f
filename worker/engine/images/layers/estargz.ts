/**
 * eStargz (github.com/containerd/stargz-snapshotter, docs/estargz.md): a gzip layer in which each file, or chunk of it, is a gzip
 * member of its own, with a table of contents (TOC) as its last tar entry and a footer that says where the TOC begins.
 */
import { gunzipPrefix } from "../../compression.ts";
import { EngineError } from "../../errors.ts";
import type { Digest } from "../../ports/storage.ts";
import { readNumber, tarBlock } from "../../tar-format.ts";
import type { FileEntry } from "../file-tree.ts";
import { isDigest } from "../reference.ts";
import { fromBase64 } from "./tar-index.ts";

/** On a layer's descriptor: the digest of the TOC's JSON. With it a layer can be trusted before all of it is there. */
export const tocDigestAnnotation = "containerd.io/snapshot/stargz/toc.digest";
export const footerSize = 51;
const prefetchLandmark = ".prefetch.landmark";

export interface EstargzChunk {
  /** Position in the file, and length. */
  readonly offset: number;
  readonly size: number;
  readonly digest: Digest;
  /** The gzip member's range in the blob, and the chunk's offset in what it holds. */
  readonly start: number;
  readonly end: number;
  readonly inner: number;
}
export interface EstargzFile {
  readonly name: string;
  readonly size: number;
  readonly chunks: readonly EstargzChunk[];
}
export interface EstargzIndex {
  readonly files: readonly FileEntry<EstargzFile>[];
  /** Sum of the files' sizes. */
  readonly size: number;
  /** Files in the blob's first bytes are needed at once; 0 where none are marked. */
  readonly prefetch: number;
}

/** Offset of the TOC in the blob; `undefined` when the bytes are no eStargz footer. */
export function parseFooter(footer: Uint8Array): number | undefined {
  // A gzip header with the extra field "SG": 22 bytes, the offset in hexadecimal and the word STARGZ (RFC 1952, 2.3.1.1).
  const gzipWithExtra = [0x1f, 0x8b, 0x08, 0x04];
  if (!gzipWithExtra.every((byte, i) => footer[i] === byte)) return undefined;
  const match = /^SG..([0-9a-f]{16})STARGZ$/s.exec(new TextDecoder("latin1").decode(footer.subarray(12, 38)));
  return match?.[1] === undefined ? undefined : Number.parseInt(match[1], 16);
}

/** The TOC's JSON out of its gzip member. */
export function unpackToc(member: Uint8Array): Uint8Array {
  const header = gunzipPrefix(member, tarBlock);
  const size = readNumber(header, 124, 12);
  if (size < 0 || size > 256 << 20) throw broken("its table of contents is too large");
  return gunzipPrefix(member, tarBlock + size).subarray(tarBlock);
}

interface TocEntry {
  readonly name: string;
  readonly type: string;
  readonly size?: number;
  readonly modtime?: string;
  readonly linkName?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly offset?: number;
  readonly innerOffset?: number;
  readonly devMajor?: number;
  readonly devMinor?: number;
  readonly xattrs?: Readonly<Record<string, string>>;
  readonly chunkOffset?: number;
  readonly chunkSize?: number;
  readonly chunkDigest?: string;
}

const types: Readonly<Record<string, FileEntry<EstargzFile>["type"]>> = {
  dir: "directory",
  reg: "file",
  symlink: "symlink",
  hardlink: "hardlink",
  char: "char",
  block: "block",
  fifo: "fifo",
};

/** `end`: where the last file's member ends, which is the TOC's offset. Throws when a chunk could not be verified. */
export function parseToc(json: Uint8Array, end: number): EstargzIndex {
  const entries = readEntries(json);
  const starts = [...new Set(entries.filter(holdsData).map((entry) => entry.offset ?? 0))].sort((a, b) => a - b);
  const ends = new Map(starts.map((start, i) => [start, starts[i + 1] ?? end]));
  const files: FileEntry<EstargzFile>[] = [];
  let size = 0;
  let prefetch = 0;
  let current: { readonly name: string; readonly size: number; readonly chunks: EstargzChunk[] } | undefined;
  for (const entry of entries) {
    if (entry.type === "chunk") {
      if (current === undefined || current.name !== entry.name) throw broken("a chunk without its file");
      current.chunks.push(chunkOf(entry, current.size, ends));
      continue;
    }
    const type = types[entry.type];
    if (type === undefined) throw broken(`unknown type ${JSON.stringify(entry.type)}`);
    if (entry.name === prefetchLandmark) prefetch = entry.offset ?? 0;
    current = { name: entry.name, size: type === "file" ? (entry.size ?? 0) : 0, chunks: [] };
    if (holdsData(entry)) current.chunks.push(chunkOf(entry, current.size, ends));
    size += current.size;
    files.push(fileOf(entry, type, current));
  }
  for (const { data } of files) if (data !== undefined && !(data instanceof Uint8Array)) checkChunks(data);
  return { files, size, prefetch };
}

function readEntries(json: Uint8Array): readonly TocEntry[] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(json));
  } catch (cause) {
    throw new EngineError("system", "eStargz layer: its table of contents is no JSON", { cause });
  }
  const entries = (value as { entries?: unknown } | null)?.entries;
  if (!Array.isArray(entries)) throw broken("its table of contents has no entries");
  for (const entry of entries)
    if (typeof entry?.name !== "string" || typeof entry.type !== "string") throw broken("an entry without a name");
  return entries as TocEntry[];
}

const holdsData = (entry: TocEntry): boolean =>
  (entry.type === "reg" && (entry.size ?? 0) > 0) || entry.type === "chunk";

function chunkOf(entry: TocEntry, fileSize: number, ends: ReadonlyMap<number, number>): EstargzChunk {
  const digest = entry.chunkDigest ?? "";
  if (!isDigest(digest)) throw broken(`no digest for a chunk of ${JSON.stringify(entry.name)}`);
  const start = entry.offset ?? 0;
  const offset = entry.chunkOffset ?? 0;
  const size = entry.chunkSize !== undefined && entry.chunkSize > 0 ? entry.chunkSize : fileSize - offset;
  if (![start, offset, size, entry.innerOffset ?? 0].every((n) => Number.isSafeInteger(n) && n >= 0))
    throw broken(`impossible offsets of ${JSON.stringify(entry.name)}`);
  return { offset, size, digest, start, end: ends.get(start) ?? start, inner: entry.innerOffset ?? 0 };
}

function checkChunks(file: EstargzFile): void {
  let at = 0;
  for (const chunk of file.chunks) {
    if (chunk.offset !== at) throw broken(`gaps in ${JSON.stringify(file.name)}`);
    at += chunk.size;
  }
  if (at !== file.size) throw broken(`${JSON.stringify(file.name)} is incomplete`);
}

function fileOf(entry: TocEntry, type: FileEntry<EstargzFile>["type"], content: EstargzFile): FileEntry<EstargzFile> {
  const time = Date.parse(entry.modtime ?? "");
  return {
    path: entry.name,
    type,
    mode: unixMode(entry.mode ?? 0),
    uid: entry.uid ?? 0,
    gid: entry.gid ?? 0,
    mtime: Number.isNaN(time) || time < 0 ? 0 : time / 1000,
    size: type === "file" ? (entry.size ?? 0) : 0,
    ...(type === "file" ? { data: content } : {}),
    linkTarget: entry.linkName ?? "",
    major: entry.devMajor ?? 0,
    minor: entry.devMinor ?? 0,
    ...(entry.xattrs === undefined
      ? {}
      : { xattrs: Object.fromEntries(Object.entries(entry.xattrs).map(([k, v]) => [k, fromBase64(v)])) }),
  };
}

/** The TOC holds Go's os.FileMode in `mode` (hdr.FileInfo().Mode().Perm() and its setuid bits), or plain Unix bits. */
function unixMode(mode: number): number {
  const goSetuid = 2 ** 23;
  const goSetgid = 2 ** 22;
  const goSticky = 2 ** 20;
  const has = (bit: number): boolean => Math.floor(mode / bit) % 2 === 1;
  return (mode & 0o7777) | (has(goSetuid) ? 0o4000 : 0) | (has(goSetgid) ? 0o2000 : 0) | (has(goSticky) ? 0o1000 : 0);
}

const broken = (what: string): EngineError => new EngineError("system", `eStargz layer: ${what}`);
