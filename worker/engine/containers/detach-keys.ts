/** The key sequence that leaves a terminal while its container runs on: "ctrl-p,ctrl-q" unless told otherwise (moby/term ToBytes). */
import { EngineError } from "../errors.ts";

export const defaultDetachKeys: readonly number[] = [16, 17];

const controls: Readonly<Record<string, number>> = { "@": 0, "[": 27, "\\": 28, "]": 29, "^": 30, _: 31 };

export function parseDetachKeys(text: string): readonly number[] {
  if (text === "") return defaultDetachKeys;
  return text.split(",").map((key) => {
    if (key.length === 1) return key.charCodeAt(0);
    const control = /^ctrl-(.)$/.exec(key)?.[1];
    const code =
      control === undefined
        ? undefined
        : control >= "a" && control <= "z"
          ? control.charCodeAt(0) - 96
          : controls[control];
    if (code === undefined) throw new EngineError("invalidParameter", `Invalid detach keys (${text}) provided`);
    return code;
  });
}

/** Passes bytes through until the sequence is complete. Keys of an unfinished sequence are held back, as moby's escape proxy does. */
export class DetachScanner {
  readonly #keys: readonly number[];
  #matched = 0;
  constructor(keys: readonly number[]) {
    this.#keys = keys;
  }
  /** What may go on to the program, and whether the sequence is complete. */
  push(data: Uint8Array): { readonly data: Uint8Array; readonly detached: boolean } {
    if (this.#keys.length === 0) return { data, detached: false };
    const out: number[] = [];
    for (const byte of data) {
      if (byte === this.#keys[this.#matched]) {
        this.#matched++;
        if (this.#matched === this.#keys.length) return { data: Uint8Array.from(out), detached: true };
        continue;
      }
      out.push(...this.#keys.slice(0, this.#matched));
      this.#matched = byte === this.#keys[0] ? 1 : 0;
      if (this.#matched === 0) out.push(byte);
      else if (this.#keys.length === 1) return { data: Uint8Array.from(out), detached: true };
    }
    return { data: Uint8Array.from(out), detached: false };
  }
}
