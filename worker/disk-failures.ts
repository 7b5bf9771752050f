/**
 * The writable disk's failures in words. Inside, each is an input/output error: the guest learns neither that the storage of the
 * browser is full nor what helps. So the first one is said to the person, and what fails in the guest because of it has it as its reason.
 */
import type { DiskFailure } from "./vm/ide-disk.ts";

/** What helps where the browser's storage is full. */
export const makeRoom = "Delete a playground on the first page, or an image that is kept offline";

const unwritable = (error: unknown): string => {
  const reason = error instanceof Error ? error.message : String(error);
  const full = error instanceof Error && error.name === "QuotaExceededError";
  const room = full ? makeRoom : "Make room where the machine is kept";
  return `The machine's disk cannot be written: ${reason}. ${room}; then start the machine again.`;
};

export class DiskFailures {
  readonly #tell: (notice: string) => void;
  #first: string | undefined;

  constructor(tell: (notice: string) => void) {
    this.#tell = tell;
  }

  /** A disk that cannot write is said once: its file system tells the guest's programs each time, and stops taking writes. */
  readonly report = ({ operation, error }: DiskFailure): void => {
    if (this.#first !== undefined || operation !== "write") return;
    this.#first = unwritable(error);
    this.#tell(this.#first);
  };

  /** For what the guest could not do: its own error, or what is behind it. */
  explain(error: unknown): unknown {
    return this.#first === undefined ? error : new Error(this.#first, { cause: error });
  }
}
