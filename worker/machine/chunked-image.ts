import { sha256 } from "@noble/hashes/sha2.js";
import { inflateSync } from "fflate";
import type { BlockImage } from "../engine/ports/host.ts";

/** What guest-image/rootfs writes beside the chunks of the userland (build/userland/manifest.json). */
export interface ChunkManifest {
  /** Bytes of the whole image. */
  readonly size: number;
  readonly sha256: string;
  readonly chunkSize: number;
  /** SHA-256 of each chunk's content, by which its raw-deflated file is named; null is zeros. */
  readonly chunks: readonly (string | null)[];
  /** Indexes of the chunks that the first prompt reads. */
  readonly prefetch: readonly number[];
}

/** A read-only image whose chunks are fetched when the machine reads them. Each chunk is checked against its name and kept. */
export class ChunkedImage implements BlockImage {
  readonly size: number;
  readonly #manifest: ChunkManifest;
  readonly #fetch: (name: string) => Promise<Uint8Array>;
  readonly #chunks = new Map<number, Uint8Array | Promise<Uint8Array>>();

  constructor(manifest: ChunkManifest, fetch: (name: string) => Promise<Uint8Array>) {
    this.size = Math.ceil(manifest.size / 4096) * 4096;
    this.#manifest = manifest;
    this.#fetch = fetch;
  }

  read(offset: number, length: number): Uint8Array | Promise<Uint8Array> {
    const { chunkSize } = this.#manifest;
    const first = Math.floor(offset / chunkSize);
    const last = Math.floor((offset + length - 1) / chunkSize);
    if (first === last) {
      const chunk = this.#chunk(first);
      const from = offset - first * chunkSize;
      return chunk instanceof Promise
        ? chunk.then((bytes) => bytes.subarray(from, from + length))
        : chunk.subarray(from, from + length);
    }
    return this.#assemble(offset, length, first, last);
  }

  async #assemble(offset: number, length: number, first: number, last: number): Promise<Uint8Array> {
    const { chunkSize } = this.#manifest;
    const out = new Uint8Array(length);
    const wanted = Array.from({ length: last - first + 1 }, (_, i) => this.#chunk(first + i));
    const chunks = await Promise.all(wanted);
    chunks.forEach((chunk, i) => {
      const start = (first + i) * chunkSize;
      const from = Math.max(0, offset - start);
      const to = Math.min(chunkSize, offset + length - start);
      out.set(chunk.subarray(from, to), start + from - offset);
    });
    return out;
  }

  /** Fetches what the first prompt will read; failures show when it is read. */
  prefetch(): void {
    for (const index of this.#manifest.prefetch) {
      const chunk = this.#chunk(index);
      if (chunk instanceof Promise) chunk.catch(() => undefined);
    }
  }

  #chunk(index: number): Uint8Array | Promise<Uint8Array> {
    const known = this.#chunks.get(index);
    if (known !== undefined) return known;
    const name = this.#manifest.chunks[index] ?? null;
    if (name === null) return new Uint8Array(this.#manifest.chunkSize);
    const loading = this.#load(name).then(
      (bytes) => {
        this.#chunks.set(index, bytes);
        return bytes;
      },
      (error: unknown) => {
        // Forgotten, so that the next read tries again.
        this.#chunks.delete(index);
        throw error;
      },
    );
    this.#chunks.set(index, loading);
    return loading;
  }

  async #load(name: string): Promise<Uint8Array> {
    const content = inflateSync(await this.#fetch(name));
    const hex = [...sha256(content)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (hex !== name) throw new Error(`a piece of the userland is damaged: expected ${name}, got ${hex}`);
    if (content.length === this.#manifest.chunkSize) return content;
    const whole = new Uint8Array(this.#manifest.chunkSize);
    whole.set(content);
    return whole;
  }
}
