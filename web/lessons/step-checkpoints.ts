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

export class StepCheckpoints {
  readonly #keeper: () => CheckpointKeeper;
  readonly #kept = new Map<number, string>();

  /** `keeper` may fail: there is no machine at the moment. */
  constructor(keeper: () => CheckpointKeeper) {
    this.#keeper = keeper;
  }

  /** The machine stands at the start of this step. Where no checkpoint can be taken, there is none. */
  async take(step: number, name: string): Promise<void> {
    this.#forget(step);
    try {
      this.#kept.set(step, (await this.#keeper().takeCheckpoint({ name, automatic: true })).id);
    } catch {
      // A build is under way, or there is no memory for one more: the step can still be played anew.
    }
  }

  /** Whether the machine stands there now. */
  async rewind(step: number): Promise<boolean> {
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

  #forget(step: number): void {
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
