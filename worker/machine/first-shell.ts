/**
 * The shell that waits at its prompt in a saved machine, so that a restored one has a prompt at once. The first terminal takes it;
 * all further ones start shells of their own.
 */
import type { GuestProcess } from "../engine/ports/guest.ts";

/** Part of the host's state: belongs to the machine's memory of the same instant. */
export interface FirstShellState {
  readonly pid: number;
  /** What it has written to its terminal: the prompt. */
  readonly printed: Uint8Array;
}

export interface FirstShell {
  readonly process: GuestProcess;
  readonly printed: Uint8Array;
}
