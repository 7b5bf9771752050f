/** What a layer holds: its tree, and the bytes of its files. Two kinds: a tar in the store, or an eStargz blob read by parts. */
import { gunzipPrefix } from "../../compression.ts";
import { EngineError } from "../../errors.ts";
import type { BlobStore, Digest } from "../../ports/storage.ts";
import { digestOf } from "../../registry/repository-client.ts";
import type { FileTree } from "../file-tree.ts";
import type { EstargzChunk, EstargzFile, EstargzIndex } from "./estargz.ts";
import { layerTree } from "./layer-tree.ts";
import { type TarData, type TarIndex, tarFiles } from "./tar-index.ts";

export interface LayerContent<Ref = unknown> {
  readonly tree: FileTree<Ref>;
  /** Exactly `length` bytes of a file. */
  read(data: Ref, offset: number, length: number): Promise<Uint8Array>;
}

/** A blob somewhere else, read by byte ranges. */
export interface RemoteBlob {
  readonly size: number;
  readRange(offset: number, length: number): Promise<Uint8Array>;
  stream(signal?: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

export function tarContent(blobs: BlobStore, diffId: Digest, index: TarIndex): LayerContent<TarData> {
  return {
    tree: layerTree(tarFiles(index)),
    read: (data, offset, length) => blobs.read(diffId, data.offset + offset, length),
  };
}

/** A miss fetches at least so much: what lies next to a file in the blob is mostly needed next, and requests are slow. */
const windowSize = 128 << 10;

/**
 * A layer of which only the table of contents is here. Chunks come when they are read, are checked against their digests and
 * kept in the store under these. Once the whole layer is there, `complete` turns all reads to its tar.
 */
export class LazyContent implements LayerContent<EstargzFile> {
  readonly tree: FileTree<EstargzFile>;
  readonly #blobs: BlobStore;
  readonly #remote: RemoteBlob;
  /** All chunks in the order in which they lie in the blob. */
  readonly #chunks: readonly EstargzChunk[];
  /** Chunks on their way here or into the store. */
  readonly #arriving = new Map<Digest, Promise<Uint8Array>>();
  #tar: { readonly diffId: Digest; readonly offsets: ReadonlyMap<string, number> } | undefined;

  constructor(blobs: BlobStore, remote: RemoteBlob, index: EstargzIndex) {
    this.tree = layerTree(index.files);
    this.#blobs = blobs;
    this.#remote = remote;
    this.#chunks = index.files
      .flatMap(({ data }) => (data === undefined || data instanceof Uint8Array ? [] : data.chunks))
      .sort((a, b) => a.start - b.start);
  }

  complete(diffId: Digest, index: TarIndex): void {
    this.#tar = { diffId, offsets: new Map(index.entries.map((entry) => [clean(entry.name), entry.offset])) };
  }

  async read(file: EstargzFile, offset: number, length: number): Promise<Uint8Array> {
    const inTar = this.#tar?.offsets.get(clean(file.name));
    if (this.#tar !== undefined && inTar !== undefined)
      return this.#blobs.read(this.#tar.diffId, inTar + offset, length);
    const out = new Uint8Array(length);
    await Promise.all(
      file.chunks.map(async (chunk) => {
        const from = Math.max(offset, chunk.offset);
        const to = Math.min(offset + length, chunk.offset + chunk.size);
        if (to <= from) return;
        const bytes = await this.#chunkPart(chunk, from - chunk.offset, to - from);
        out.set(bytes, from - offset);
      }),
    );
    return out;
  }

  /** Fetches in one request all chunks that lie in the blob's first bytes. */
  async prefetch(index: EstargzIndex): Promise<void> {
    const chunks = this.#chunks.filter((chunk) => chunk.end <= index.prefetch);
    await Promise.all(this.#fetch(chunks));
  }

  async #chunkPart(chunk: EstargzChunk, offset: number, length: number): Promise<Uint8Array> {
    const arriving = this.#arriving.get(chunk.digest);
    if (arriving === undefined && (await this.#blobs.stat(chunk.digest)) !== undefined)
      return this.#blobs.read(chunk.digest, offset, length);
    // Another read may have asked for it meanwhile.
    if (!this.#arriving.has(chunk.digest)) await Promise.all(this.#fetch(this.#window(chunk)).slice(0, 1));
    const bytes = await this.#arriving.get(chunk.digest);
    // What has arrived is forgotten when the store has it.
    return bytes?.subarray(offset, offset + length) ?? (await this.#blobs.read(chunk.digest, offset, length));
  }

  /** The chunk and those that follow it closely in the blob and are not on their way. */
  #window(chunk: EstargzChunk): readonly EstargzChunk[] {
    const window = [chunk];
    for (let i = firstFrom(this.#chunks, chunk.start); i < this.#chunks.length; i++) {
      const next = this.#chunks[i];
      if (next === undefined || next.end > chunk.start + windowSize) break;
      if (next !== chunk && !this.#arriving.has(next.digest)) window.push(next);
    }
    return window;
  }

  /** One request for the range that holds all of these; a promise for each of them. */
  #fetch(chunks: readonly EstargzChunk[]): readonly Promise<Uint8Array>[] {
    if (chunks.length === 0) return [];
    const start = Math.min(...chunks.map((chunk) => chunk.start));
    const end = Math.max(...chunks.map((chunk) => chunk.end));
    const range = this.#remote.readRange(start, end - start);
    return chunks.map((chunk) => {
      const arriving = range.then((bytes) => unpack(chunk, bytes.subarray(chunk.start - start, chunk.end - start)));
      this.#arriving.set(chunk.digest, arriving);
      // The reader need not wait until it is stored.
      arriving
        .then((bytes) => this.#blobs.ingest(bytes, chunk.digest))
        .catch(() => undefined)
        .finally(() => this.#arriving.delete(chunk.digest));
      return arriving;
    });
  }
}

async function unpack(chunk: EstargzChunk, member: Uint8Array): Promise<Uint8Array> {
  const bytes = gunzipPrefix(member, chunk.inner + chunk.size).subarray(chunk.inner);
  if ((await digestOf(bytes)) !== chunk.digest)
    throw new EngineError("system", `layer data failed verification against ${chunk.digest}`);
  return bytes;
}

/** Index of the first chunk at or behind `start`. */
function firstFrom(chunks: readonly EstargzChunk[], start: number): number {
  let low = 0;
  let high = chunks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((chunks[middle]?.start ?? 0) < start) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Tar names and TOC names of one file differ in "./" and slashes only. */
const clean = (name: string): string => name.replace(/^(\.?\/)+/, "").replace(/\/$/, "");
