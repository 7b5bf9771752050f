/** Drydock in Node: the machine from the build, its storage in a directory, its network the host's. */
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { assemble, type Engine } from "./assembly.ts";
import type { Guest } from "./engine/ports/guest.ts";
import { AgentClient } from "./guest/agent-client.ts";
import { readFacts } from "./machine/facts.ts";
import { fileImage } from "./machine/file-image.node.ts";
import { unpackHostState, userlandKey } from "./machine/host-state.ts";
import { enterUserland, mountDisk } from "./machine/root.ts";
import { buildPath, catalogueBase, nodeClock, repository, repositoryFetch } from "./node-platform.node.ts";
import { FileBlobStore } from "./storage/blobs.ts";
import { openDiskFiles } from "./storage/byte-file.node.ts";
import { memoryDiskFiles, SparseDisk } from "./storage/disk.ts";
import { loadBase } from "./storage/disk-base.ts";
import type { ByteFiles } from "./storage/files.ts";
import { FileLogStore } from "./storage/logs.ts";
import { MemoryFiles } from "./storage/memory-files.ts";
import { NodeFiles } from "./storage/node-files.node.ts";
import { JournalRecordStore } from "./storage/records.ts";
import { GuestLayerDisk } from "./vm/layer-disk.ts";
import { LayerDiskDevice } from "./vm/layer-disk-device.ts";
import type { Machine } from "./vm/machine.ts";
import { directorySource } from "./vm/snapshot-files.node.ts";
import { startMachine } from "./vm/start.ts";
import { type FileTree, NinepServer, persistTree } from "./workspace/index.ts";

export interface NodeDrydock extends Engine {
  readonly guest: Guest;
  readonly machine: Machine;
  readonly workspace: FileTree;
  /** Ends the machine; what was stored stays. */
  close(): Promise<void>;
}

export interface NodeOptions {
  /** Directory that keeps the playground; undefined keeps it in memory. */
  readonly state?: string | undefined;
  /** Messages that a person should see. */
  readonly onMessage?: (message: string) => void;
}

export async function openDrydock(options: NodeOptions = {}): Promise<NodeDrydock> {
  const say = options.onMessage ?? ((message) => void process.stderr.write(`drydock: ${message}\n`));
  const release = options.state === undefined ? () => undefined : lock(options.state);
  const files: ByteFiles =
    options.state === undefined ? new MemoryFiles() : new NodeFiles(join(options.state, "store"));
  const [blobs, records, base] = await Promise.all([
    FileBlobStore.open(files, () => createHash("sha256")),
    JournalRecordStore.open(files),
    readFile(join(repository, "guest-image/prebuilt/disk.ext4.gz")).then((bytes) => loadBase(new Uint8Array(bytes))),
  ]);
  const logs = new FileLogStore(files);
  const workspace = await persistTree(records, files, () => Date.now());
  const ninep = new NinepServer(workspace.tree);

  const layers = new LayerDiskDevice(({ key, error }) => say(`a layer could not be read (${key}): ${String(error)}`));
  const diskFiles = options.state === undefined ? memoryDiskFiles() : openDiskFiles(join(options.state, "disk"));
  const disk = new SparseDisk(base, diskFiles);
  const userland = fileImage(buildPath("userland/userland.erofs"));
  const started = await startMachine(directorySource(buildPath("snapshot")), {
    devices: { layerDisk: layers, writableDisk: disk, handle9p: ninep.handle, onLost: (error) => say(error.message) },
    placeLayers: ({ layers: placed }) => {
      for (const { key, start } of placed) if (key === userlandKey) layers.attach(key, userland, start);
    },
    onFallback: (message) => say(message),
  });
  const { machine } = started;
  // Optimised code takes V8 seconds to make on few cores; the baseline compiler's is there at once (ARCHITECTURE.md).
  setFlagsFromString("--liftoff-only");

  const host = started.how === "restored" ? unpackHostState(started.manifest.host) : undefined;
  if (host !== undefined) ninep.importState(host.ninep);
  machine.run();
  if (host === undefined) await machine.serial.waitFor(/^BOOT-OK/m);
  const guest = new AgentClient(machine.console, host?.agent);
  await guest.renew(
    { now: Date.now(), entropy: randomBytes(64), machineId: randomBytes(16).toString("hex"), hostname: "drydock" },
    { fresh: host === undefined },
  );
  const layerDisk = new GuestLayerDisk(layers, guest, started.how === "restored" ? started.manifest.partitions : {});
  if (host === undefined) await enterUserland(guest, await layerDisk.attach(userlandKey, userland));
  await mountDisk(guest);

  const engine = await assemble({
    guest,
    layerDisk,
    blobs,
    records,
    logs,
    clock: nodeClock,
    randomness: { bytes: (count) => randomBytes(count) },
    fetch: repositoryFetch,
    catalogue: catalogueBase,
    facts: await readFacts(guest, await playgroundId(records)),
    ...(host?.engine === undefined ? {} : { state: host.engine }),
  });
  return {
    ...engine,
    guest,
    machine,
    workspace: workspace.tree,
    close: async () => {
      await engine.idle();
      await engine.stop();
      await guest.batch([{ op: "sync" }]).catch(() => undefined);
      await machine.destroy();
      await workspace.flush();
      disk.flush();
      release();
    },
  };
}

async function playgroundId(records: JournalRecordStore): Promise<string> {
  const known = await records.get("playground", "id");
  if (typeof known === "string") return known;
  const id = randomUUID();
  await records.put("playground", "id", id);
  return id;
}

/** One process at a time writes a playground. */
function lock(directory: string): () => void {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, "lock");
  const holder = existsSync(file) ? Number(readFileSync(file, "utf8")) : undefined;
  if (holder !== undefined && isAlive(holder))
    throw new Error(`${directory} is in use by process ${holder}: end it, or name another folder in DRYDOCK_STATE`);
  writeFileSync(file, String(process.pid));
  return () => rmSync(file, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return pid !== process.pid;
  } catch {
    return false;
  }
}
