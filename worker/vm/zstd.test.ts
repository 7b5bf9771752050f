import { compress, init } from "@bokuweb/zstd-wasm";
import { beforeAll, describe, expect, it } from "vitest";
import { decompressZstd } from "./zstd.ts";

const stream = (bytes: Uint8Array, piece: number) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += piece) controller.enqueue(bytes.slice(at, at + piece));
      controller.close();
    },
  });

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts);
}

describe("zstd as a stream", () => {
  const text = Buffer.from(Array.from({ length: 60_000 }, (_, index) => `line ${index * index}\n`).join(""));
  let packed = new Uint8Array();
  beforeAll(async () => {
    await init();
    packed = new Uint8Array(compress(text, 3));
  });

  it.each([1 << 20, 65_536, 777])("comes out whole from pieces of %d bytes", async (piece) => {
    expect(Buffer.compare(await collect(decompressZstd(stream(packed, piece))), text)).toBe(0);
  });

  it("fails when it is cut off", async () => {
    await expect(collect(decompressZstd(stream(packed.slice(0, packed.length / 2), 4096)))).rejects.toThrow();
  });
});
