/**
 * The engine through its lives: the first from a start of the machine, each later one from a checkpoint that the machine was put back to.
 * Who holds the engine from outside asks {@link Lives.api}, which waits while one life ends and the next begins.
 */
import type { ApiTransport } from "../api/transport.ts";
import type { Engine, EngineState, Platform } from "../assembly.ts";
import type { LivingMachine } from "../drydock-model.ts";
import type { EngineEvent } from "../engine/domains.ts";
import type { GuestProcess } from "../engine/ports/guest.ts";
import { AgentClient } from "../guest/agent-client.ts";
import { GuestLayerDisk } from "../vm/layer-disk.ts";
import { Gate } from "./gate.ts";
import type { Instant } from "./instant.ts";
import { lasting, type MachineLife } from "./lasting-guest.ts";
import { Life, Rewound } from "./life.ts";

export interface EngineLife extends MachineLife {
  readonly engine: Engine;
  readonly gate: Gate;
  /** A process of the checkpoint's, for somebody who outlives the life. */
  readonly process: (pid: number) => GuestProcess | undefined;
}

export interface LivesOptions {
  readonly machine: LivingMachine;
  readonly assemble: (
    platform: Pick<Platform, "guest" | "layerDisk" | "blobs" | "records" | "logs" | "clock" | "state" | "processes">,
  ) => Promise<Engine>;
  /** Opens the engine's doors in the guest. */
  readonly serve: (client: AgentClient, engine: Engine, api: ApiTransport) => Promise<void>;
  /** What else was connected to the machine lets go of it. */
  readonly unplug: () => void;
}

type Listener = (event: EngineEvent) => void;

export class Lives {
  readonly #o: LivesOptions;
  #present!: EngineLife;
  #begun: Promise<EngineLife>;
  readonly #listeners = new Set<Listener>();

  private constructor(options: LivesOptions, first: Promise<EngineLife>) {
    this.#o = options;
    this.#begun = first;
  }

  static async begin(options: LivesOptions): Promise<Lives> {
    const { machine } = options;
    const first = beginLife(options, machine.life, machine.saved?.engine, machine.resumed?.instant);
    const lives = new Lives(options, first);
    lives.#enter(await first);
    return lives;
  }

  get present(): EngineLife {
    return this.#present;
  }

  readonly api: ApiTransport = {
    request: async (request) => (await this.#begun).gate.request(request),
  };

  subscribe(listener: Listener): { dispose(): void } {
    this.#listeners.add(listener);
    return { dispose: () => void this.#listeners.delete(listener) };
  }

  /** Ends the present life and begins the next one at an instant to which `putBack` brings machine and stores. */
  async liveOn(name: string, instant: Instant, putBack: () => Promise<void>): Promise<void> {
    const next = this.#next(name, instant, putBack);
    this.#begun = next;
    next.catch(() => {});
    try {
      this.#enter(await next);
    } catch (error) {
      const { parts } = this.#o.machine;
      parts.onLost(`The machine could not be put back: ${error instanceof Error ? error.message : String(error)}`);
      throw error;
    }
  }

  async #next(name: string, instant: Instant, putBack: () => Promise<void>): Promise<EngineLife> {
    const { machine: living, unplug } = this.#o;
    const { machine, parts, stores } = living;
    living.life.client.abandon();
    await living.life.life.end(new Rewound(name));
    await putBack();
    machine.network.reset();
    unplug();
    const client = AgentClient.fromState(machine.console, instant.agent);
    living.life = {
      life: new Life(),
      client,
      layerDisk: new GuestLayerDisk(stores.layers, client, instant.partitions),
    };
    machine.run();
    const { clock, randomness } = parts;
    await client.renew({ now: clock.now().getTime(), entropy: randomness.bytes(64) }, { fresh: false });
    return await beginLife(this.#o, living.life, instant.engine, instant);
  }

  #enter(life: EngineLife): void {
    this.#present = life;
    life.engine.events.subscribe((event) => {
      for (const listener of [...this.#listeners]) listener(event);
    });
  }
}

async function beginLife(
  { machine, assemble, serve }: LivesOptions,
  present: MachineLife,
  state: EngineState | undefined,
  instant: Instant | undefined,
): Promise<EngineLife> {
  const { life, client, layerDisk } = present;
  const { stores, parts } = machine;
  const known = state ?? instant?.engine;
  const engine = await assemble({
    guest: client,
    layerDisk,
    blobs: stores.blobs,
    records: life.guard(stores.records, ["put", "delete"]),
    logs: life.guard(stores.logs, ["append", "rename", "delete"]),
    clock: life.clock(parts.clock),
    ...(known === undefined ? {} : { state: known }),
    ...(instant === undefined ? {} : { processes: runningOn(client, instant) }),
  });
  for (const frame of instant?.farewells ?? []) machine.machine.network.send(frame);
  const gate = new Gate(engine.api, life);
  await serve(client, engine, gate);
  const process = (pid: number) => {
    const found = client.adopted(pid);
    return found && lasting(found, life);
  };
  return { ...present, engine, gate, process };
}

/** The engine's processes of the checkpoint; those of terminals are the page's. */
function runningOn(client: AgentClient, { terminals }: Instant): NonNullable<Platform["processes"]> {
  const others = new Set(terminals.map(({ pid }) => pid));
  return { find: (pid) => client.adopted(pid), pids: client.adoptedPids().filter((pid) => !others.has(pid)) };
}
