import { expect, it } from "vitest";
import { collectBytes, streamOfBytes } from "./bytes.ts";
import { decompressAny } from "./compression.ts";

/** A Zstandard frame of one raw block (RFC 8878, 3.1.1). */
const frame = (...content: readonly number[]): readonly number[] => [
  ...[0x28, 0xb5, 0x2f, 0xfd, 0x20, content.length],
  ...[(content.length << 3) | 1, 0, 0],
  ...content,
];

const unpacked = async (bytes: readonly number[]): Promise<Uint8Array> =>
  await collectBytes(await decompressAny(streamOfBytes(Uint8Array.from(bytes))));

it("a frame of zstd is read, and one that is broken anywhere is refused in words", async () => {
  expect([...(await unpacked(frame(1, 2, 3)))]).toEqual([1, 2, 3]);
  const whole = frame(...Array.from({ length: 40 }, (_, i) => i));
  for (let at = 4; at < whole.length; at++)
    for (const bytes of [whole.slice(0, at), whole.with(at, 255), [...whole.slice(0, at), 9, 9, ...whole.slice(at)]]) {
      const outcome = await unpacked(bytes).catch((error: Error) => error.message);
      if (typeof outcome === "string") expect(outcome).toMatch(/^(?:zstd: corrupt input|unexpected EOF)$/);
    }
});
