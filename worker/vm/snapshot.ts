/**
 * A machine saved as a whole, so that it comes back warm: all pages of the emulator's memory that are not zero (guest memory,
 * registers, address translation, the JIT's own tables), the devices that live in JavaScript, and the generated code as one
 * module. It fits only an emulator that is the same to the byte and was made with the same options, which the manifest says.
 *
 * Restoring is: make a machine without boot files, devices, memory, code; then its clock goes on where it stopped.
 */

import { JIT_CONFIG, type MemoryLayout } from "./emulator.ts";
import { MachineError } from "./errors.ts";
import type { KernelSymbols } from "./free-pages.ts";
import type { Partitions } from "./layer-disk.ts";
import type { PlacedLayer } from "./layer-disk-device.ts";
import { Machine, type MachineOptions } from "./machine.ts";
import { hashPages, PAGE, pageHash } from "./page-hash.ts";
import { countPages, encodeState, gatherPages, type PageRun, runsOf, StateDecoder } from "./state-image.ts";

export const SNAPSHOT_FORMAT = 1;

/** Hex SHA-256. */
export type PartDigest = string;

export interface SnapshotPart {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: PartDigest;
}

/** One machine as it was saved. */
export interface SnapshotManifest {
  readonly memoryMegabytes: number;
  readonly jit: typeof JIT_CONFIG;
  readonly layout: MemoryLayout;
  /** Of the emulator's whole memory. */
  readonly memoryBytes: number;
  readonly pages: number;
  /** Of all pages' hashes: what came out of decompression is what was saved. */
  readonly memoryHash: string;
  readonly modules: number;
  /** The machine's own time when it was saved, in milliseconds. */
  readonly clock: number;
  readonly layers: readonly PlacedLayer[];
  readonly partitions: Partitions;
  /** What the host's side of the machine (agent client, engine) needs to go on. */
  readonly host: unknown;
  /** Of the machine's kernel: by them checkpoints leave out what it has free. */
  readonly kernel?: KernelSymbols;
  /** zstd over a state image (./state-image.ts). */
  readonly state: SnapshotPart;
  /** Plain WebAssembly, so that browsers compile it while it arrives and cache what they made of it. */
  readonly code: SnapshotPart;
}

/** What a build of the machine consists of: manifest.json. */
export interface MachineBuild {
  readonly format: typeof SNAPSHOT_FORMAT;
  readonly emulator: SnapshotPart;
  /** What to boot from where no snapshot fits. */
  readonly boot: {
    readonly bios: SnapshotPart;
    readonly vgaBios: SnapshotPart;
    readonly kernel: SnapshotPart;
    readonly initramfs: SnapshotPart;
    readonly commandLine: string;
  };
  /** SHA-256 of what else went into the snapshots, such as the userland: one made with another does not fit. */
  readonly inputs: Readonly<Record<string, PartDigest>>;
  /** Largest memory first. */
  readonly snapshots: readonly SnapshotManifest[];
}

/** All but what only the builder knows. */
export type SavedMachine = Omit<SnapshotManifest, "layers" | "partitions" | "kernel" | "state" | "code"> & {
  readonly state: Uint8Array<ArrayBuffer>;
  readonly code: Uint8Array<ArrayBuffer>;
};

/** The parts of a snapshot as a host hands them over: all may still be on their way. */
export interface SnapshotParts {
  readonly manifest: SnapshotManifest;
  readonly emulator: Promise<WebAssembly.Module>;
  /** Decompressed. */
  readonly state: AsyncIterable<Uint8Array>;
  readonly code: Promise<WebAssembly.Module>;
  /** Asked for only when the restored machine is saved again. */
  codeBytes(): Promise<Uint8Array>;
}

/** Saves a machine. It is paused, and stays so. `host` is asked at the same instant. */
export async function saveMachine(machine: Machine, host: () => unknown): Promise<SavedMachine> {
  await machine.quiesce();
  // From here to the first `await` all is one instant: a client that sends meanwhile writes into the machine's memory.
  const devices = machine.saveDevices();
  const code = machine.code.capture();
  const clock = machine.clock.now();
  const hostState = host();
  const { memory } = machine;
  const hashes = hashPages(memory, pageHash(memory));
  const pages = runsOf(pagesWhere(hashes, (hash) => hash !== 0));
  const contents = gatherPages(new Uint8Array(memory.buffer), pages);
  const memoryHash = digest(hashRuns(memory, pages));

  const written = await pagesOfFreshMachine(machine.options, devices);
  const clear = runsOf(written.filter((page) => hashes[page] === 0));
  return {
    memoryMegabytes: machine.options.memoryMegabytes,
    jit: JIT_CONFIG,
    layout: machine.layout,
    memoryBytes: hashes.length * PAGE,
    pages: countPages(pages),
    memoryHash,
    modules: code.slots.size,
    clock,
    host: hostState,
    state: encodeState({ devices, pages, clear }, contents),
    code: await code.merged(),
  };
}

/** What a later instant of a restored machine differs in from its snapshot (./checkpoint-file.ts). */
export interface MachineOverlay {
  readonly devices: Uint8Array;
  readonly memoryBytes: number;
  readonly pages: readonly PageRun[];
  /** Of {@link pages}, one after the other. */
  readonly contents: Uint8Array;
  readonly clear: readonly PageRun[];
  /** Slots in which the snapshot's own code still stands. */
  readonly keptSlots: readonly number[];
  /** A merged module of the code that was generated since. */
  readonly code: Uint8Array<ArrayBuffer>;
  readonly clock: number;
  readonly pendingInput: readonly Uint8Array[];
}

