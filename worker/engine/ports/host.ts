/** What a domain needs of the world outside the machine, so that its decisions can be tested with fixed values. */
export interface Clock {
  now(): Date;
  /** Monotonic milliseconds. */
  monotonic(): number;
  /** Calls back after `ms`; the returned function cancels. */
  after(ms: number, callback: () => void): () => void;
}

export interface Randomness {
  bytes(count: number): Uint8Array;
}

/** Read-only bytes that appear in the guest as (part of) a block device. */
export interface BlockImage {
  /** Bytes; a multiple of 4096. */
  readonly size: number;
  read(offset: number, length: number): Promise<Uint8Array> | Uint8Array;
}

/** The machine's read-only disk, on which each layer is an extent. */
export interface LayerDisk {
  /** Puts the image on the disk and makes its extent a block device; answers the device's path in the guest, such as "/dev/sda7". The same key is attached once. */
  attach(key: string, image: BlockImage): Promise<string>;
  /** For a layer that the machine was saved with: where its bytes come from in this life, asked when it is first read. */
  reopen(key: string, find: () => Promise<BlockImage>): void;
  detach(key: string): Promise<void>;
}

/** HTTP to the outside. In a tab: fetch; in Node: sockets. Fails with a TypeError like fetch does. */
export type Fetch = (
  url: string,
  init?: {
    method?: string;
    headers?: Record<string, string>;
    body?: ReadableStream<Uint8Array> | Uint8Array | string;
    signal?: AbortSignal;
    redirect?: "follow" | "manual";
  },
) => Promise<Response>;
