/**
 * A checkpoint as one file: what differs from the snapshot that its machine was restored from, and the writable disk. It opens
 * wherever the same build of the machine is; the layers that the guest has mounted must be there too (the header names them).
 *
 * gzip over: the header's length (4 bytes, little-endian), the header (./plain-data.ts), then the sections one after the other.
 */

import type { DiskBlock } from "../storage/disk.ts";
import { type Checkpoint, type Checkpoints, FREE } from "./checkpoint.ts";
import { MachineError } from "./errors.ts";
import type { PlacedLayer } from "./layer-disk-device.ts";
import type { Machine } from "./machine.ts";
import { PAGE } from "./page-hash.ts";
import { decodePlain, encodePlain } from "./plain-data.ts";
import type { MachineOverlay, SnapshotManifest } from "./snapshot.ts";
import { countPages, type PageRun, runsOf } from "./state-image.ts";

const FORMAT = 1;

export interface CheckpointHeader {
  readonly format: typeof FORMAT;
  /** SHA-256 of the snapshot's state and code. */
  readonly base: { readonly state: string; readonly code: string };
  readonly memoryBytes: number;
  readonly clock: number;
  readonly pages: readonly PageRun[];
  readonly clear: readonly PageRun[];
  readonly keptSlots: readonly number[];
  readonly layers: readonly PlacedLayer[];
  readonly host: unknown;
  /** Lengths of the sections. */
  readonly devices: number;
  readonly code: number;
  readonly pendingInput: readonly number[];
  readonly diskBlocks: readonly { readonly block: number; readonly bytes: number }[];
  readonly blobs: readonly { readonly digest: string; readonly bytes: number }[];
}

/** What goes into the file besides the machine. */
export interface CheckpointContents {
  readonly host: unknown;
  readonly disk: readonly DiskBlock[];
  /** Content of images, by digest. */
  readonly blobs: readonly { readonly digest: string; readonly bytes: number; read(): Promise<Uint8Array> }[];
}

export interface OpenedCheckpoint {
  readonly header: CheckpointHeader;
  readonly overlay: MachineOverlay;
  readonly disk: readonly { readonly block: number; readonly data: Uint8Array }[];
  readonly blobs: readonly { readonly digest: string; readonly data: Uint8Array }[];
}

export async function writeCheckpoint(
  machine: Machine,
  checkpoints: Checkpoints,
  checkpoint: Checkpoint,
  { host, disk, blobs }: CheckpointContents,
): Promise<ReadableStream<Uint8Array>> {
  const { baseline } = machine;
  if (baseline === undefined) {
    throw new MachineError("mismatch", "A machine that was booted cold cannot be exported: no other could open it.");
  }
  const { changed, cleared } = changedPages(checkpoint.hashes, baseline.hashes);
  const { keptSlots, code } = await checkpoint.code.since(machine.code.snapshotSource);
  const header: CheckpointHeader = {
    format: FORMAT,
    base: { state: baseline.manifest.state.sha256, code: baseline.manifest.code.sha256 },
    memoryBytes: checkpoint.hashes.length * PAGE,
    clock: checkpoint.clock,
    pages: runsOf(changed),
    clear: runsOf(cleared),
    keptSlots,
    layers: checkpoint.layers,
    host,
    devices: checkpoint.devices.length,
    code: code.length,
    pendingInput: checkpoint.pendingInput.map(({ length }) => length),
    diskBlocks: disk.map(({ block, bytes }) => ({ block, bytes })),
    blobs: blobs.map(({ digest, bytes }) => ({ digest, bytes })),
  };
  const json = new TextEncoder().encode(encodePlain(header));
  const sections = async function* (): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(Uint32Array.of(json.length).buffer);
    yield json;
    yield checkpoint.devices;
    yield code;
    yield* checkpoint.pendingInput;
    for (const page of changed) {
      const content = checkpoints.page(checkpoint, page);
      if (content === undefined) throw new Error(`Page ${page} of the checkpoint is gone`);
      yield content;
    }
    for (const { read } of disk) yield read();
    for (const { read } of blobs) yield await read();
  };
  return streamOf(sections()).pipeThrough(
    new CompressionStream("gzip") as ReadableWritablePair<Uint8Array, Uint8Array>,
  );
}

export async function openCheckpoint(file: ReadableStream<Uint8Array>): Promise<OpenedCheckpoint> {
  const gunzip = new DecompressionStream("gzip") as ReadableWritablePair<Uint8Array, Uint8Array>;
  const bytes = new Uint8Array(
    await new Response(file.pipeThrough(gunzip) as ReadableStream<BufferSource>).arrayBuffer(),
  );
  let at = 0;
  const take = (length: number) => {
    if (at + length > bytes.length) throw new MachineError("mismatch", "The checkpoint is cut off.");
    at += length;
    return bytes.subarray(at - length, at);
  };
  const length = new DataView(take(4).slice().buffer).getUint32(0, true);
  const header = decodePlain(new TextDecoder().decode(take(length))) as CheckpointHeader;
  if (header.format !== FORMAT) throw new MachineError("mismatch", "The checkpoint is of another format.");
  const devices = take(header.devices);
  const code = take(header.code).slice();
  const pendingInput = header.pendingInput.map(take);
  const contents = take(countPages(header.pages) * PAGE);
  const disk = header.diskBlocks.map(({ block, bytes: size }) => ({ block, data: take(size) }));
  const blobs = header.blobs.map(({ digest, bytes: size }) => ({ digest, data: take(size) }));
  const { memoryBytes, pages, clear, keptSlots, clock } = header;
  return {
    header,
    overlay: { devices, memoryBytes, pages, contents, clear, keptSlots, code, clock, pendingInput },
    disk,
    blobs,
  };
}

/** The snapshot of this build that the checkpoint stands on; undefined where it was made with another build. */
export function snapshotOf(
  header: CheckpointHeader,
  snapshots: readonly SnapshotManifest[],
): SnapshotManifest | undefined {
  return snapshots.find(({ state, code }) => state.sha256 === header.base.state && code.sha256 === header.base.code);
}

function changedPages(
  hashes: Float64Array,
  base: ReadonlyMap<number, number>,
): { readonly changed: readonly number[]; readonly cleared: readonly number[] } {
  const changed: number[] = [];
  const cleared: number[] = [];
  for (const [page, hash] of hashes.entries()) {
    if (hash === FREE || hash === (base.get(page) ?? 0)) continue;
    if (hash === 0) cleared.push(page);
    else changed.push(page);
  }
  return { changed, cleared };
}

function streamOf(parts: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await parts.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
}
