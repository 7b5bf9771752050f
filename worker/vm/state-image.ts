/**
 * A machine's memory and devices as one stream of bytes (before compression), made so that it can be put in place while it
 * arrives: a header of little-endian words, the devices' state, the runs of pages, the pages.
 *
 *     magic, bytes of device state, runs of pages, runs of pages to clear
 *     device state (padded to 4 bytes)
 *     runs: first page, count
 *     runs to clear: first page, count
 *     contents of the pages, 4096 bytes each
 */

import { PAGE } from "./page-hash.ts";

const MAGIC = 0x31736d64;
const HEADER = 16;

export interface PageRun {
  readonly first: number;
  readonly count: number;
}

export interface StateImage {
  readonly devices: Uint8Array;
  readonly pages: readonly PageRun[];
  /** Pages that a fresh emulator has written and the saved one had not. */
  readonly clear: readonly PageRun[];
}

/** Ascending page numbers as runs. */
export function runsOf(pages: Iterable<number>): PageRun[] {
  const runs: { first: number; count: number }[] = [];
  let last: { first: number; count: number } | undefined;
  for (const page of pages) {
    if (last !== undefined && page === last.first + last.count) last.count++;
    else {
      last = { first: page, count: 1 };
      runs.push(last);
    }
  }
  return runs;
}

export function countPages(runs: readonly PageRun[]): number {
  return runs.reduce((sum, { count }) => sum + count, 0);
}

/** The runs' pages, one after the other. */
export function gatherPages(memory: Uint8Array, runs: readonly PageRun[]): Uint8Array<ArrayBuffer> {
  const contents = new Uint8Array(countPages(runs) * PAGE);
  let at = 0;
  for (const { first, count } of runs) {
    contents.set(memory.subarray(first * PAGE, (first + count) * PAGE), at);
    at += count * PAGE;
  }
  return contents;
}

export function encodeState(image: StateImage, contents: Uint8Array): Uint8Array<ArrayBuffer> {
  const { devices, pages, clear } = image;
  const devicesEnd = HEADER + pad(devices.length);
  const runsEnd = devicesEnd + (pages.length + clear.length) * 8;
  const encoded = new Uint8Array(runsEnd + contents.length);
  const view = new DataView(encoded.buffer);
  [MAGIC, devices.length, pages.length, clear.length].forEach((word, index) => {
    view.setUint32(index * 4, word, true);
  });
  encoded.set(devices, HEADER);
  [...pages, ...clear].forEach(({ first, count }, index) => {
    view.setUint32(devicesEnd + index * 8, first, true);
    view.setUint32(devicesEnd + index * 8 + 4, count, true);
  });
  encoded.set(contents, runsEnd);
  return encoded;
}

/** Takes a state's bytes in any pieces: first the {@link StateImage}, then contents for the memory that it is given. */
export class StateDecoder {
  private head = new Uint8Array(HEADER);
  private headLength = 0;
  private image: StateImage | undefined;
  private run = 0;
  private withinRun = 0;

  /** Consumes bytes until the image is known; answers it and the bytes that were left. */
  readImage(bytes: Uint8Array): { readonly image: StateImage; readonly rest: Uint8Array } | undefined {
    const joined = new Uint8Array(this.headLength + bytes.length);
    joined.set(this.head.subarray(0, this.headLength));
    joined.set(bytes, this.headLength);
    this.head = joined;
    this.headLength = joined.length;
    if (joined.length < HEADER) return undefined;
    const view = new DataView(joined.buffer);
    const word = (at: number) => view.getUint32(at, true);
    if (word(0) !== MAGIC) throw new Error("Not a machine's state");
    const [deviceBytes, pageRuns, clearRuns] = [word(4), word(8), word(12)];
    const devicesEnd = HEADER + pad(deviceBytes);
    const contents = devicesEnd + (pageRuns + clearRuns) * 8;
    if (joined.length < contents) return undefined;
    const runs = Array.from({ length: pageRuns + clearRuns }, (_, index) => ({
      first: word(devicesEnd + index * 8),
      count: word(devicesEnd + index * 8 + 4),
    }));
    this.image = {
      devices: joined.slice(HEADER, HEADER + deviceBytes),
      pages: runs.slice(0, pageRuns),
      clear: runs.slice(pageRuns),
    };
    return { image: this.image, rest: joined.subarray(contents) };
  }

  /** Puts contents where they belong. */
  place(bytes: Uint8Array, memory: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      const run = this.image?.pages[this.run];
      if (run === undefined) throw new Error("The machine's state is longer than it says");
      const start = run.first * PAGE + this.withinRun;
      const count = Math.min(run.count * PAGE - this.withinRun, bytes.length - done);
      if (start + count > memory.length) throw new Error("The machine's state is larger than its memory");
      memory.set(bytes.subarray(done, done + count), start);
      done += count;
      this.withinRun += count;
      if (this.withinRun === run.count * PAGE) {
        this.run++;
        this.withinRun = 0;
      }
    }
  }

  get complete(): boolean {
    return this.image !== undefined && this.run === this.image.pages.length;
  }
}

function pad(length: number): number {
  return (length + 3) & ~3;
}
