/**
 * A whole Drydock: storage opened, the machine restored or booted, the engine on top, the guest's own doors (the `docker` command and
 * docker.sock) served. Node and the Worker differ in what they hand in; the order of things is here alone. A prompt needs the machine
 * only: the engine's code is loaded when the machine runs.
 */
import { hex } from "./bytes/hex.ts";
import { LastingGuest, lasting } from "./checkpoints/lasting-guest.ts";
import { Life } from "./checkpoints/life.ts";
import type { StartSource } from "./checkpoints/resume.ts";
import type { Stores } from "./checkpoints/stores.ts";
import { DiskFailures } from "./disk-failures.ts";
import type { Drydock, DrydockParts, LivingMachine, OpenMachine } from "./drydock-model.ts";
import type { BlockImage } from "./engine/ports/host.ts";
import { AgentClient } from "./guest/agent-client.ts";
import { Terminals } from "./host/terminals.ts";
import type { FirstShell } from "./machine/first-shell.ts";
import { unpackHostState, userlandKey } from "./machine/host-state.ts";
import { enterUserland, mountDisk } from "./machine/root.ts";
import { FileBlobStore } from "./storage/blobs.ts";
import { openDiskFiles, SparseDisk } from "./storage/disk.ts";
import { FileLogStore } from "./storage/logs.ts";
import { JournalRecordStore } from "./storage/records.ts";
import { lateImage } from "./vm/late-image.ts";
import { GuestLayerDisk } from "./vm/layer-disk.ts";
import { LayerDiskDevice } from "./vm/layer-disk-device.ts";
import { type MachineDevices, startMachine } from "./vm/start.ts";
import { type FileTree, NinepServer, persistTree } from "./workspace/index.ts";

export async function openDrydock(parts: DrydockParts): Promise<Drydock> {
  // Nobody waits for a prompt: the engine's code is loaded while the machine is.
  import("./guest-engine.ts").catch(() => {});
  const opened = await openMachine(parts);
  return await opened.startEngine();
}

export async function openMachine(parts: DrydockParts): Promise<OpenMachine> {
  const { stores, workspace } = await openStores(parts);
  const beginning = parts.from === undefined ? begin(parts, stores) : resume(parts, stores, parts.from);
  const began = await beginning.catch((error: unknown) => {
    // Another start opens them again: a checkpoint that does not fit is no end.
    stores.records.close();
    stores.disk.close();
    throw error;
  });
  const guest = new LastingGuest(() => living.life);
  const open = {
    guest,
    workspace,
    terminals: new Terminals(guest, began.first),
    machine: began.machine,
    origin: began.origin,
  };
  const living: LivingMachine = { ...began, ...open, parts, stores };
  return {
    ...open,
    startEngine: async () => {
      const [{ openEngine }] = await Promise.all([import("./guest-engine.ts"), began.ready]);
      return await openEngine(living);
    },
  };
}

async function openStores(parts: DrydockParts): Promise<{ readonly stores: Stores; readonly workspace: FileTree }> {
  const { files, clock, onNotice } = parts;
  const opening = JournalRecordStore.open(files);
  const [records, { tree, flush }, blobs, diskFiles] = await Promise.all([
    opening,
    opening.then((records) => persistTree(records, files, () => clock.now().getTime())),
    FileBlobStore.open(files, parts.hasher),
    openDiskFiles(files),
  ]);
  const stores: Stores = {
    files,
    blobs,
    records,
    logs: new FileLogStore(files),
    ninep: new NinepServer(tree),
    flushWorkspace: flush,
    disk: new SparseDisk(parts.diskBase, diskFiles),
    layers: new LayerDiskDevice(({ key, error }) => onNotice(unreadable(key, error))),
  };
  return { stores, workspace: tree };
}

