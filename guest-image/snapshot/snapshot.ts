/** Boots one machine, makes it what a playground starts from, and saves it warm. */
import { assemble } from "../../worker/assembly.ts";
import type { DirectoryEntry } from "../../worker/engine/ports/guest.ts";
import type { BlockImage } from "../../worker/engine/ports/host.ts";
import { AgentClient } from "../../worker/guest/agent-client.ts";
import { readFacts } from "../../worker/machine/facts.ts";
import { packHostState, userlandKey } from "../../worker/machine/host-state.ts";
import { enterUserland, mountDisk, unmountDisk } from "../../worker/machine/root.ts";
import { catalogueBase, nodeClock, repositoryFetch } from "../../worker/node-platform.node.ts";
import { FileBlobStore } from "../../worker/storage/blobs.ts";
import type { SparseDisk } from "../../worker/storage/disk.ts";
import { FileLogStore } from "../../worker/storage/logs.ts";
import { MemoryFiles } from "../../worker/storage/memory-files.ts";
import { JournalRecordStore } from "../../worker/storage/records.ts";
import type { BootFiles } from "../../worker/vm/emulator.ts";
import { GuestLayerDisk } from "../../worker/vm/layer-disk.ts";
import { LayerDiskDevice } from "../../worker/vm/layer-disk-device.ts";
import { Machine } from "../../worker/vm/machine.ts";
import { type SavedMachine, type SnapshotManifest, saveMachine } from "../../worker/vm/snapshot.ts";
import { FileTree, NinepServer } from "../../worker/workspace/index.ts";
import { clearFreeMemory } from "./free-memory.ts";
import { saveShell, warmShell } from "./shell.ts";
import { dropUnusedPages, prepareImages, warm } from "./warm.ts";

const BOOT_TIMEOUT = 300_000;
const slabDirectory = "/sys/kernel/slab";

export interface SnapshotRecipe {
  readonly emulator: WebAssembly.Module;
  readonly memoryMegabytes: number;
  readonly boot: BootFiles;
  readonly disk: SparseDisk;
  readonly userland: BlockImage;
}

export async function buildSnapshot(
  recipe: SnapshotRecipe,
): Promise<SavedMachine & Pick<SnapshotManifest, "layers" | "partitions">> {
  const { disk, userland, ...rest } = recipe;
  const layers = new LayerDiskDevice();
  const ninep = new NinepServer(new FileTree(() => Date.now()));
  const machine = await Machine.create({
    ...rest,
    layerDisk: layers,
    writableDisk: disk,
    handle9p: ninep.handle,
    onLost: (error, serial) => {
      process.stderr.write(serial);
      throw error;
    },
  });
  machine.run();
  try {
    await machine.serial.waitFor(/^BOOT-OK/m, { signal: AbortSignal.timeout(BOOT_TIMEOUT) });
  } catch (error) {
    throw new Error(`The machine did not boot:\n${machine.serial.tail()}`, { cause: error });
  }
  const guest = new AgentClient(machine.console);
  const entropy = crypto.getRandomValues(new Uint8Array(32));
  await guest.renew({ now: Date.now(), entropy, hostname: "drydock" }, { fresh: true });
  const layerDisk = new GuestLayerDisk(layers, guest);
  await enterUserland(guest, await layerDisk.attach(userlandKey, userland));
  await mountDisk(guest);

  const files = new MemoryFiles();
  const engine = await assemble({
    guest,
    layerDisk,
    blobs: await FileBlobStore.open(files),
    records: await JournalRecordStore.open(files),
    logs: new FileLogStore(files),
    clock: nodeClock,
    randomness: { bytes: (count) => crypto.getRandomValues(new Uint8Array(count)) },
    fetch: repositoryFetch,
    catalogue: catalogueBase,
    facts: await readFacts(guest, "snapshot"),
  });
  await prepareImages(engine);
  await shrink(guest);
  // The code of booting and preparing goes, so that only what is hot comes back. Code belongs to pages of memory: from here on programs
  // must stay where they are in the page cache.
  await machine.quiesce();
  machine.forgetAllCode();
  machine.run();
  await warm(guest, engine);
  await warmShell(guest);
  const shell = await saveShell(guest);
  await dropUnusedPages(guest, engine);
  await engine.networks.fillPool();
  await engine.idle();
  await engine.stop();
  await unmountDisk(guest);
  await shrinkSlabs(guest);
  await machine.quiesce();
  clearFreeMemory(machine);
  const host = () =>
    packHostState({
      schema: 1,
      agent: guest.exportState(),
      ninep: ninep.exportState(),
      engine: engine.exportState(),
      shell,
    });
  const saved = await saveMachine(machine, host);
  await machine.destroy();
  return { ...saved, layers: layers.layers(), partitions: layerDisk.partitions };
}

/** Has the kernel give back what it can: page cache, by pressure also what is in use but clean, and empty slabs. */
async function shrink(guest: AgentClient): Promise<void> {
  await guest.zeroFreeMemory();
  await shrinkSlabs(guest);
}

async function shrinkSlabs(guest: AgentClient): Promise<void> {
  const [slabs] = await guest.batch([{ op: "list", path: slabDirectory }]);
  const names = (slabs as readonly DirectoryEntry[]).map(({ name }) => name);
  await guest.batch(
    names.map((name) => ({
      op: "write",
      path: `${slabDirectory}/${name}/shrink`,
      data: "1",
      create: false,
      ignore: ["*"],
    })),
  );
}
