/** An empty disk in memory: reads zeros where nothing was written. For tests, and for a machine that needs no such disk. */

import type { SectorDevice } from "./ide-disk.ts";

const CHUNK = 4096;

export class MemoryDevice implements SectorDevice {
  readonly size: number;
  private readonly chunks = new Map<number, Uint8Array>();

  constructor(size: number) {
    this.size = size;
  }

  read(offset: number, length: number): Uint8Array {
    const data = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const within = (offset + done) % CHUNK;
      const count = Math.min(CHUNK - within, length - done);
      const chunk = this.chunks.get((offset + done - within) / CHUNK);
      if (chunk !== undefined) data.set(chunk.subarray(within, within + count), done);
      done += count;
    }
    return data;
  }

  write(offset: number, data: Uint8Array): void {
    for (let done = 0; done < data.length; ) {
      const within = (offset + done) % CHUNK;
      const count = Math.min(CHUNK - within, data.length - done);
      const index = (offset + done - within) / CHUNK;
      const chunk = this.chunks.get(index) ?? new Uint8Array(CHUNK);
      this.chunks.set(index, chunk);
      chunk.set(data.subarray(done, done + count), within);
      done += count;
    }
  }
}
