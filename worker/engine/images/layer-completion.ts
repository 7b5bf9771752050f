/**
 * Completes lazy layers in the background, one at a time and only when nothing was pulled for a while: the first start of a container
 * should not wait for bytes that it does not read. A layer that fails is tried again after the next pull or start.
 */
import type { Clock } from "../ports/host.ts";
import type { Digest } from "../ports/storage.ts";
import type { LayerStore } from "./layers/layer-store.ts";

/** Rest after a pull, in milliseconds. */
const rest = 20_000;

export class LayerCompletion {
  readonly #layers: LayerStore;
  readonly #clock: Clock;
  readonly #stopped = new AbortController();
  #cancelTimer: () => void = () => {};
  #running: Promise<void> | undefined;

  constructor(layers: LayerStore, clock: Clock) {
    this.#layers = layers;
    this.#clock = clock;
  }

  /** To be called at the start and after each pull. */
  schedule(): void {
    this.#cancelTimer();
    if (this.#stopped.signal.aborted || this.#pending().length === 0) return;
    this.#cancelTimer = this.#clock.after(rest, () => {
      this.#running ??= this.#completeAll().finally(() => {
        this.#running = undefined;
      });
    });
  }

  async stop(): Promise<void> {
    this.#cancelTimer();
    this.#stopped.abort();
    await this.#running;
  }

  #pending(): readonly Digest[] {
    return this.#layers
      .list()
      .filter(({ complete }) => !complete)
      .map(({ diffId }) => diffId);
  }

  async #completeAll(): Promise<void> {
    for (const diffId of this.#pending()) {
      if (this.#stopped.signal.aborted) return;
      // Gone meanwhile, or the registry is out of reach: the chunks that are read still come one by one.
      await this.#layers.complete(diffId, this.#stopped.signal).catch(() => undefined);
    }
  }
}