/** The guest tells its program of an input/output error, and no more. */
function unreadable(key: string, error: unknown): string {
  const what = key === userlandKey ? "The machine's programs" : "An image's files";
  const reason = (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");
  return `${what} could not be read: ${reason}. What needed them sees an input/output error; run it again.`;
}

/** The engine says where images have their layers; nothing reads them before. */
const notYet = (): Promise<BlockImage> => Promise.reject(new Error("the engine has not started yet"));

type Began = Pick<LivingMachine, "machine" | "origin" | "life" | "saved" | "resumed"> & {
  readonly first?: FirstShell;
  /** What the engine waits for and a prompt does not: the agent takes requests in their order, so no key comes before it. */
  readonly ready: Promise<void>;
};

/** From the shipped snapshot, or booted. */
async function begin(parts: DrydockParts, stores: Stores): Promise<Began> {
  const { layers, ninep } = stores;
  const failures = new DiskFailures(parts.onNotice);
  const started = await startMachine(parts.build, {
    devices: devicesOf(parts, stores, failures),
    ...(parts.memoryLimit === undefined ? {} : { memoryLimit: parts.memoryLimit }),
    placeLayers: ({ layers: placed }) => {
      // Layers of images stand mounted in the snapshot before their image was ever pulled.
      for (const { key, start, length } of placed)
        layers.attach(key, key === userlandKey ? parts.userland : lateImage(length, notYet), start);
    },
    onFallback: parts.onNotice,
  });
  const { machine } = started;
  const manifest = started.how === "restored" ? started.manifest : undefined;
  const saved = manifest === undefined ? undefined : unpackHostState(manifest.host);
  if (saved !== undefined) ninep.importState(saved.ninep);
  machine.run();
  if (saved === undefined) await machine.serial.waitFor(/^BOOT-OK/m);
  const client = new AgentClient(machine.console, saved?.agent);
  const layerDisk = new GuestLayerDisk(layers, client, manifest?.partitions ?? {});
  const renewed = renew(client, parts, { fresh: saved === undefined });
  if (saved === undefined) {
    await renewed;
    await enterUserland(client, await layerDisk.attach(userlandKey, parts.userland));
  }
  const mounted = mountDisk(client).catch((error: unknown) => {
    throw failures.explain(error);
  });
  const ready = Promise.all([renewed, mounted]).then(() => {});
  // Whoever starts the engine meets its failure.
  ready.catch(() => {});
  const life = { life: new Life(), client, layerDisk };
  const shell = saved?.shell && client.adopted(saved.shell.pid);
  return {
    machine,
    origin: saved === undefined ? "boot" : "snapshot",
    life,
    saved,
    resumed: undefined,
    ready,
    ...(saved?.shell === undefined || shell === undefined
      ? {}
      : { first: { process: lasting(shell, life.life), printed: saved.shell.printed } }),
  };
}

/** From a checkpoint of before, whose disk and workspace are mounted. */
async function resume(parts: DrydockParts, stores: Stores, from: StartSource): Promise<Began> {
  const { resumeFrom } = await import("./checkpoints/resume.ts");
  const resumed = await resumeFrom(from, {
    parts,
    stores,
    devices: devicesOf(parts, stores, new DiskFailures(parts.onNotice)),
  });
  const { machine, instant } = resumed;
  const client = AgentClient.fromState(machine.console, instant.agent);
  machine.run();
  await renew(client, parts, { fresh: false });
  const layerDisk = new GuestLayerDisk(stores.layers, client, instant.partitions);
  const life = { life: new Life(), client, layerDisk };
  return { machine, origin: "checkpoint", life, saved: undefined, resumed, ready: Promise.resolve() };
}

function devicesOf(parts: DrydockParts, { layers, disk, ninep }: Stores, failures: DiskFailures): MachineDevices {
  return {
    layerDisk: layers,
    writableDisk: disk,
    handle9p: ninep.handle,
    onDiskFailure: failures.report,
    onLost: (error) => parts.onLost(error.message),
  };
}

/** A machine that comes from a file is a machine of its own. */
async function renew(
  client: AgentClient,
  { clock, randomness }: DrydockParts,
  { fresh }: { readonly fresh: boolean },
): Promise<void> {
  const machineId = hex(randomness.bytes(16));
  const now = clock.now().getTime();
  await client.renew({ now, entropy: randomness.bytes(64), machineId, hostname: "drydock" }, { fresh });
}
