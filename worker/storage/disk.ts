/**
 * The writable disk: a file system image as blocks of 64 KiB, of which only written ones take space. Below them stands a base
 * image (an empty ext4), which is never written.
 *
 * Generations make checkpoints cheap: {@link SparseDisk.freeze} ends a generation, and from then on a block of it is copied
 * before its first write. What always holds:
 * - a block's map entry reaches the index only after its data, so a power cut leaves the block's old or its new content;
 * - a frozen generation never changes until it is released;
 * - a slot of the data file is used again only when no generation refers to it.
 */

import { type ByteFile, MemoryFile } from "./byte-file.ts";
import { type DiskIndex, openIndex } from "./disk-index.ts";
import type { ByteFiles } from "./files.ts";

export const DISK_BLOCK = 64 * 1024;

/** Content of blocks that were never written. Absent: zeros. */
export interface DiskBase {
  readonly size: number;
  /** Reads into `target`, which is zero-filled already. */
  read(offset: number, target: Uint8Array): void;
}

export interface DiskFiles {
  readonly data: ByteFile;
  /** Two: one is written anew while the other still counts. */
  readonly index: readonly [ByteFile, ByteFile];
}

/** A block that is read when somebody wants it; the generation it belongs to must not be forgotten before. */
export interface DiskBlock {
  readonly block: number;
  readonly bytes: number;
  read(): Uint8Array;
}

export class SparseDisk {
  readonly size: number;
  private readonly base: DiskBase;
  private readonly data: ByteFile;
  private readonly index: DiskIndex;
  /** How many generations, the current one included, refer to a slot. */
  private readonly references: number[] = [];
  private readonly free: number[] = [];

  constructor(base: DiskBase, files: DiskFiles) {
    this.base = base;
    this.size = base.size;
    this.data = files.data;
    this.index = openIndex(files.index, Math.ceil(base.size / DISK_BLOCK));
    for (const map of [this.index.current, ...this.index.frozen.values()]) {
      for (const slot of map) if (slot !== 0) this.references[slot - 1] = (this.references[slot - 1] ?? 0) + 1;
    }
    for (let slot = 0; slot < this.references.length; slot++) if (!this.references[slot]) this.free.push(slot);
  }

  /** Frozen generations that can be returned to, oldest first. */
  get generations(): readonly number[] {
    return [...this.index.frozen.keys()];
  }

  /** Bytes that the written blocks take. */
  get usedBytes(): number {
    return (this.references.length - this.free.length) * DISK_BLOCK;
  }

  read(offset: number, length: number): Uint8Array {
    const result = new Uint8Array(length);
    this.eachBlock(offset, length, (block, within, count, done) => {
      const target = result.subarray(done, done + count);
      const slot = this.index.current[block] ?? 0;
      if (slot === 0) this.base.read(block * DISK_BLOCK + within, target);
      else this.data.read((slot - 1) * DISK_BLOCK + within, target);
    });
    return result;
  }

  write(offset: number, data: Uint8Array): void {
    this.eachBlock(offset, data.length, (block, within, count, done) => {
      const source = data.subarray(done, done + count);
      const slot = this.index.current[block] ?? 0;
      if (slot !== 0 && this.references[slot - 1] === 1) {
        this.data.write((slot - 1) * DISK_BLOCK + within, source);
        return;
      }
      const whole = this.read(block * DISK_BLOCK, Math.min(DISK_BLOCK, this.size - block * DISK_BLOCK));
      // Zeros over zeros: file systems clear what is clear already, and that should take no space.
      if (slot === 0 && source.every((byte, index) => byte === whole[within + index])) return;
      whole.set(source, within);
      const fresh = this.takeSlot();
      this.data.write(fresh * DISK_BLOCK, whole);
      this.index.map(block, fresh + 1);
      if (slot !== 0) this.release(slot - 1);
    });
  }

  /** Ends the current generation and answers its number. The next writes go beside it. */
  freeze(): number {
    const generation = this.index.freeze();
    for (const slot of this.index.current)
      if (slot !== 0) this.references[slot - 1] = (this.references[slot - 1] ?? 0) + 1;
    return generation;
  }

  /** Makes the disk what it was when `generation` was frozen. Newer writes are gone; frozen generations stay. */
  rewind(generation: number): void {
    if (!this.index.frozen.has(generation)) throw new Error(`The disk has no generation ${generation}`);
    const before = this.index.current.slice();
    this.index.rewind(generation);
    for (const slot of this.index.current)
      if (slot !== 0) this.references[slot - 1] = (this.references[slot - 1] ?? 0) + 1;
    for (const slot of before) if (slot !== 0) this.release(slot - 1);
  }

  /** Forgets a frozen generation; its blocks that no other has are free again. */
  forget(generation: number): void {
    const map = this.index.frozen.get(generation);
    if (map === undefined) return;
    this.index.forget(generation);
    for (const slot of map) if (slot !== 0) this.release(slot - 1);
  }

  /** The blocks of a frozen generation that differ from the base, for an export. */
  writtenBlocks(generation: number): readonly DiskBlock[] {
    const map = this.index.frozen.get(generation);
    if (map === undefined) throw new Error(`The disk has no generation ${generation}`);
    return [...map.entries()].flatMap(([block, slot]) => {
      if (slot === 0) return [];
      const bytes = Math.min(DISK_BLOCK, this.size - block * DISK_BLOCK);
      const read = () => {
        const data = new Uint8Array(bytes);
        this.data.read((slot - 1) * DISK_BLOCK, data);
        return data;
      };
      return [{ block, bytes, read }];
    });
  }

  /** Makes the disk its base again. Frozen generations stay. */
  clear(): void {
    for (const [block, slot] of this.index.current.entries()) {
      if (slot === 0) continue;
      this.index.map(block, 0);
      this.release(slot - 1);
    }
  }

  flush(): void {
    this.data.flush();
    this.index.flush();
  }

  close(): void {
    this.flush();
    this.data.close();
    this.index.close();
  }

  private takeSlot(): number {
    const slot = this.free.pop() ?? this.references.length;
    this.references[slot] = 1;
    return slot;
  }

  private release(slot: number): void {
    const left = (this.references[slot] ?? 1) - 1;
    this.references[slot] = left;
    if (left === 0) this.free.push(slot);
  }

  private eachBlock(
    offset: number,
    length: number,
    visit: (block: number, within: number, count: number, done: number) => void,
  ): void {
    if (offset < 0 || offset + length > this.size) throw new RangeError("Outside of the disk");
    for (let done = 0; done < length; ) {
      const within = (offset + done) % DISK_BLOCK;
      const count = Math.min(DISK_BLOCK - within, length - done);
      visit((offset + done - within) / DISK_BLOCK, within, count, done);
      done += count;
    }
  }
}

/** The disk's files in a store. */
export async function openDiskFiles(files: ByteFiles): Promise<DiskFiles> {
  const [data, first, second] = await Promise.all([
    files.open("disk/blocks"),
    files.open("disk/index.0"),
    files.open("disk/index.1"),
  ]);
  return { data, index: [first, second] };
}

/** A disk that is gone with its machine: tests, the snapshot's builder, browsers without storage. */
export function memoryDiskFiles(): DiskFiles {
  return { data: new MemoryFile(), index: [new MemoryFile(), new MemoryFile()] };
}
