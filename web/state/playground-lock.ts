/**
 * One tab works on a playground: two writers would ruin its disk. The Web Lock is held as long as the machine runs; another
 * tab can take it over, and this one then stops.
 */
import { playgroundLock } from "../../worker/protocol/index.ts";

export interface HeldLock {
  release(): void;
  /** Aborted when another tab takes over. */
  readonly taken: AbortSignal;
}

/** `undefined` when another tab holds it. Without Web Locks (old browsers) there is nothing to hold. */
export async function holdPlayground(options: {
  /** Without one nothing is kept, and nobody else can be there. */
  readonly playground: string | undefined;
  readonly steal: boolean;
}): Promise<HeldLock | undefined> {
  const taken = new AbortController();
  const { playground } = options;
  if (playground === undefined || !("locks" in navigator)) return { release: () => {}, taken: taken.signal };
  return await new Promise((resolve, reject) => {
    navigator.locks
      .request(playgroundLock(playground), options.steal ? { steal: true } : { ifAvailable: true }, (lock) => {
        if (lock === null) {
          resolve(undefined);
          return undefined;
        }
        return new Promise<void>((release) => resolve({ release, taken: taken.signal }));
      })
      .catch((error: unknown) => {
        taken.abort();
        reject(error);
      });
  });
}
