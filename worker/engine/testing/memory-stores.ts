/** The storage ports in memory, for tests and for a private window that has no durable storage. */
import { EngineError } from "../errors.ts";
import type { BlobStore, Digest, LogStore, RecordStore } from "../ports/storage.ts";

const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

async function sha256(bytes: Uint8Array): Promise<Digest> {
  return `sha256:${hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)))}`;
}

async function collect(source: ReadableStream<Uint8Array> | Uint8Array): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source.slice();
  return new Uint8Array(await new Response(source as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());
}

const noBytes = new Uint8Array(0);

export class MemoryBlobStore implements BlobStore {
  readonly #blobs = new Map<Digest, Uint8Array>();

  async stat(digest: Digest): Promise<{ readonly size: number } | undefined> {
    const blob = this.#blobs.get(digest);
    return blob && { size: blob.length };
  }

  async read(digest: Digest, offset: number, length: number): Promise<Uint8Array> {
    return this.#blob(digest).slice(offset, offset + length);
  }

  open(digest: Digest): ReadableStream<Uint8Array> {
    const blob = this.#blob(digest);
    let at = 0;
    return new ReadableStream({
      pull(controller) {
        if (at >= blob.length) controller.close();
        else {
          controller.enqueue(blob.slice(at, at + 65536));
          at += 65536;
        }
      },
    });
  }

  async ingest(
    source: ReadableStream<Uint8Array> | Uint8Array,
    expected?: Digest,
  ): Promise<{ readonly digest: Digest; readonly size: number }> {
    const bytes = await collect(source);
    const digest = await sha256(bytes);
    if (expected !== undefined && digest !== expected)
      throw new EngineError("invalidParameter", `unexpected digest: got ${digest}, expected ${expected}`);
    this.#blobs.set(digest, bytes);
    return { digest, size: bytes.length };
  }

  async delete(digest: Digest): Promise<void> {
    this.#blobs.delete(digest);
  }

  async list(): Promise<readonly { readonly digest: Digest; readonly size: number }[]> {
    return [...this.#blobs].map(([digest, bytes]) => ({ digest, size: bytes.length }));
  }

  #blob(digest: Digest): Uint8Array {
    const blob = this.#blobs.get(digest);
    if (blob === undefined) throw new EngineError("notFound", `blob ${digest} not found`, { resource: digest });
    return blob;
  }
}

/** Keeps JSON texts, so that a caller who changes a value after `put` or `get` changes nothing in the store. */
export class MemoryRecordStore implements RecordStore {
  readonly #kinds = new Map<string, Map<string, string>>();

  async get(kind: string, key: string): Promise<unknown> {
    const text = this.#kinds.get(kind)?.get(key);
    return text === undefined ? undefined : JSON.parse(text);
  }

  async put(kind: string, key: string, value: unknown): Promise<void> {
    const records = this.#kinds.get(kind) ?? new Map<string, string>();
    this.#kinds.set(kind, records);
    records.set(key, JSON.stringify(value));
  }

  async delete(kind: string, key: string): Promise<void> {
    this.#kinds.get(kind)?.delete(key);
  }

  async list(kind: string): Promise<readonly { readonly key: string; readonly value: unknown }[]> {
    return [...(this.#kinds.get(kind) ?? [])].map(([key, text]) => ({ key, value: JSON.parse(text) }));
  }
}

export class MemoryLogStore implements LogStore {
  readonly #files = new Map<string, Uint8Array[]>();

  async append(name: string, data: Uint8Array): Promise<void> {
    const chunks = this.#files.get(name) ?? [];
    this.#files.set(name, chunks);
    chunks.push(data.slice());
  }

  async size(name: string): Promise<number> {
    return (this.#files.get(name) ?? []).reduce((sum, chunk) => sum + chunk.length, 0);
  }

  async read(name: string, offset: number, length: number): Promise<Uint8Array> {
    return this.#whole(name).slice(offset, offset + length);
  }

  async rename(from: string, to: string): Promise<void> {
    const chunks = this.#files.get(from);
    if (chunks === undefined) return;
    this.#files.delete(from);
    this.#files.set(to, chunks);
  }

  async delete(name: string): Promise<void> {
    this.#files.delete(name);
  }

  /** The file in one piece; merges the chunks so that a reader who polls pays for copying once. */
  #whole(name: string): Uint8Array {
    const chunks = this.#files.get(name);
    if (chunks === undefined) return noBytes;
    if (chunks.length === 1) return chunks[0] ?? noBytes;
    const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let at = 0;
    for (const chunk of chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    chunks.splice(0, chunks.length, whole);
    return whole;
  }
}
