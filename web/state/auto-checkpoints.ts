/**
 * Checkpoints that nobody asked for: some quiet seconds after containers have come or gone, so that a Worker that dies takes little with it.
 * One at a time is stored; the newest is what a lost machine can start from.
 */
import type { CheckpointInfo } from "../../worker/protocol/index.ts";
import type { EventMessage } from "../engine/types.ts";

/** Without an event for so long, nothing is under way. */
const quietMs = 6_000;
/** At most one in this time: storing is work. */
const apartMs = 60_000;
const telling: ReadonlySet<string> = new Set(["start", "die", "destroy"]);

export interface Keeper {
  takeCheckpoint(options: {
    readonly name: string;
    readonly automatic: boolean;
    readonly store: boolean;
  }): Promise<CheckpointInfo>;
}

export class AutoCheckpoints {
  readonly #keeper: Keeper;
  readonly #running: () => number;
  readonly #clock: { now(): number; after(ms: number, work: () => void): () => void };
  #cancel: (() => void) | undefined;
  #lastAt = Number.NEGATIVE_INFINITY;
  /** The newest that is stored. */
  last: CheckpointInfo | undefined;

  constructor(options: {
    readonly keeper: Keeper;
    /** How many containers run: without one there is nothing to lose. */
    readonly running: () => number;
    readonly clock: { now(): number; after(ms: number, work: () => void): () => void };
  }) {
    this.#keeper = options.keeper;
    this.#running = options.running;
    this.#clock = options.clock;
  }

  onEvent({ Type, Action }: Pick<EventMessage, "Type" | "Action">): void {
    if (Type !== "container" || !telling.has(Action)) return;
    this.#cancel?.();
    const wait = Math.max(quietMs, this.#lastAt + apartMs - this.#clock.now());
    this.#cancel = this.#clock.after(wait, () => void this.#take());
  }

  async #take(): Promise<void> {
    this.#cancel = undefined;
    if (this.#running() === 0) return;
    this.#lastAt = this.#clock.now();
    try {
      this.last = await this.#keeper.takeCheckpoint({ name: "by itself", automatic: true, store: true });
    } catch {
      // Something is being built or pulled, or there is no room: the one before stays.
    }
  }

  dispose(): void {
    this.#cancel?.();
  }
}
