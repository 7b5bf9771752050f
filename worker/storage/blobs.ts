import { sha256 } from "@noble/hashes/sha2.js";
import type { BlobStore, Digest } from "../engine/ports/storage.ts";
import { type ByteFile, type ByteFiles, readBytes } from "./files.ts";
import { type Hasher, type Received, receiveInto } from "./receive.ts";

export type { Hasher } from "./receive.ts";

const chunk = 1 << 20;
/** How many blobs stay open between reads. */
const openLimit = 64;

/** The blobs of one instant with their sizes. */
export type BlobsImage = ReadonlyMap<Digest, number>;

/** Content-addressed blobs as files `blobs/<hex>`; what is being received lies in `incoming/` and is dropped at the next start. */
export class FileBlobStore implements BlobStore {
  readonly #files: ByteFiles;
  readonly #hasher: () => Hasher;
  readonly #sizes = new Map<Digest, number>();
  readonly #open = new Map<Digest, Promise<ByteFile>>();
  /** What checkpoints need: a blob of theirs that is deleted keeps its file. */
  readonly #held = new Set<BlobsImage>();
  #incoming = 0;

  private constructor(files: ByteFiles, hasher: () => Hasher) {
    this.#files = files;
    this.#hasher = hasher;
  }

  static async open(files: ByteFiles, hasher: () => Hasher = () => sha256.create()): Promise<FileBlobStore> {
    const store = new FileBlobStore(files, hasher);
    for (const { name } of await files.list("incoming")) await files.delete(`incoming/${name}`);
    for (const { name, size } of await files.list("blobs")) store.#sizes.set(`sha256:${name}`, size);
    return store;
  }

  async stat(digest: Digest): Promise<{ readonly size: number } | undefined> {
    const size = this.#sizes.get(digest);
    return size === undefined ? undefined : { size };
  }

  async read(digest: Digest, offset: number, length: number): Promise<Uint8Array> {
    return readBytes(await this.#file(digest), offset, length);
  }

  open(digest: Digest): ReadableStream<Uint8Array> {
    let at = 0;
    return new ReadableStream({
      pull: async (controller) => {
        const data = await this.read(digest, at, chunk);
        if (data.length === 0) controller.close();
        else {
          at += data.length;
          controller.enqueue(data);
        }
      },
    });
  }

  async ingest(
    source: ReadableStream<Uint8Array> | Uint8Array,
    expected?: Digest,
  ): Promise<{ readonly digest: Digest; readonly size: number }> {
    const name = `incoming/${++this.#incoming}`;
    let received: Received;
    try {
      received =
        source instanceof ReadableStream && this.#files.receive !== undefined
          ? await this.#files.receive(name, source)
          : await receiveInto(await this.#files.open(name), source, this.#hasher());
    } catch (error) {
      await this.#files.delete(name);
      throw error;
    }
    const { hex, size } = received;
    const digest: Digest = `sha256:${hex}`;
    if (expected !== undefined && digest !== expected) {
      await this.#files.delete(name);
      throw new Error(`content is ${digest} (${size} bytes), expected ${expected}`);
    }
    if (this.#hasFile(digest)) {
      await this.#files.delete(name);
      this.#sizes.set(digest, size);
    } else {
      await this.#files.rename(name, `blobs/${hex}`);
      this.#sizes.set(digest, size);
    }
    return { digest, size };
  }

  async delete(digest: Digest): Promise<void> {
    this.#sizes.delete(digest);
    if (!this.#hasFile(digest)) await this.#remove(digest);
  }

  /** The blobs of now, which stay readable until the image is released. */
  capture(): BlobsImage {
    const image = new Map(this.#sizes);
    this.#held.add(image);
    return image;
  }

  /** Holds what a checkpoint in storage needs. */
  hold(image: BlobsImage): void {
    this.#held.add(image);
  }

  /** Makes the blobs those of a held image: later ones go. */
  async putBack(image: BlobsImage): Promise<void> {
    const later = [...this.#sizes.keys()].filter((digest) => !image.has(digest));
    for (const [digest, size] of image) this.#sizes.set(digest, size);
    for (const digest of later) await this.delete(digest);
  }

  async release(image: BlobsImage): Promise<void> {
    this.#held.delete(image);
    for (const digest of image.keys()) if (!this.#hasFile(digest)) await this.#remove(digest);
  }

  #hasFile(digest: Digest): boolean {
    return this.#sizes.has(digest) || [...this.#held].some((image) => image.has(digest));
  }

  async #remove(digest: Digest): Promise<void> {
    const open = this.#open.get(digest);
    this.#open.delete(digest);
    (await open)?.close();
    await this.#files.delete(`blobs/${digest.slice(7)}`);
  }

  async list(): Promise<readonly { readonly digest: Digest; readonly size: number }[]> {
    return [...this.#sizes].map(([digest, size]) => ({ digest, size }));
  }

  #file(digest: Digest): Promise<ByteFile> {
    const known = this.#open.get(digest);
    if (known !== undefined) return known;
    if (!this.#hasFile(digest)) return Promise.reject(new Error(`no such blob: ${digest}`));
    if (this.#open.size >= openLimit) {
      const oldest = this.#open.keys().next().value;
      if (oldest !== undefined) {
        void this.#open.get(oldest)?.then((file) => file.close());
        this.#open.delete(oldest);
      }
    }
    const file = this.#files.open(`blobs/${digest.slice(7)}`);
    this.#open.set(digest, file);
    return file;
  }
}
