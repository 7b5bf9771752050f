import type { ByteFile } from "./byte-file.ts";

/** Incremental SHA-256. Node's own is some five times faster than JavaScript's. */
export interface Hasher {
  update(data: Uint8Array): unknown;
  digest(): Uint8Array;
}

export interface Received {
  /** SHA-256 in hexadecimal. */
  readonly hex: string;
  readonly size: number;
}

/** Fills a file from a stream, hashing what passes; the file is on the disk, and closed, when this resolves. */
export async function receiveInto(
  file: ByteFile,
  source: ReadableStream<Uint8Array> | Uint8Array,
  hash: Hasher,
): Promise<Received> {
  let size = 0;
  try {
    file.truncate(0);
    for await (const data of pieces(source)) {
      hash.update(data);
      file.write(size, data);
      size += data.length;
    }
    file.flush();
  } finally {
    file.close();
  }
  return { hex: [...hash.digest()].map((byte) => byte.toString(16).padStart(2, "0")).join(""), size };
}

async function* pieces(source: ReadableStream<Uint8Array> | Uint8Array): AsyncIterable<Uint8Array> {
  if (source instanceof Uint8Array) {
    yield source;
    return;
  }
  const reader = source.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // Whoever stops early wants no more of it, and the source should know.
    await reader.cancel().catch(() => {});
  }
}
