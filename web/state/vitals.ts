/**
 * How much of the machine's memory and of the browser's storage is used, for the foot and the System panel. Read again when something has
 * changed, a second after it: what comes in a burst is read once.
 */
import type { MachineMemory } from "../engine/machine-memory.ts";

export interface Vitals {
  readonly memory?: MachineMemory | undefined;
  readonly storage?: StorageEstimate | undefined;
}

export interface VitalsSource {
  read(): Promise<Vitals>;
  pause(): Promise<void>;
}

export class VitalsWatch {
  readonly #source: VitalsSource;
  readonly #show: (vitals: Vitals) => void;
  #stale = false;
  #busy = false;

  constructor(source: VitalsSource, show: (vitals: Vitals) => void) {
    this.#source = source;
    this.#show = show;
  }

  refresh(): void {
    this.#stale = true;
    if (!this.#busy) void this.#follow();
  }

  async #follow(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#stale) {
        await this.#source.pause();
        this.#stale = false;
        this.#show(await this.#source.read());
      }
    } catch {
      // The machine has gone; the next one has a watch of its own.
    } finally {
      this.#busy = false;
    }
  }
}
