/**
 * The durable half of a playground: content-addressed blobs and engine records. OPFS in a Worker, files in Node, maps in tests.
 * A promise that has resolved means durable: what a client was told of survives a killed Worker.
 */

/** "sha256:" and 64 hex digits. */
export type Digest = `sha256:${string}`;

export interface BlobStore {
  stat(digest: Digest): Promise<{ readonly size: number } | undefined>;
  /** Fewer bytes than asked for only at the blob's end. */
  read(digest: Digest, offset: number, length: number): Promise<Uint8Array>;
  open(digest: Digest): ReadableStream<Uint8Array>;
  /** Stores a stream under its SHA-256. With `expected`, other content is rejected and nothing kept. */
  ingest(
    source: ReadableStream<Uint8Array> | Uint8Array,
    expected?: Digest,
  ): Promise<{ readonly digest: Digest; readonly size: number }>;
  delete(digest: Digest): Promise<void>;
  list(): Promise<readonly { readonly digest: Digest; readonly size: number }[]>;
}

/** Small plain-data records by kind and key. Values are JSON. */
export interface RecordStore {
  get(kind: string, key: string): Promise<unknown>;
  put(kind: string, key: string, value: unknown): Promise<void>;
  delete(kind: string, key: string): Promise<void>;
  list(kind: string): Promise<readonly { readonly key: string; readonly value: unknown }[]>;
}

/** Append-only byte files with rotation, for container logs. Reads may follow writes that are not yet durable. */
export interface LogStore {
  append(name: string, data: Uint8Array): Promise<void>;
  size(name: string): Promise<number>;
  read(name: string, offset: number, length: number): Promise<Uint8Array>;
  rename(from: string, to: string): Promise<void>;
  delete(name: string): Promise<void>;
}
