/**
 * Which block of the disk stands in which slot of the data file, in the current and in each frozen generation: a log of small
 * records, replayed when the disk is opened, and then written anew as one compact log into the second file.
 *
 * Record: kind, a, b, check (4 little-endian words). A torn or foreign record ends the replay: everything before it counts.
 */

import type { ByteFile } from "./byte-file.ts";

const RECORD = 16;
const KIND = { map: 1, freeze: 2, rewind: 3, forget: 4, begin: 5, complete: 6 } as const;
type Kind = (typeof KIND)[keyof typeof KIND];
const CHECK = 0x64726b31;

/** Slot + 1 for each block; 0 where the block was never written. */
export type BlockMap = Int32Array;

export interface DiskIndex {
  readonly current: BlockMap;
  readonly frozen: ReadonlyMap<number, BlockMap>;
  map(block: number, slot: number): void;
  freeze(): number;
  rewind(generation: number): void;
  forget(generation: number): void;
  flush(): void;
  close(): void;
}

export function openIndex(files: readonly [ByteFile, ByteFile], blocks: number): DiskIndex {
  const [first, second] = [replay(files[0], blocks), replay(files[1], blocks)];
  const newest = second.epoch > first.epoch ? 1 : 0;
  const state = newest === 1 ? second : first;
  const target = files[newest === 1 ? 0 : 1];
  writeCompact(target, state, state.epoch + 1);
  return new LoggedIndex(state, target, files);
}

interface IndexState {
  /** 0: the file holds no complete log. */
  epoch: number;
  current: BlockMap;
  readonly frozen: Map<number, BlockMap>;
  nextGeneration: number;
}

class LoggedIndex implements DiskIndex {
  private readonly state: IndexState;
  private readonly file: ByteFile;
  private readonly files: readonly ByteFile[];
  private end: number;

  constructor(state: IndexState, file: ByteFile, files: readonly ByteFile[]) {
    this.state = state;
    this.file = file;
    this.files = files;
    this.end = file.size();
  }

  get current(): BlockMap {
    return this.state.current;
  }

  get frozen(): ReadonlyMap<number, BlockMap> {
    return this.state.frozen;
  }

  map(block: number, slot: number): void {
    this.append(KIND.map, block, slot);
  }

  freeze(): number {
    const generation = this.state.nextGeneration;
    this.append(KIND.freeze, generation, 0);
    return generation;
  }

  rewind(generation: number): void {
    this.append(KIND.rewind, generation, 0);
  }

  forget(generation: number): void {
    this.append(KIND.forget, generation, 0);
  }

  flush(): void {
    this.file.flush();
  }

  close(): void {
    for (const file of this.files) file.close();
  }

  private append(kind: Kind, a: number, b: number): void {
    this.file.write(this.end, record(kind, a, b));
    this.end += RECORD;
    apply(this.state, kind, a, b);
  }
}

function apply(state: IndexState, kind: Kind, a: number, b: number): void {
  switch (kind) {
    case KIND.map:
      state.current[a] = b;
      break;
    case KIND.freeze:
      state.frozen.set(a, state.current.slice());
      state.nextGeneration = a + 1;
      break;
    case KIND.rewind:
      state.current = state.frozen.get(a)?.slice() ?? state.current;
      break;
    case KIND.forget:
      state.frozen.delete(a);
      break;
    case KIND.begin:
    case KIND.complete:
      break;
  }
}

/** A log begins with `begin epoch` and what was written anew ends with `complete`: without that one, the other file counts. */
function replay(file: ByteFile, blocks: number): IndexState {
  const empty = (): IndexState => ({ epoch: 0, current: new Int32Array(blocks), frozen: new Map(), nextGeneration: 1 });
  const bytes = new Uint8Array(file.size());
  file.read(0, bytes);
  const view = new DataView(bytes.buffer);
  const state = empty();
  let epoch = 0;
  for (let at = 0; at + RECORD <= bytes.length; at += RECORD) {
    const kind = view.getUint32(at, true);
    const a = view.getUint32(at + 4, true);
    const b = view.getUint32(at + 8, true);
    if (view.getUint32(at + 12, true) !== check(kind, a, b) || !isKind(kind)) break;
    if (kind === KIND.begin) epoch = a;
    else if (kind === KIND.complete) {
      state.epoch = epoch;
      state.nextGeneration = Math.max(state.nextGeneration, a);
    } else if (kind === KIND.map && a >= blocks) break;
    else apply(state, kind, a, b);
  }
  return state.epoch === 0 ? empty() : state;
}

function writeCompact(file: ByteFile, state: IndexState, epoch: number): void {
  const records = [record(KIND.begin, epoch, 0)];
  const written = new Int32Array(state.current.length);
  const become = (map: BlockMap) => {
    for (const [block, slot] of map.entries()) {
      if (written[block] === slot) continue;
      written[block] = slot;
      records.push(record(KIND.map, block, slot));
    }
  };
  for (const [generation, map] of state.frozen) {
    become(map);
    records.push(record(KIND.freeze, generation, 0));
  }
  become(state.current);
  records.push(record(KIND.complete, state.nextGeneration, 0));
  const bytes = new Uint8Array(records.length * RECORD);
  records.forEach((entry, index) => {
    bytes.set(entry, index * RECORD);
  });
  file.truncate(0);
  file.write(0, bytes);
  file.flush();
  state.epoch = epoch;
}

function record(kind: Kind, a: number, b: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(kind, a, b, check(kind, a, b)).buffer);
}

function check(kind: number, a: number, b: number): number {
  let hash = CHECK;
  for (const word of [kind, a, b]) hash = Math.imul(hash ^ word, 0x9e3779b1) ^ (hash >>> 15);
  return hash >>> 0;
}

function isKind(value: number): value is Kind {
  return value >= KIND.map && value <= KIND.complete;
}
