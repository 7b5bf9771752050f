import type { BlobStore } from "../ports/storage.ts";
import type { Registries } from "../registry/endpoints.ts";
import type { RemoteBlob } from "./layers/layer-content.ts";
import type { LayerOrigin } from "./layers/layer-store.ts";

/**
 * A layer's compressed blob in the registry that it was pulled from. Where the host ignores byte ranges, the whole blob is kept in
 * the store, checked, at the first read.
 */
export function openRemoteLayer(blobs: BlobStore, registries: Registries, origin: LayerOrigin): RemoteBlob {
  const client = registries.reopen(origin.registry, origin.repository);
  let whole: Promise<unknown> | undefined;
  const fromStore = async (offset: number, length: number): Promise<Uint8Array> => {
    await whole;
    return await blobs.read(origin.digest, offset, length);
  };
  return {
    size: origin.size,
    async readRange(offset, length) {
      if (whole !== undefined || (await blobs.stat(origin.digest)) !== undefined)
        return await fromStore(offset, length);
      const answer = await client.blobRange(origin.digest, offset, length);
      if ("range" in answer) return answer.range;
      if (whole === undefined) {
        whole = blobs.ingest(answer.whole, origin.digest);
        whole.catch(() => {
          whole = undefined;
        });
      } else await answer.whole.cancel();
      return await fromStore(offset, length);
    },
    stream: (signal) => client.blobStream(origin.digest, origin.size, signal),
  };
}
