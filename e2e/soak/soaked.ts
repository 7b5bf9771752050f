/** A playground under the soak: in Node or in a browser, it takes docker lines and is interrupted in one of several ways. */

export const WAYS = ["rewind", "stored", "file"] as const;
/**
 * rewind: goes on for a while after a checkpoint, then is put back to it in place.
 * stored: the machine is lost; a new one starts from the checkpoint in storage.
 * file: another playground opens the checkpoint's file.
 */
export type Way = (typeof WAYS)[number];

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Soaked {
  docker(...args: readonly string[]): Promise<Ran>;
  write(path: string, text: string): Promise<void>;
  interrupt(way: Way, milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
