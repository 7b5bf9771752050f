/** zstd as a stream: chunks are decompressed while the next ones are on their way. */

import { ZSTDDecoder } from "zstddec/stream";

export async function* decompressZstd(source: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = new ZSTDDecoder();
  await decoder.init();
  const arrived: Uint8Array[] = [];
  const output = decoder.decodeStreaming({
    *[Symbol.iterator]() {
      for (let next = arrived.shift(); next !== undefined; next = arrived.shift()) yield next;
    },
  });
  // The decoder takes at most one chunk for each of its steps, so a step is safe while another chunk is there.
  for await (const chunk of iterate(source)) {
    if (chunk.length > 0) arrived.push(chunk);
    while (arrived.length > 1) {
      const { value, done } = output.next();
      if (done) return;
      if (value.length > 0) yield value;
    }
  }
  for (const value of output) if (value.length > 0) yield value;
}

/** Not every browser's streams can be iterated. */
async function* iterate(source: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = source.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
