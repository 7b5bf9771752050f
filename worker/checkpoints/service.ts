/** Takes checkpoints of the whole playground, returns to them, keeps them within a budget of memory, and writes them out. */
import { EngineError } from "../engine/errors.ts";
import type { Clock } from "../engine/ports/host.ts";
import type { Terminals } from "../host/terminals.ts";
import type { CheckpointEvent, CheckpointInfo, CheckpointOptions } from "../protocol/index.ts";
import type { BlobsImage } from "../storage/blobs.ts";
import type { LogsImage } from "../storage/logs.ts";
import { type Checkpoint, Checkpoints } from "../vm/checkpoint.ts";
import { writeCheckpoint } from "../vm/checkpoint-file.ts";
import { MachineError } from "../vm/errors.ts";
import type { LayersImage } from "../vm/layer-disk-device.ts";
import type { Machine } from "../vm/machine.ts";
import type { FiledInstant, Instant } from "./instant.ts";
import type { EngineLife } from "./lives.ts";
import type { StoredCheckpoints } from "./stored.ts";
import { captureStores, type FrozenStores, putStoresBack, type Stores } from "./stores.ts";

export interface CheckpointDependencies {
  readonly machine: Machine;
  readonly stores: Stores;
  readonly clock: Clock;
  readonly terminals: Terminals;
  /** What the machine's network cable leads to. */
  readonly network: { farewells(): readonly Uint8Array[] };
  /** Of the playground, from earlier Workers. */
  readonly stored: StoredCheckpoints;
  readonly present: () => EngineLife;
  /** Ends the present life, has `putBack` bring the machine and the stores to the instant, and begins the next life there. */
  readonly liveOn: (name: string, instant: Instant, putBack: () => Promise<void>) => Promise<void>;
  /** The checkpoint that the machine was started from. */
  readonly position?: string;
  /** Bytes of memory for all checkpoints. */
  readonly budget?: number;
}

interface Kept {
  readonly info: Omit<CheckpointInfo, "bytes" | "stored">;
  readonly checkpoint: Checkpoint;
  readonly instant: Instant;
  readonly logs: LogsImage;
  readonly layers: LayersImage;
}

const defaultBudget = 320 << 20;
/** How long a checkpoint waits for work under way. */
const patience = 15_000;
const pause = 5;

