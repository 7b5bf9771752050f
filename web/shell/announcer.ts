/**
 * What screen readers say of containers that come and go. They speak slowly: the first of a burst is told by name at once, those
 * that follow as a number when the burst's second is over.
 */
export type Happening = "started" | "ended";

const burstMs = 1000;

export class Announcer {
  readonly #say: (text: string) => void;
  readonly #after: (ms: number, work: () => void) => void;
  #held: { readonly what: Happening; readonly text: string }[] | undefined;

  constructor(say: (text: string) => void, after: (ms: number, work: () => void) => void) {
    this.#say = say;
    this.#after = after;
  }

  tell(what: Happening, text: string): void {
    if (this.#held !== undefined) {
      this.#held.push({ what, text });
      return;
    }
    this.#say(text);
    this.#hold();
  }

  #hold(): void {
    this.#held = [];
    this.#after(burstMs, () => {
      const held = this.#held ?? [];
      this.#held = undefined;
      if (held.length === 0) return;
      for (const what of ["started", "ended"] as const) {
        const all = held.filter((each) => each.what === what);
        const [first] = all;
        if (first !== undefined) this.#say(all.length === 1 ? first.text : `${all.length} containers ${what}.`);
      }
      this.#hold();
    });
  }
}
