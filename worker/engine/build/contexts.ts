/** Contexts in the blob store while builds use them. What a killed engine left there goes when the next one starts. */
import type { BlobStore, Digest, RecordStore } from "../ports/storage.ts";
import { type StoredContext, storeContext } from "./solve/context-files.ts";

const recordKind = "build-context";

export class Contexts {
  readonly #blobs: BlobStore;
  readonly #records: RecordStore;
  /** A context may be a layer too, byte for byte. */
  readonly #isLayer: (digest: Digest) => boolean;
  readonly #users = new Map<Digest, number>();

  private constructor(blobs: BlobStore, records: RecordStore, isLayer: (digest: Digest) => boolean) {
    this.#blobs = blobs;
    this.#records = records;
    this.#isLayer = isLayer;
  }

  static async load(blobs: BlobStore, records: RecordStore, isLayer: (digest: Digest) => boolean): Promise<Contexts> {
    const contexts = new Contexts(blobs, records, isLayer);
    for (const { key } of await records.list(recordKind)) await contexts.#delete(key as Digest);
    return contexts;
  }

  async open(source: ReadableStream<Uint8Array>): Promise<StoredContext> {
    const context = await storeContext(source, this.#blobs);
    const users = this.#users.get(context.digest) ?? 0;
    this.#users.set(context.digest, users + 1);
    if (users === 0) await this.#records.put(recordKind, context.digest, {});
    return context;
  }

  async release({ digest }: StoredContext): Promise<void> {
    const left = (this.#users.get(digest) ?? 1) - 1;
    if (left > 0) this.#users.set(digest, left);
    else {
      this.#users.delete(digest);
      await this.#delete(digest);
    }
  }

  async #delete(digest: Digest): Promise<void> {
    if (!this.#isLayer(digest)) await this.#blobs.delete(digest).catch(() => undefined);
    await this.#records.delete(recordKind, digest);
  }
}
