/**
 * An empty file system as the writable disk's base: only its few blocks that are not zero. As a file: gzip over a header of
 * little-endian words (magic, block size, disk size in blocks, count), the block numbers, and the blocks.
 */

import type { DiskBase } from "./disk.ts";

const MAGIC = 0x34747865;
const HEADER_WORDS = 4;

export function packBase(blockSize: number, blockCount: number, blocks: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const numbers = [...blocks.keys()].sort((a, b) => a - b);
  const words = Uint32Array.from([MAGIC, blockSize, blockCount, numbers.length, ...numbers]);
  const packed = new Uint8Array(words.byteLength + numbers.length * blockSize);
  packed.set(new Uint8Array(words.buffer));
  numbers.forEach((number, index) => {
    packed.set(blocks.get(number) ?? [], words.byteLength + index * blockSize);
  });
  return packed;
}

/** Reads what {@link packBase} wrote, after decompression. */
export function parseBase(packed: Uint8Array): DiskBase {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const word = (index: number) => view.getUint32(index * 4, true);
  if (packed.length < HEADER_WORDS * 4 || word(0) !== MAGIC) throw new Error("Not a disk's base image");
  const [blockSize, blockCount, count] = [word(1), word(2), word(3)];
  const contents = (HEADER_WORDS + count) * 4;
  if (packed.length !== contents + count * blockSize) throw new Error("The disk's base image is cut off");
  const at = new Map<number, number>();
  for (let index = 0; index < count; index++) at.set(word(HEADER_WORDS + index), contents + index * blockSize);
  return {
    size: blockCount * blockSize,
    read(offset, target) {
      for (let done = 0; done < target.length; ) {
        const within = (offset + done) % blockSize;
        const length = Math.min(blockSize - within, target.length - done);
        const start = at.get((offset + done - within) / blockSize);
        if (start !== undefined) target.set(packed.subarray(start + within, start + within + length), done);
        done += length;
      }
    },
  };
}

/** Reads the file as it is shipped. */
export async function loadBase(file: Uint8Array<ArrayBuffer>): Promise<DiskBase> {
  const stream = new Blob([file]).stream().pipeThrough(new DecompressionStream("gzip"));
  return parseBase(new Uint8Array(await new Response(stream).arrayBuffer()));
}
