/**
 * Instants of a running machine that it can be put back to, in place. A checkpoint holds the content of every page of memory
 * that is neither zero nor free in the guest; pages are kept once by their hash, so a second checkpoint costs only what changed since the
 * first. The generated code stays compiled: a machine that was rewound is as warm as it was.
 *
 * Disk and host state belong to the same instant: the disk's generation is frozen, and the host's own state captured, while
 * nothing runs.
 */

import { type FreeBlock, freeBlocks } from "./free-pages.ts";
import type { CodeCapture } from "./generated-code.ts";
import type { PlacedLayer } from "./layer-disk-device.ts";
import type { Machine } from "./machine.ts";
import { hashPages, PAGE, type PageHash, pageHash } from "./page-hash.ts";
import { growTo } from "./snapshot.ts";

/** What is to be captured, and put back, together with the machine. */
export interface CheckpointCompanions {
  /** The writable disk. */
  readonly disk: { freeze(): number; rewind(generation: number): void; forget(generation: number): void };
  readonly layers: () => readonly PlacedLayer[];
  /** Agent client, engine, 9p server: plain data. Called first, while the machine is paused; must be synchronous. */
  readonly captureHost: () => unknown;
}

export interface Checkpoint {
  /** Hash of each page of the emulator's memory; 0 for zeros, {@link FREE} where the content does not matter. */
  readonly hashes: Float64Array;
  readonly devices: Uint8Array;
  readonly code: CodeCapture;
  /** The machine's own time. */
  readonly clock: number;
  readonly pendingInput: readonly Uint8Array[];
  readonly diskGeneration: number;
  readonly layers: readonly PlacedLayer[];
  readonly host: unknown;
}

/** The guest's kernel has the page free: whoever takes it writes it first. */
export const FREE = -1;

export class Checkpoints {
  private readonly machine: Machine;
  private readonly companions: CheckpointCompanions;
  private readonly hash: PageHash;
  private readonly kept = new Set<Checkpoint>();
  /** Contents of pages by hash. */
  private readonly contents = new Map<number, Uint8Array>();
  /** How many pages of kept checkpoints have a content, by its hash. */
  private readonly users = new Map<number, number>();

  constructor(machine: Machine, companions: CheckpointCompanions) {
    this.machine = machine;
    this.companions = companions;
    this.hash = pageHash(machine.memory);
  }

  /** Captures this instant; a machine that ran runs on. */
  async take(): Promise<Checkpoint> {
    const { machine, companions } = this;
    const ran = machine.running;
    await machine.quiesce();
    // From here to the end nothing may wait: all of it is one instant.
    const host = companions.captureHost();
    const hashes = hashPages(machine.memory, this.hash);
    for (const { first, count } of freePages(machine)) hashes.fill(FREE, first, first + count);
    const memory = new Uint8Array(machine.memory.buffer);
    for (let page = 0; page < hashes.length; page++) {
      const hash = hashes[page] ?? 0;
      if (hash > 0 && !this.contents.has(hash)) this.contents.set(hash, memory.slice(page * PAGE, (page + 1) * PAGE));
    }
    const checkpoint: Checkpoint = {
      hashes,
      devices: machine.saveDevices(),
      code: machine.code.capture(),
      clock: machine.clock.now(),
      pendingInput: [...machine.console.pendingInput],
      diskGeneration: companions.disk.freeze(),
      layers: companions.layers(),
      host,
    };
    this.kept.add(checkpoint);
    for (const hash of hashes) if (hash > 0) this.users.set(hash, (this.users.get(hash) ?? 0) + 1);
    if (ran) machine.run();
    return checkpoint;
  }

  /**
   * Puts the machine and its disk back. It is paused afterwards: the host makes new clients from `checkpoint.host`, and only
   * then lets it run. The checkpoint can be used again.
   */
  async rewind(checkpoint: Checkpoint): Promise<void> {
    if (!this.kept.has(checkpoint)) throw new Error("The checkpoint was forgotten");
    const { machine } = this;
    await machine.quiesce();
    machine.restoreDevices(checkpoint.devices);
    this.putMemoryBack(checkpoint.hashes);
    machine.code.putBack(checkpoint.code);
    machine.console.reset(checkpoint.pendingInput);
    machine.network.reset();
    machine.clock.continueAt(checkpoint.clock);
    this.companions.disk.rewind(checkpoint.diskGeneration);
  }

  forget(checkpoint: Checkpoint): void {
    if (!this.kept.delete(checkpoint)) return;
    this.companions.disk.forget(checkpoint.diskGeneration);
    for (const hash of checkpoint.hashes) {
      if (hash <= 0) continue;
      const left = (this.users.get(hash) ?? 1) - 1;
      if (left > 0) this.users.set(hash, left);
      else {
        this.users.delete(hash);
        this.contents.delete(hash);
      }
    }
  }

  /** Content of a page of a kept checkpoint. */
  page(checkpoint: Checkpoint, page: number): Uint8Array | undefined {
    return this.contents.get(checkpoint.hashes[page] ?? 0);
  }

  /** Bytes of memory that forgetting the checkpoint would give back. */
  ownBytes(checkpoint: Checkpoint): number {
    const counts = new Map<number, number>();
    for (const hash of checkpoint.hashes) if (hash > 0) counts.set(hash, (counts.get(hash) ?? 0) + 1);
    let pages = 0;
    for (const [hash, count] of counts) if (this.users.get(hash) === count) pages++;
    return pages * PAGE;
  }

  /** Bytes of memory that all kept checkpoints take together. */
  get bytes(): number {
    return this.contents.size * PAGE;
  }

  private putMemoryBack(hashes: Float64Array): void {
    const memory = growTo(this.machine.memory, Math.max(hashes.length * PAGE, this.machine.memory.buffer.byteLength));
    for (let page = 0; page < memory.length / PAGE; page++) {
      const wanted = hashes[page] ?? 0;
      if (wanted === FREE || this.hash(page * PAGE) === wanted) continue;
      const content = this.contents.get(wanted);
      if (content === undefined) memory.fill(0, page * PAGE, (page + 1) * PAGE);
      else memory.set(content, page * PAGE);
    }
  }
}

/** In pages of the emulator's memory. None where the kernel's own table is not known. */
function freePages(machine: Machine): readonly FreeBlock[] {
  const kernel = machine.baseline?.manifest.kernel;
  const start = machine.layout.main / PAGE;
  if (kernel === undefined || !Number.isInteger(start)) return [];
  try {
    return freeBlocks(machine.guestMemory(), kernel).map(({ first, count }) => ({ first: first + start, count }));
  } catch {
    // The guest's memory is the guest's: what it says of itself may make no sense.
    return [];
  }
}
