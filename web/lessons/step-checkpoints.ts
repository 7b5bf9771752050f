/**
 * A checkpoint for the start of each step that was opened: the way back takes a fraction of a second. Checkpoints are automatic ones, which
 * the machine gives up when memory runs short; then, and after a lost Worker, the step is played anew.
 */
import type { CheckpointInfo } from "../../worker/protocol/index.ts";

export interface CheckpointKeeper {
  takeCheckpoint(options: { readonly name: string; readonly automatic: boolean }): Promise<CheckpointInfo>;
  rewind(id: string): Promise<unknown>;
  forgetCheckpoint(id: string): Promise<void>;
}

/** The start of a step by its number, or where a reader was before going back to an earlier one. */
export type Place = number | "left";

/** A checkpoint waits for what is under way in the machine; a reader does not. */
const patienceMs = 3000;

export class StepCheckpoints {
  readonly #keeper: () => CheckpointKeeper;
  readonly #kept = new Map<Place, string>();

  /** `keeper` may fail: there is no machine at the moment. */
  constructor(keeper: () => CheckpointKeeper) {
    this.#keeper = keeper;
  }

  /** The machine stands there. Where no checkpoint can be taken, there is none. */
  async take(step: Place, name: string): Promise<void> {
    this.#forget(step);
    let waited = true;
    const taken = (async () => {
      try {
        const { id } = await this.#keeper().takeCheckpoint({ name, automatic: true });
        // One that comes late is of a step that somebody works in already.
        if (waited) this.#kept.set(step, id);
        else await this.#keeper().forgetCheckpoint(id);
      } catch {
        // A build is under way, or there is no memory for one more: the step can still be played anew.
      }
    })();
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([taken, new Promise((resolve) => (timer = setTimeout(resolve, patienceMs)))]);
    clearTimeout(timer);
    waited = false;
  }

  /** Whether the machine stands there now. */
  async rewind(step: Place): Promise<boolean> {
    const id = this.#kept.get(step);
    if (id === undefined) return false;
    try {
      await this.#keeper().rewind(id);
      return true;
    } catch {
      this.#kept.delete(step);
      return false;
    }
  }

  has(place: Place): boolean {
    return this.#kept.has(place);
  }

  #forget(step: Place): void {
    const id = this.#kept.get(step);
    if (id === undefined) return;
    this.#kept.delete(step);
    try {
      void this.#keeper()
        .forgetCheckpoint(id)
        .catch(() => {});
    } catch {
      // With the machine its checkpoints are gone.
    }
  }

  dispose(): void {
    for (const step of [...this.#kept.keys()]) this.#forget(step);
  }
}
