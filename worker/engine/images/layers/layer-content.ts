/** What a layer holds: its tree, and the bytes of its files. Two kinds: a tar in the store, or an eStargz blob read by parts. */
import { gunzipPrefix } from "../../compression.ts";
import { EngineError } from "../../errors.ts";
import type { BlobStore, Digest } from "../../ports/storage.ts";
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

/**
 * A layer of which only the table of contents is here. Chunks come when they are read, are checked against their digests and
 * kept in the store under these. Once the whole layer is there, `complete` turns all reads to its tar.
 */
export class LazyContent implements LayerContent<EstargzFile> {
  readonly tree: FileTree<EstargzFile>;
  readonly #blobs: BlobStore;
  readonly #remote: RemoteBlob;
  readonly #arriving = new Map<Digest, Promise<Uint8Array>>();
  #tar: { readonly diffId: Digest; readonly offsets: ReadonlyMap<string, number> } | undefined;

  constructor(blobs: BlobStore, remote: RemoteBlob, index: EstargzIndex) {
    this.tree = layerTree(index.files);
    this.#blobs = blobs;
    this.#remote = remote;
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
    if (index.prefetch === 0) return;
    const bytes = await this.#remote.readRange(0, index.prefetch);
    for (const { data } of index.files)
      if (data !== undefined && !(data instanceof Uint8Array))
        for (const chunk of data.chunks)
          if (chunk.end <= bytes.length) await this.#unpack(chunk, bytes.subarray(chunk.start, chunk.end));
  }

  async #chunkPart(chunk: EstargzChunk, offset: number, length: number): Promise<Uint8Array> {
    if ((await this.#blobs.stat(chunk.digest)) !== undefined) return this.#blobs.read(chunk.digest, offset, length);
    let arriving = this.#arriving.get(chunk.digest);
    if (arriving === undefined) {
      arriving = this.#remote
        .readRange(chunk.start, chunk.end - chunk.start)
        .then((member) => this.#unpack(chunk, member))
        .finally(() => this.#arriving.delete(chunk.digest));
      this.#arriving.set(chunk.digest, arriving);
    }
    return (await arriving).subarray(offset, offset + length);
  }

  async #unpack(chunk: EstargzChunk, member: Uint8Array): Promise<Uint8Array> {
    const bytes = gunzipPrefix(member, chunk.inner + chunk.size).subarray(chunk.inner);
    await this.#blobs.ingest(bytes, chunk.digest).catch((cause) => {
      throw new EngineError("system", `layer data failed verification against ${chunk.digest}`, { cause });
    });
    return bytes;
  }
}

/** Tar names and TOC names of one file differ in "./" and slashes only. */
const clean = (name: string): string => name.replace(/^(\.?\/)+/, "").replace(/\/$/, "");
