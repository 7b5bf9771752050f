/** The key sequence that detaches from a terminal: moby/term's ToBytes and EscapeProxy. */
const special: Readonly<Record<string, number>> = { "@": 0, "[": 27, "\\": 28, "]": 29, "^": 30, _: 31 };

/** "ctrl-p,ctrl-q" to bytes; `undefined` when it is malformed. */
export function parseDetachKeys(keys: string): readonly number[] | undefined {
  const out: number[] = [];
  for (const key of keys.split(",")) {
    if (key.length === 1) {
      out.push(key.charCodeAt(0));
      continue;
    }
    const letter = /^ctrl-(.)$/.exec(key)?.[1];
    if (letter === undefined) return undefined;
    if (/^[a-z]$/.test(letter)) out.push(letter.charCodeAt(0) - 96);
    else if (special[letter] !== undefined) out.push(special[letter] ?? 0);
    else return undefined;
  }
  return out;
}
export const defaultDetachKeys: readonly number[] = [16, 17];

/** Watches what is typed; keys of an unfinished sequence are held back. */
export class DetachWatcher {
  readonly #keys: readonly number[];
  #matched = 0;
  constructor(keys: readonly number[]) {
    this.#keys = keys;
  }

  push(chunk: Uint8Array): { readonly bytes: Uint8Array; readonly detached: boolean } {
    if (this.#keys.length === 0) return { bytes: chunk, detached: false };
    const out: number[] = [];
    for (const byte of chunk) {
      if (byte !== this.#keys[this.#matched] && this.#matched > 0) {
        out.push(...this.#keys.slice(0, this.#matched));
        this.#matched = 0;
      }
      if (byte === this.#keys[this.#matched]) {
        this.#matched++;
        if (this.#matched === this.#keys.length) return { bytes: Uint8Array.from(out), detached: true };
      } else out.push(byte);
    }
    return { bytes: Uint8Array.from(out), detached: false };
  }
}
