/** What programs in the machine asked of the network and could not have, as sentences that a person reads. */

/** The same is said again after this long, in milliseconds. */
const memory = 30_000;

export class Refusals {
  readonly #now: () => number;
  readonly #otherwise: (sentence: string) => void;
  readonly #listeners = new Set<(sentence: string) => void>();
  readonly #said = new Map<string, number>();

  /** `otherwise` hears what nobody watches for. */
  constructor(now: () => number, otherwise: (sentence: string) => void) {
    this.#now = now;
    this.#otherwise = otherwise;
  }

  report(sentence: string): void {
    const now = this.#now();
    const before = this.#said.get(sentence);
    if (before !== undefined && now - before < memory) return;
    if (this.#said.size > 1000) this.#said.clear();
    this.#said.set(sentence, now);
    if (this.#listeners.size === 0) this.#otherwise(sentence);
    for (const listener of [...this.#listeners]) listener(sentence);
  }

  /** The returned function ends it. */
  watch(listener: (sentence: string) => void): () => void {
    this.#listeners.add(listener);
    // Who watches anew has heard nothing yet.
    this.#said.clear();
    return () => void this.#listeners.delete(listener);
  }
}
