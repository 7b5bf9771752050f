/**
 * Layers by diff id, the digest of their uncompressed tar. A layer is complete (its tar is a blob) or lazy (an eStargz blob in a
 * registry, of which the verified table of contents and some chunks are here). Records survive a restart, content is opened when needed.
 */
import { decompressAny, peek } from "../../compression.ts";
import { EngineError } from "../../errors.ts";
import type { BlobStore, Digest, RecordStore } from "../../ports/storage.ts";
import { type EstargzIndex, parseToc } from "./estargz.ts";
import { type LayerContent, LazyContent, type RemoteBlob, tarContent } from "./layer-content.ts";
import { decodeTarIndex, encodeTarIndex, indexing, type TarIndex } from "./tar-index.ts";

/** Where a compressed form of the layer lies, so that a push there need not upload it. */
export interface LayerOrigin {
  /** Base address of the registry. */
  readonly registry: string;
  readonly repository: string;
  readonly digest: Digest;
  readonly size: number;
  readonly mediaType: string;
}

interface LayerRecord {
  readonly schema: 1;
  /** Sum of its files' sizes. */
  readonly size: number;
  readonly content:
    | { readonly form: "tar"; readonly index: Digest }
    | { readonly form: "lazy"; readonly toc: Digest; readonly tocOffset: number; readonly origin: LayerOrigin };
  readonly origins: readonly LayerOrigin[];
}

export interface LayerInfo {
  readonly diffId: Digest;
  readonly size: number;
  readonly complete: boolean;
  readonly origins: readonly LayerOrigin[];
}

const recordKind = "layer";

export class LayerStore {
  readonly #blobs: BlobStore;
  readonly #records: RecordStore;
  readonly #openRemote: (origin: LayerOrigin) => RemoteBlob;
  readonly #layers = new Map<Digest, LayerRecord>();
  readonly #open = new Map<Digest, Promise<LayerContent>>();
  readonly #completing = new Map<Digest, Promise<void>>();

  private constructor(blobs: BlobStore, records: RecordStore, openRemote: (origin: LayerOrigin) => RemoteBlob) {
    this.#blobs = blobs;
    this.#records = records;
    this.#openRemote = openRemote;
  }

  static async load(
    blobs: BlobStore,
    records: RecordStore,
    openRemote: (origin: LayerOrigin) => RemoteBlob,
  ): Promise<LayerStore> {
    const store = new LayerStore(blobs, records, openRemote);
    for (const { key, value } of await records.list(recordKind)) store.#layers.set(key as Digest, value as LayerRecord);
    return store;
  }

  info(diffId: Digest): LayerInfo | undefined {
    const record = this.#layers.get(diffId);
    return record && { diffId, size: record.size, complete: record.content.form === "tar", origins: record.origins };
  }

