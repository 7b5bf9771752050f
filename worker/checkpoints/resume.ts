/** A machine from a checkpoint's file instead of the shipped snapshot: on this device after a lost Worker, or from elsewhere. */
import type { DrydockParts } from "../drydock-model.ts";
import { EngineError } from "../engine/errors.ts";
import { layerImage } from "../engine/images/layers/layer-mounts.ts";
import { LayerStore } from "../engine/images/layers/layer-store.ts";
import { openRemoteLayer } from "../engine/images/remote-layer.ts";
import type { Digest } from "../engine/ports/storage.ts";
import { Registries } from "../engine/registry/endpoints.ts";
import { userlandKey } from "../machine/host-state.ts";
import { DISK_BLOCK } from "../storage/disk.ts";
import { type OpenedCheckpoint, openCheckpoint, snapshotOf } from "../vm/checkpoint-file.ts";
import { MachineError } from "../vm/errors.ts";
import { lateImage } from "../vm/late-image.ts";
import type { Machine } from "../vm/machine.ts";
import { restoreMachine } from "../vm/snapshot.ts";
import { openSnapshot, readBuild } from "../vm/snapshot-parts.ts";
import type { MachineDevices } from "../vm/start.ts";
import type { FiledInstant } from "./instant.ts";
import { StoredCheckpoints } from "./stored.ts";
import { putStoresBack, type Stores } from "./stores.ts";

export type StartSource =
  | { readonly kind: "stored"; readonly id: string }
  | { readonly kind: "file"; readonly content: ReadableStream<Uint8Array> };

export interface Resumed {
  /** Paused. */
  readonly machine: Machine;
  readonly instant: FiledInstant;
  readonly stored: StoredCheckpoints;
}

export interface ResumeContext {
  readonly parts: Pick<DrydockParts, "build" | "userland" | "fetch" | "catalogue" | "clock">;
  readonly stores: Stores;
  readonly devices: MachineDevices;
}

/** Makes the machine and puts the stores to its instant. What does not fit fails (conflict) before anything has changed. */
export async function resumeFrom(from: StartSource, { parts, stores, devices }: ResumeContext): Promise<Resumed> {
  const { build: source } = parts;
  const stored = await StoredCheckpoints.open(stores);
  const opened = await open(from.kind === "file" ? from.content : await stored.read(known(from.id, stored).info.id));
  const build = await readBuild(source);
  const manifest = snapshotOf(opened.header, build.snapshots);
  if (manifest === undefined)
    throw new EngineError(
      "conflict",
      "This checkpoint was made with another version of the machine, and opens only there.",
    );
  const instant = opened.header.host as FiledInstant;
  if (instant?.schema !== 1) throw new EngineError("conflict", "This checkpoint is of another version.");
  const snapshot = openSnapshot(source, source.compile(build.emulator), manifest);
  const machine = await restoreMachine(snapshot, devices, opened.overlay).catch((error: unknown) => {
    throw error instanceof MachineError
      ? new EngineError("conflict", `The checkpoint could not be opened: ${error.message}`, { cause: error })
      : error;
  });
  if (from.kind === "stored") stores.disk.rewind(known(from.id, stored).generation);
  else await unpack(opened, stores);
  await putStoresBack(stores, instant);
  const layers = await layersOf(stores, parts);
  for (const { key, start, length } of opened.header.layers) {
    const image = key === userlandKey ? parts.userland : lateImage(length, () => layerImage(layers, key as Digest));
    stores.layers.attach(key, image, start);
  }
  return { machine, instant, stored };
}

/** The images' layers before there is an engine; it brings its own (see ./lives.ts). */
async function layersOf(
  { blobs, records }: Stores,
  { fetch, catalogue, clock }: ResumeContext["parts"],
): Promise<LayerStore> {
  const registries = new Registries({ fetch, guestFetch: fetch, catalogue });
  return await LayerStore.load(blobs, records, (origin) => openRemoteLayer({ blobs, registries, clock }, origin));
}

async function open(file: ReadableStream<Uint8Array>): Promise<OpenedCheckpoint> {
  try {
    return await openCheckpoint(file);
  } catch (cause) {
    const message = cause instanceof MachineError ? cause.message : "This file is no checkpoint.";
    throw new EngineError("conflict", message, { cause });
  }
}

function known(id: string, stored: StoredCheckpoints) {
  const found = stored.get(id);
  if (found === undefined) throw new EngineError("notFound", `No such checkpoint: ${id}`, { resource: id });
  return found;
}

/** The file's disk and images in place of the playground's own. */
async function unpack({ disk, blobs }: OpenedCheckpoint, stores: Stores): Promise<void> {
  stores.disk.clear();
  for (const { block, data } of disk) stores.disk.write(block * DISK_BLOCK, data);
  for (const { digest, data } of blobs) await stores.blobs.ingest(data, digest as Digest);
}
