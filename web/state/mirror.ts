/**
 * The page's mirror of the engine: lists of containers, images, networks and volumes, kept true by numbered events.
 * Events are taken first and lists after, so nothing falls in between; a number left out means dropped events, and all
 * lists are fetched again. Many events at once cause one fetch, and of a list only what differs is another object than before.
 */
import type { NumberedEvent } from "../../worker/protocol/index.ts";
import type { ContainerSummary, EventMessage, ImageSummary, Network, Volume } from "../engine/types.ts";
import { keptWhereEqual } from "./kept.ts";

export interface EngineLists {
  readonly containers: readonly ContainerSummary[];
  readonly images: readonly ImageSummary[];
  readonly networks: readonly Network[];
  readonly volumes: readonly Volume[];
}
export type ListName = keyof EngineLists;

export interface MirrorSource {
  events(): Promise<ReadableStream<NumberedEvent>>;
  list(name: ListName): Promise<EngineLists[ListName]>;
}

export interface MirrorOptions {
  /** A list has come first, or differs from the one before. */
  readonly onList: (lists: Partial<EngineLists>) => void;
  readonly onEvent?: (event: EventMessage) => void;
  /** The least time between two fetches of the same list. */
  readonly pauseMs?: number;
  readonly signal: AbortSignal;
}

const all: readonly ListName[] = ["containers", "images", "networks", "volumes"];

/** Actions that change nothing which a list shows (`exec_start: sh`, `top`, `attach`, …). */
const silent = /^(exec_|attach|detach|top|resize|archive-path|extract-to-dir|export|copy|push|save|mount|unmount)/;

/** The lists that an event makes stale. */
export function staleLists(event: EventMessage): readonly ListName[] {
  if (silent.test(event.Action)) return [];
  switch (event.Type) {
    case "container":
      return event.Action === "destroy" || event.Action === "create" ? ["containers", "volumes"] : ["containers"];
    case "image":
      return ["images"];
    case "network":
      return ["networks", "containers"];
    case "volume":
      return ["volumes"];
    case "builder":
      return ["images"];
    default:
      return [];
  }
}

const idOf = (entry: { readonly Id?: string; readonly Name?: string }): string => entry.Id ?? entry.Name ?? "";

export class Mirror {
  readonly #source: MirrorSource;
  readonly #options: MirrorOptions;
  readonly #stale = new Set<ListName>();
  readonly #busy = new Set<ListName>();
  readonly #lists: { -readonly [Name in ListName]?: EngineLists[Name] } = {};

  constructor(source: MirrorSource, options: MirrorOptions) {
    this.#source = source;
    this.#options = options;
  }

  /** Runs until the signal aborts or the Worker is lost. Rejects when the engine cannot be listed. */
  async run(): Promise<void> {
    while (!this.#options.signal.aborted) {
      const events = await this.#source.events();
      for (const name of all) this.#refresh(name);
      await this.#follow(events);
    }
  }

  async #follow(events: ReadableStream<NumberedEvent>): Promise<void> {
    const reader = events.getReader();
    const stop = (): void => void reader.cancel().catch(() => {});
    this.#options.signal.addEventListener("abort", stop, { once: true });
    let last = 0;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        const gap = value.sequence !== last + 1;
        last = value.sequence;
        const event = value.event as EventMessage;
        for (const name of gap ? all : staleLists(event)) this.#refresh(name);
        this.#options.onEvent?.(event);
      }
    } finally {
      this.#options.signal.removeEventListener("abort", stop);
    }
  }

  /** Lists again what no event tells of: "Up 2 minutes" grows old by itself. */
  refresh(name: ListName): void {
    this.#refresh(name);
  }

  #refresh(name: ListName): void {
    this.#stale.add(name);
    if (!this.#busy.has(name)) void this.#fetch(name);
  }

  #take(name: ListName, list: EngineLists[ListName]): void {
    const before: readonly object[] | undefined = this.#lists[name];
    const kept = keptWhereEqual<object>(before, list, idOf) as never;
    if (kept === before) return;
    this.#lists[name] = kept;
    this.#options.onList({ [name]: kept });
  }

  async #fetch(name: ListName): Promise<void> {
    this.#busy.add(name);
    try {
      while (this.#stale.delete(name) && !this.#options.signal.aborted) {
        this.#take(name, await this.#source.list(name));
        await new Promise((resolve) => setTimeout(resolve, this.#options.pauseMs ?? 100));
      }
    } catch {
      // The engine could not be listed: the next event asks again, and a lost Worker is reported by the bridge.
    } finally {
      this.#busy.delete(name);
    }
  }
}
