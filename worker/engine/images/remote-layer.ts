import type { Clock } from "../ports/host.ts";
import type { BlobStore } from "../ports/storage.ts";
import type { Registries } from "../registry/endpoints.ts";
import { RegistryError } from "../registry/registry-error.ts";
import type { RemoteBlob } from "./layers/layer-content.ts";
import type { LayerOrigin } from "./layers/layer-store.ts";
import { unhurried } from "./unhurried.ts";

/** Before the second try, the third and the fourth: the reader is a program in the guest, whose file would be unreadable. */
const pauses = [200, 1000, 3000] as const;
/** Milliseconds that an answer may take. Linux gives a disk 30 seconds (SCSI's default) before it gives the read up. */
const patience = 12_000;

/**
 * A layer's compressed blob in the registry that it was pulled from. Where the host ignores byte ranges, the whole blob is kept in
 * the store, checked, at the first read.
 */
export function openRemoteLayer(
  { blobs, registries, clock }: { readonly blobs: BlobStore; readonly registries: Registries; readonly clock: Clock },
  origin: LayerOrigin,
): RemoteBlob {
  const client = registries.reopen(origin.registry, origin.repository);
  let whole: Promise<unknown> | undefined;
  const fromStore = async (offset: number, length: number): Promise<Uint8Array> => {
    await whole;
    return await blobs.read(origin.digest, offset, length);
  };
  // While nothing comes at all, each part is asked for once: many readers would wait one after the other.
  let down = false;
  const ask = async (offset: number, length: number) => {
    for (let tries = 0; ; tries++) {
      try {
        const answer = await inTime(clock, (signal) => client.blobRange(origin.digest, offset, length, signal));
        down = false;
        return answer;
      } catch (error) {
        const refused = error instanceof RegistryError && error.status < 500;
        const pause = refused || down ? undefined : pauses[tries];
        if (pause === undefined) {
          down = !refused;
          throw error;
        }
        await new Promise<void>((resolve) => void clock.after(pause, resolve));
      }
    }
  };
  return {
    size: origin.size,
    async readRange(offset, length) {
      if (whole !== undefined || (await blobs.stat(origin.digest)) !== undefined)
        return await fromStore(offset, length);
      const answer = await ask(offset, length);
      if ("range" in answer) return answer.range;
      if (whole === undefined) {
        whole = blobs.ingest(answer.whole, origin.digest);
        whole.catch(() => {
          whole = undefined;
        });
      } else await answer.whole.cancel();
      return await fromStore(offset, length);
    },
    stream: async (signal) => {
      const blob = await client.blobStream(origin.digest, origin.size, signal);
      // What can be stopped is the completion in the background (layer-completion.ts); a command waits for the rest.
      return signal === undefined ? blob : unhurried(blob, clock);
    },
  };
}

/** The work's answer, or its end and an error when that takes too long: a request that hangs is better asked again. */
async function inTime<T>(clock: Clock, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const given = new AbortController();
  let cancel = (): void => {};
  const late = new Promise<never>((_resolve, reject) => {
    cancel = clock.after(patience, () => {
      reject(new TypeError("the registry does not answer"));
      given.abort();
    });
  });
  try {
    return await Promise.race([work(given.signal), late]);
  } finally {
    cancel();
  }
}