/** Makes the saved machine. It does not run yet. Fails with {@link MachineError} "mismatch" or "memory". */
export async function restoreMachine(
  parts: SnapshotParts,
  options: Omit<MachineOptions, "emulator" | "memoryMegabytes" | "boot">,
  overlay?: MachineOverlay,
): Promise<Machine> {
  const { manifest } = parts;
  if (JSON.stringify(manifest.jit) !== JSON.stringify(JIT_CONFIG)) {
    throw new MachineError("mismatch", "The snapshot was made with other options.");
  }
  const emulator = await parts.emulator;
  const machine = await Machine.create({ ...options, emulator, memoryMegabytes: manifest.memoryMegabytes });
  try {
    await fill(machine, parts, overlay);
  } catch (error) {
    await machine.destroy();
    throw error instanceof MachineError
      ? error
      : new MachineError("mismatch", "The snapshot could not be read.", { cause: error });
  }
  return machine;
}

async function fill(machine: Machine, parts: SnapshotParts, overlay: MachineOverlay | undefined): Promise<void> {
  const { manifest } = parts;
  const { layout } = machine;
  if (layout.main !== manifest.layout.main || layout.vga !== manifest.layout.vga) {
    throw new MachineError("mismatch", "The snapshot belongs to another emulator: its memory is laid out differently.");
  }
  const pages = await fillMemory(machine, parts, overlay);
  const hashes = hashRuns(machine.memory, pages);
  if (digest(hashes) !== manifest.memoryHash) throw new MachineError("mismatch", "The snapshot's memory is damaged.");
  machine.baseline = { manifest, hashes };
  await machine.code.restore(await parts.code, () => parts.codeBytes());
  if (machine.code.size !== manifest.modules) throw new MachineError("mismatch", "The snapshot's code is incomplete.");
  machine.clock.continueAt(manifest.clock);
  if (overlay !== undefined) await applyOverlay(machine, overlay);
}

async function fillMemory(
  machine: Machine,
  parts: SnapshotParts,
  overlay: MachineOverlay | undefined,
): Promise<readonly PageRun[]> {
  const decoder = new StateDecoder();
  let pages: readonly PageRun[] | undefined;
  let memory = new Uint8Array();
  for await (const bytes of parts.state) {
    if (pages !== undefined) {
      decoder.place(bytes, memory);
      continue;
    }
    const read = decoder.readImage(bytes);
    if (read === undefined) continue;
    pages = read.image.pages;
    machine.restoreDevices(overlay?.devices ?? read.image.devices);
    memory = growTo(machine.memory, overlay?.memoryBytes ?? parts.manifest.memoryBytes);
    for (const run of read.image.clear) memory.fill(0, run.first * PAGE, (run.first + run.count) * PAGE);
    decoder.place(read.rest, memory);
  }
  if (pages === undefined || !decoder.complete) throw new MachineError("mismatch", "The snapshot is cut off.");
  return pages;
}

async function applyOverlay(machine: Machine, overlay: MachineOverlay): Promise<void> {
  const memory = new Uint8Array(machine.memory.buffer);
  for (const { first, count } of overlay.clear) memory.fill(0, first * PAGE, (first + count) * PAGE);
  let done = 0;
  for (const { first, count } of overlay.pages) {
    memory.set(overlay.contents.subarray(done, done + count * PAGE), first * PAGE);
    done += count * PAGE;
  }
  machine.code.retain(new Set(overlay.keptSlots));
  await machine.code.restore(await WebAssembly.compile(overlay.code), async () => overlay.code);
  machine.console.reset(overlay.pendingInput);
  machine.network.reset();
  machine.clock.continueAt(overlay.clock);
}

/** The emulator's memory at its saved size. */
export function growTo(memory: WebAssembly.Memory, bytes: number): Uint8Array<ArrayBuffer> {
  const missing = bytes - memory.buffer.byteLength;
  if (missing < 0)
    throw new MachineError("mismatch", "The snapshot belongs to another emulator: its memory is smaller.");
  try {
    if (missing > 0) memory.grow(missing / 65536);
  } catch (error) {
    throw new MachineError("memory", "There is not enough memory for the machine.", { cause: error });
  }
  return new Uint8Array(memory.buffer as ArrayBuffer);
}

/** Hashes of the pages of all runs, in their order. */
function hashRuns(memory: WebAssembly.Memory, runs: readonly PageRun[]): Map<number, number> {
  const hash = pageHash(memory);
  const hashes = new Map<number, number>();
  for (const { first, count } of runs) {
    for (let page = first; page < first + count; page++) hashes.set(page, hash(page * PAGE));
  }
  return hashes;
}

function digest(hashes: ReadonlyMap<number, number>): string {
  let low = 0;
  let high = 0;
  for (const [page, value] of hashes) {
    low = Math.imul(low ^ (value % 2 ** 32), 0x9e3779b1) ^ page;
    high = (Math.imul(high ^ Math.floor(value / 2 ** 32), 0x85ebca77) + low) | 0;
  }
  return [low, high].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}

/** Pages that a machine has written when it was just made and given these devices. */
async function pagesOfFreshMachine(options: MachineOptions, devices: Uint8Array): Promise<number[]> {
  const { boot: _boot, ...bare } = options;
  const fresh = await Machine.create(bare);
  fresh.restoreDevices(devices);
  const pages = pagesWhere(hashPages(fresh.memory, pageHash(fresh.memory)), (hash) => hash !== 0);
  await fresh.destroy();
  return pages;
}

function pagesWhere(hashes: Float64Array, wanted: (hash: number) => boolean): number[] {
  const pages: number[] = [];
  for (const [page, hash] of hashes.entries()) if (wanted(hash)) pages.push(page);
  return pages;
}