export class CheckpointService {
  readonly #d: CheckpointDependencies;
  readonly #machine: Checkpoints;
  readonly #kept = new Map<string, Kept>();
  readonly #listeners = new Set<(event: CheckpointEvent) => void>();
  #position: string | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(dependencies: CheckpointDependencies) {
    this.#d = dependencies;
    this.#position = dependencies.position;
    const { stores } = dependencies;
    this.#machine = new Checkpoints(dependencies.machine, {
      disk: {
        freeze: () => stores.disk.freeze(),
        rewind: (generation) => stores.disk.rewind(generation),
        // A stored checkpoint may need it: see #letGo.
        forget: () => {},
      },
      layers: () => stores.layers.layers(),
      captureHost: () => this.#captureInstant(),
    });
  }

  /** Oldest first. */
  list(): readonly CheckpointInfo[] {
    const inStorage = this.#d.stored.list().filter(({ id }) => !this.#kept.has(id));
    return [...inStorage, ...[...this.#kept.values()].map((kept) => this.#infoOf(kept))];
  }

  subscribe(listener: (event: CheckpointEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  take(options: CheckpointOptions): Promise<CheckpointInfo> {
    return this.#inTurn(async () => {
      const kept = await this.#take(options);
      try {
        this.#makeRoom(kept);
        if (options.store === true) await this.#store(kept);
      } catch (error) {
        await this.#forget(kept.info.id);
        throw error;
      }
      this.#position = kept.info.id;
      const info = this.#infoOf(kept);
      this.#d.present().engine.events.publish("daemon", "checkpoint", info.id, { name: info.name });
      this.#tell({ kind: "taken", checkpoint: info });
      return info;
    });
  }

  /** Resolves when the engine answers again. What goes on is given up. */
  rewind(id: string): Promise<CheckpointInfo> {
    return this.#inTurn(async () => {
      const kept = this.#find(id);
      const { stores, terminals, machine } = this.#d;
      const { instant, checkpoint, logs, layers, info } = kept;
      // A machine that does not come to rest is left as it is.
      await machine.quiesce();
      await this.#d.liveOn(info.name, instant, async () => {
        await this.#machine.rewind(checkpoint);
        stores.layers.putBack(layers);
        await putStoresBack(stores, { ...instant, logs });
      });
      this.#position = id;
      const { engine, process } = this.#d.present();
      await terminals.rewound(info.name, instant.terminals, process);
      engine.events.publish("daemon", "rewind", id, { name: info.name });
      const told = this.#infoOf(kept);
      this.#tell({ kind: "rewound", checkpoint: told });
      return told;
    });
  }

  forget(id: string): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#kept.has(id) && !this.#d.stored.has(id)) throw notFound(id);
      await this.#unstore(id);
      await this.#forget(id);
      this.#tell({ kind: "forgotten", id });
    });
  }

  /** A file that another Drydock of the same build opens. Read it to its end before the checkpoint is forgotten. */
  async export(id: string): Promise<ReadableStream<Uint8Array>> {
    const kept = this.#find(id);
    const { disk, blobs } = this.#d.stores;
    return await this.#write(kept, {
      disk: disk.writtenBlocks(kept.checkpoint.diskGeneration),
      blobs: [...kept.instant.blobs].map(([digest, bytes]) => ({
        digest,
        bytes,
        read: () => blobs.read(digest, 0, bytes),
      })),
    });
  }

  /** What is stored, as of one instant, without the machine, which pauses for it and goes on. */
  freezeStores(): Promise<FrozenStores> {
    return this.#inTurn(async () => {
      const { stores } = this.#d;
      const goOn = await this.#rest();
      try {
        const generation = stores.disk.freeze();
        const image = captureStores(stores);
        return {
          ...image,
          logs: await this.#logsOfNow(goOn),
          blocks: stores.disk.writtenBlocks(generation),
          readBlob: (digest, offset, length) => stores.blobs.read(digest, offset, length),
          release: async () => {
            stores.disk.forget(generation);
            await stores.blobs.release(image.blobs);
          },
        };
      } finally {
        goOn();
      }
    });
  }

  // ------------------------------------------------------------------ taking
  async #take({ name, automatic = false }: CheckpointOptions): Promise<Kept> {
    const { stores, clock } = this.#d;
    const goOn = await this.#rest();
    try {
      const checkpoint = await this.#machine.take();
      const info = {
        id: crypto.randomUUID(),
        name,
        at: clock.now().getTime(),
        ...(this.#position === undefined ? {} : { parent: this.#position }),
        automatic,
      };
      const kept: Kept = {
        info,
        checkpoint,
        instant: checkpoint.host as Instant,
        layers: stores.layers.capture(),
        logs: await this.#logsOfNow(goOn, [...this.#kept.values()].at(-1)?.logs),
      };
      this.#kept.set(info.id, kept);
      return kept;
    } finally {
      goOn();
    }
  }

  /** The logs as they are. The machine need not wait while they are read: what it says from here on comes after them. */
  #logsOfNow(goOn: () => void, earlier?: LogsImage): Promise<LogsImage> {
    const logs = this.#d.stores.logs.capture(earlier);
    goOn();
    return logs;
  }

  /**
   * Pauses the machine at an instant at which the engine is between two pieces of work. The answer lets it run on, and requests in
   * again; called once more it does nothing.
   */
  async #rest(): Promise<() => void> {
    const { machine, present } = this.#d;
    const deadline = performance.now() + patience;
    for (;;) {
      const { gate } = present();
      if (gate.worksOnImages)
        throw new EngineError(
          "conflict",
          "An image is being built, pulled or pushed: a checkpoint can be taken when that has ended.",
        );
      if (this.#isQuiet()) {
        const release = gate.hold();
        try {
          await machine.quiesce();
          // What the guest said last is heard before it is asked again.
          await turn();
          if (this.#isQuiet())
            return once(() => {
              release();
              machine.run();
            });
        } catch (error) {
          release();
          throw error;
        }
        release();
        machine.run();
      }
      if (performance.now() > deadline) {
        const [busy] = gate.underWay;
        const what = busy === undefined ? "the engine" : `${busy.method} ${busy.path}`;
        throw new EngineError("conflict", `The checkpoint could not be taken: ${what} does not come to rest.`);
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  #isQuiet(): boolean {
    const { gate, client, life } = this.#d.present();
    return gate.underWay.length === 0 && client.idle && life.stored;
  }

  #captureInstant(): Instant {
    const { engine, client, layerDisk } = this.#d.present();
    return {
      schema: 1,
      ...captureStores(this.#d.stores),
      agent: client.exportState(),
      engine: engine.exportState(),
      partitions: layerDisk.partitions,
      terminals: this.#d.terminals.exportState(),
      farewells: this.#d.network.farewells(),
    };
  }

  // ------------------------------------------------------------------ keeping
  /** Gives up automatic ones, oldest first, until the newest fits. */
  #makeRoom(newest: Kept): void {
    const budget = this.#d.budget ?? defaultBudget;
    for (const kept of [...this.#kept.values()]) {
      if (this.#machine.bytes <= budget) return;
      if (!kept.info.automatic || kept === newest) continue;
      void this.#forget(kept.info.id);
      this.#tell({ kind: "forgotten", id: kept.info.id });
    }
    if (this.#machine.bytes > budget && this.#kept.size > 1)
      throw new EngineError("conflict", "There is no memory for one more checkpoint: forget another one first.");
  }

  async #forget(id: string): Promise<void> {
    const kept = this.#kept.get(id);
    if (kept === undefined) return;
    this.#kept.delete(id);
    this.#machine.forget(kept.checkpoint);
    await this.#letGo(id, kept.checkpoint.diskGeneration, kept.instant.blobs);
  }

  async #store(kept: Kept): Promise<void> {
    const { stored } = this.#d;
    const file = await this.#write(kept, { disk: [], blobs: [] });
    const { diskGeneration } = kept.checkpoint;
    await stored.add({ ...this.#infoOf(kept), bytes: 0, stored: true }, file, diskGeneration, kept.instant.blobs);
    if (!kept.info.automatic) return;
    for (const { id, automatic } of stored.list()) if (automatic && id !== kept.info.id) await this.#unstore(id);
  }

  async #unstore(id: string): Promise<void> {
    const gone = await this.#d.stored.remove(id);
    if (gone !== undefined) await this.#letGo(id, gone.generation, gone.blobs);
  }

  /** Blocks and blobs go when neither memory nor storage has the checkpoint any more. */
  async #letGo(id: string, generation: number, blobs: BlobsImage): Promise<void> {
    if (this.#kept.has(id) || this.#d.stored.has(id)) return;
    this.#d.stores.disk.forget(generation);
    await this.#d.stores.blobs.release(blobs);
  }

  async #write(kept: Kept, contents: Omit<Parameters<typeof writeCheckpoint>[3], "host">) {
    const { instant, logs, info, checkpoint } = kept;
    const host: FiledInstant = { ...instant, logs, name: info.name, at: info.at };
    try {
      return await writeCheckpoint(this.#d.machine, this.#machine, checkpoint, { ...contents, host });
    } catch (error) {
      if (error instanceof MachineError) throw new EngineError("conflict", error.message, { cause: error });
      throw error;
    }
  }

  #find(id: string): Kept {
    const kept = this.#kept.get(id);
    if (kept !== undefined) return kept;
    if (!this.#d.stored.has(id)) throw notFound(id);
    throw new EngineError("conflict", "This checkpoint is in storage alone: start the machine from it.");
  }

  #infoOf({ info, checkpoint }: Kept): CheckpointInfo {
    return { ...info, bytes: this.#machine.ownBytes(checkpoint), stored: this.#d.stored.has(info.id) };
  }

  #tell(event: CheckpointEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }
}

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
}

function notFound(id: string): EngineError {
  return new EngineError("notFound", `No such checkpoint: ${id}`, { resource: id });
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
