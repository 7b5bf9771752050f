/**
 * A whole Drydock: storage opened, the machine restored or booted, the engine on top, the guest's own doors (the `docker` command and
 * docker.sock) served. Node and the Worker differ in what they hand in; the order of things is here alone. A prompt needs the machine
 * only: the engine's code is loaded when the machine runs.
 */
import type { Engine } from "./assembly.ts";
import type { Guest } from "./engine/ports/guest.ts";
import type { BlockImage, Clock, Fetch, Randomness } from "./engine/ports/host.ts";
import { AgentClient } from "./guest/agent-client.ts";
import { readFacts } from "./machine/facts.ts";
import { unpackHostState, userlandKey } from "./machine/host-state.ts";
import { enterUserland, mountDisk } from "./machine/root.ts";
import { FileBlobStore, type Hasher } from "./storage/blobs.ts";
import { type DiskBase, openDiskFiles, SparseDisk } from "./storage/disk.ts";
import type { ByteFiles } from "./storage/files.ts";
import { FileLogStore } from "./storage/logs.ts";
import { JournalRecordStore } from "./storage/records.ts";
import { GuestLayerDisk } from "./vm/layer-disk.ts";
import { LayerDiskDevice } from "./vm/layer-disk-device.ts";
import type { Machine } from "./vm/machine.ts";
import type { BuildSource } from "./vm/snapshot-parts.ts";
import { startMachine } from "./vm/start.ts";
import { type FileTree, NinepServer, persistTree } from "./workspace/index.ts";

export interface DrydockParts {
  /** The machine's build: snapshots and what a cold boot needs. */
  readonly build: BuildSource;
  readonly userland: BlockImage;
  readonly files: ByteFiles;
  readonly diskBase: DiskBase;
  readonly hasher?: () => Hasher;
  readonly clock: Clock;
  readonly randomness: Randomness;
  readonly fetch: Fetch;
  readonly catalogue: string;
  /** Megabytes; snapshots of more memory are passed over. */
  readonly memoryLimit?: number;
  /** What a person should know: a fallback, a layer that could not be read. */
  readonly onNotice: (message: string) => void;
  /** The machine is gone; nothing of it can be used any more. */
  readonly onLost: (message: string) => void;
}

/** A machine whose guest answers, with its disk and its workspace mounted: enough for a shell. */
export interface OpenMachine {
  readonly guest: Guest;
  readonly machine: Machine;
  readonly workspace: FileTree;
  readonly origin: "snapshot" | "boot";
  /** Puts the engine on top. */
  startEngine(): Promise<Drydock>;
}

export interface Drydock extends Engine, Omit<OpenMachine, "startEngine"> {
  /** Ends the machine, with everything written. */
  close(): Promise<void>;
}

export async function openDrydock(parts: DrydockParts): Promise<Drydock> {
  const opened = await openMachine(parts);
  return await opened.startEngine();
}

export async function openMachine(parts: DrydockParts): Promise<OpenMachine> {
  const { files, clock, randomness, onNotice } = parts;
  const [blobs, records] = await Promise.all([FileBlobStore.open(files, parts.hasher), JournalRecordStore.open(files)]);
  const workspace = await persistTree(records, files, () => clock.now().getTime());
  const ninep = new NinepServer(workspace.tree);
  const disk = new SparseDisk(parts.diskBase, await openDiskFiles(files));
  const layers = new LayerDiskDevice(({ key, error }) =>
    onNotice(`A layer could not be read (${key}): ${String(error)}`),
  );
  const started = await startMachine(parts.build, {
    devices: {
      layerDisk: layers,
      writableDisk: disk,
      handle9p: ninep.handle,
      onLost: (error) => parts.onLost(error.message),
    },
    ...(parts.memoryLimit === undefined ? {} : { memoryLimit: parts.memoryLimit }),
    placeLayers: ({ layers: placed }) => {
      for (const { key, start } of placed) if (key === userlandKey) layers.attach(key, parts.userland, start);
    },
    onFallback: onNotice,
  });
  const { machine } = started;
  const saved = started.how === "restored" ? started.manifest : undefined;
  const host = saved === undefined ? undefined : unpackHostState(saved.host);
  if (host !== undefined) ninep.importState(host.ninep);
  machine.run();
  if (host === undefined) await machine.serial.waitFor(/^BOOT-OK/m);

  const guest = new AgentClient(machine.console, host?.agent);
  await guest.renew(
    {
      now: clock.now().getTime(),
      entropy: randomness.bytes(64),
      machineId: hex(randomness.bytes(16)),
      hostname: "drydock",
    },
    { fresh: host === undefined },
  );
  const layerDisk = new GuestLayerDisk(layers, guest, saved?.partitions ?? {});
  if (host === undefined) await enterUserland(guest, await layerDisk.attach(userlandKey, parts.userland));
  await mountDisk(guest);
  const open = {
    guest,
    machine,
    workspace: workspace.tree,
    origin: saved === undefined ? "boot" : "snapshot",
  } as const;
  return {
    ...open,
    startEngine: async () => {
      const { assemble, serveGuest } = await import("./guest-engine.ts");
      const engine = await assemble({
        guest,
        layerDisk,
        blobs,
        records,
        logs: new FileLogStore(files),
        clock,
        randomness,
        fetch: parts.fetch,
        catalogue: parts.catalogue,
        facts: await readFacts(guest, await playgroundId(records, randomness)),
        ...(host?.engine === undefined ? {} : { state: host.engine }),
      });
      await serveGuest(guest, engine);
      return {
        ...engine,
        ...open,
        close: async () => {
          await engine.idle();
          await engine.stop();
          await guest.batch([{ op: "sync" }]).catch(() => undefined);
          await machine.destroy();
          await workspace.flush();
          disk.flush();
        },
      };
    },
  };
}

/** A UUID that stays with the playground. */
async function playgroundId(records: JournalRecordStore, randomness: Randomness): Promise<string> {
  const known = await records.get("playground", "id");
  if (typeof known === "string") return known;
  const id = hex(randomness.bytes(16)).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, "$1-$2-4$3-8$4-$5");
  await records.put("playground", "id", id);
  return id;
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
