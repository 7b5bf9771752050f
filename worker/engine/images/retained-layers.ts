/**
 * Layers that outlive their image: `docker rmi -f` removes an image under a stopped container, whose layers it still runs on.
 * A record says which image id the container names and which layers that were.
 */
import type { ImageId } from "../domains.ts";
import type { Digest } from "../ports/storage.ts";
import type { ImageContext } from "./context.ts";
import type { StoredImage } from "./image-store.ts";

interface RetainedRecord {
  readonly schema: 1;
  readonly layers: readonly Digest[];
}
const recordKind = "image-retained-layers";

export async function retainLayers(context: ImageContext, image: StoredImage): Promise<void> {
  const record: RetainedRecord = { schema: 1, layers: image.layers };
  await context.records.put(recordKind, image.id, record);
}

/** Layers that removed images left to containers, and those that the build cache keeps. */
export async function retainedLayers(context: ImageContext): Promise<readonly Digest[]> {
  const records = await context.records.list(recordKind);
  return [...records.flatMap(({ value }) => (value as RetainedRecord).layers), ...(context.users.keptLayers?.() ?? [])];
}

/** Deletes what no container needs any more. */
export async function releaseRetained(context: ImageContext): Promise<void> {
  const released: Digest[] = [];
  for (const { key, value } of await context.records.list(recordKind)) {
    if (context.users.containersUsing(key as ImageId).length > 0) continue;
    await context.records.delete(recordKind, key);
    released.push(...(value as RetainedRecord).layers);
  }
  if (released.length === 0) return;
  const used = new Set([...context.store.list().flatMap(({ layers }) => layers), ...(await retainedLayers(context))]);
  for (const diffId of new Set(released))
    if (!used.has(diffId)) {
      await context.mounts.unmount(diffId);
      await context.layers.remove(diffId);
    }
}