  list(): readonly LayerInfo[] {
    return [...this.#layers.keys()].flatMap((diffId) => this.info(diffId) ?? []);
  }

  /** Stores a layer's tar, compressed or not. With `expected`, other content is refused. */
  async addTar(
    source: ReadableStream<Uint8Array>,
    options: { readonly expected?: Digest; readonly origin?: LayerOrigin } = {},
  ): Promise<LayerInfo> {
    const { stream, index } = indexing(await decompressAny(source));
    const { digest } = await this.#blobs.ingest(stream, options.expected);
    return await this.#putTar(digest, index(), options.origin === undefined ? [] : [options.origin]);
  }

  /** Makes a layer of a tar that is in the blob store already. */
  async adopt(diffId: Digest, known?: TarIndex): Promise<LayerInfo> {
    const existing = this.info(diffId);
    if (existing?.complete === true) return existing;
    if (known !== undefined) return await this.#putTar(diffId, known, []);
    const { start, stream } = await peek(this.#blobs.open(diffId), 1);
    const { stream: indexed, index } = indexing(stream);
    const reader = indexed.getReader();
    while (!(await reader.read()).done);
    if (start.length === 0) throw new EngineError("invalidParameter", "unexpected EOF");
    return await this.#putTar(diffId, index(), []);
  }

  /** Adds a layer of which the table of contents has been verified; its hot files are fetched before this resolves. */
  async addLazy(diffId: Digest, origin: LayerOrigin, toc: Uint8Array, tocOffset: number): Promise<LayerInfo> {
    const index = parseToc(toc, tocOffset);
    const content = new LazyContent(this.#blobs, this.#openRemote(origin), index);
    await content.prefetch(index);
    const { digest } = await this.#blobs.ingest(toc);
    // The table of contents is a file of the tar too, and Docker counts it.
    const size = index.size + toc.length;
    await this.#put(diffId, {
      schema: 1,
      size,
      content: { form: "lazy", toc: digest, tocOffset, origin },
      origins: [origin],
    });
    this.#open.set(diffId, Promise.resolve(content as LayerContent));
    return { diffId, size, complete: false, origins: [origin] };
  }

  async addOrigin(diffId: Digest, origin: LayerOrigin): Promise<void> {
    const record = this.#record(diffId);
    const others = record.origins.filter((o) => o.registry !== origin.registry || o.repository !== origin.repository);
    await this.#put(diffId, { ...record, origins: [...others, origin] });
  }

  content(diffId: Digest): Promise<LayerContent> {
    const open = this.#open.get(diffId);
    if (open !== undefined) return open;
    const opening = this.#load(diffId);
    this.#open.set(diffId, opening);
    opening.catch(() => this.#open.delete(diffId));
    return opening;
  }

  /** The layer's uncompressed tar; a lazy layer is completed first. */
  async openTar(diffId: Digest): Promise<ReadableStream<Uint8Array>> {
    await this.complete(diffId);
    return this.#blobs.open(diffId);
  }

  async tarSize(diffId: Digest): Promise<number> {
    await this.complete(diffId);
    return (await this.#blobs.stat(diffId))?.size ?? 0;
  }

  /** Fetches all of a lazy layer and checks it against both its digests. */
  complete(diffId: Digest, signal?: AbortSignal): Promise<void> {
    if (this.#record(diffId).content.form === "tar") return Promise.resolve();
    let running = this.#completing.get(diffId);
    if (running === undefined) {
      running = this.#complete(diffId, signal).finally(() => this.#completing.delete(diffId));
      this.#completing.set(diffId, running);
    }
    return running;
  }

  /** Forgets the layer and deletes what only it kept. Its image must not be mounted any more. */
  async remove(diffId: Digest): Promise<void> {
    const record = this.#layers.get(diffId);
    if (record === undefined) return;
    await this.#records.delete(recordKind, diffId);
    this.#layers.delete(diffId);
    this.#open.delete(diffId);
    if (record.content.form === "tar") {
      await this.#blobs.delete(diffId);
      await this.#deleteUnused([record.content.index]);
    } else {
      const chunks = await this.#chunksOf(record.content.toc, record.content.tocOffset);
      await this.#deleteUnused([record.content.toc, ...chunks]);
    }
  }

  /** Deletes those of these blobs that no layer uses. */
  async discard(digests: readonly Digest[]): Promise<void> {
    await this.#deleteUnused(digests);
  }

  async #load(diffId: Digest): Promise<LayerContent> {
    const { content } = this.#record(diffId);
    if (content.form === "tar") {
      const index = decodeTarIndex(await this.#whole(content.index));
      return tarContent(this.#blobs, diffId, index) as LayerContent;
    }
    const index = parseToc(await this.#whole(content.toc), content.tocOffset);
    return new LazyContent(this.#blobs, this.#openRemote(content.origin), index) as LayerContent;
  }

  async #complete(diffId: Digest, signal: AbortSignal | undefined): Promise<void> {
    const { content, origins } = this.#record(diffId);
    if (content.form === "tar") return;
    const open = await this.content(diffId);
    const compressed = await this.#openRemote(content.origin).stream(signal);
    const { stream, index } = indexing(await decompressAny(compressed));
    await this.#blobs.ingest(stream, diffId);
    const chunks = await this.#chunksOf(content.toc, content.tocOffset);
    if (open instanceof LazyContent) open.complete(diffId, index());
    await this.#putTar(diffId, index(), origins);
    await this.#deleteUnused([content.toc, ...chunks]);
  }

  async #putTar(diffId: Digest, index: TarIndex, origins: readonly LayerOrigin[]): Promise<LayerInfo> {
    const { digest } = await this.#blobs.ingest(encodeTarIndex(index));
    const known = [...origins, ...(this.#layers.get(diffId)?.origins ?? [])];
    const unique = known.filter((o, i) => known.findIndex((p) => toKey(p) === toKey(o)) === i);
    await this.#put(diffId, {
      schema: 1,
      size: index.size,
      content: { form: "tar", index: digest },
      origins: unique,
    });
    return { diffId, size: index.size, complete: true, origins: unique };
  }

  async #put(diffId: Digest, record: LayerRecord): Promise<void> {
    await this.#records.put(recordKind, diffId, record);
    this.#layers.set(diffId, record);
  }

  #record(diffId: Digest): LayerRecord {
    const record = this.#layers.get(diffId);
    if (record === undefined) throw new EngineError("notFound", "layer does not exist", { resource: diffId });
    return record;
  }

  async #whole(digest: Digest): Promise<Uint8Array> {
    return this.#blobs.read(digest, 0, (await this.#blobs.stat(digest))?.size ?? 0);
  }

  async #chunksOf(toc: Digest, tocOffset: number): Promise<readonly Digest[]> {
    return chunkDigests(parseToc(await this.#whole(toc), tocOffset));
  }

  /** Chunks and indexes may be shared: equal files of two layers are one blob. */
  async #deleteUnused(digests: readonly Digest[]): Promise<void> {
    const used = new Set<Digest>(this.#layers.keys());
    for (const { content } of this.#layers.values())
      if (content.form === "tar") used.add(content.index);
      else {
        used.add(content.toc);
        for (const chunk of await this.#chunksOf(content.toc, content.tocOffset)) used.add(chunk);
      }
    for (const digest of new Set(digests)) if (!used.has(digest)) await this.#blobs.delete(digest);
  }
}

const toKey = (origin: LayerOrigin): string => `${origin.registry} ${origin.repository}`;

const chunkDigests = (index: EstargzIndex): readonly Digest[] =>
  index.files.flatMap(({ data }) =>
    data === undefined || data instanceof Uint8Array ? [] : data.chunks.map((chunk) => chunk.digest),
  );
