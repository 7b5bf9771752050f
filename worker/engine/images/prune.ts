/** `docker image prune`: dangling images, or with `dangling=false` all that no container uses. */
import { EngineError } from "../errors.ts";
import type { Digest } from "../ports/storage.ts";
import { chainIds } from "./chain-id.ts";
import type { ImageContext } from "./context.ts";
import { type DeleteItem, deleteImage } from "./delete.ts";
import { booleanFilter, checkFilters, type Filters, matchesPruneLabels, untilFilter } from "./filters.ts";
import { canonicalString } from "./reference.ts";

export interface PruneReport {
  readonly ImagesDeleted: readonly DeleteItem[] | null;
  readonly SpaceReclaimed: number;
}

const accepted = ["dangling", "label", "label!", "until"];

export async function pruneImages(context: ImageContext, filters: Filters): Promise<PruneReport> {
  checkFilters(filters, accepted);
  const danglingOnly = booleanFilter(filters, "dangling", true);
  const until = untilFilter(filters, context.clock);
  const sizes = await layerSizes(context);
  const deleted: DeleteItem[] = [];
  for (const image of context.store.list()) {
    const references = context.store.referencesOf(image.id);
    const isChildless = context.store.children(image.id).length === 0;
    if (!isChildless && (danglingOnly || references.length === 0)) continue;
    if (until !== undefined && !(Date.parse(image.created ?? "") <= until)) continue;
    if (!matchesPruneLabels(filters, image.config.Labels)) continue;
    if (references.length === 0) deleted.push(...(await tryDelete(context, image.id.slice("sha256:".length))));
    else if (!danglingOnly || references.every(({ digest }) => digest !== undefined))
      for (const reference of references) deleted.push(...(await tryDelete(context, canonicalString(reference))));
  }
  const reclaimed = deleted.reduce(
    (sum, { Deleted }) => sum + (Deleted === undefined ? 0 : (sizes.get(Deleted) ?? 0)),
    0,
  );
  context.events.publish("image", "prune", "", { reclaimed: String(reclaimed) });
  return { ImagesDeleted: deleted.length === 0 ? null : deleted, SpaceReclaimed: reclaimed };
}

/** What is in use, or gone with an earlier one, stays. */
async function tryDelete(context: ImageContext, text: string): Promise<readonly DeleteItem[]> {
  try {
    return await deleteImage(context, text, { force: false, prune: true });
  } catch (error) {
    if (error instanceof EngineError && (error.kind === "conflict" || error.kind === "notFound")) return [];
    throw error;
  }
}

async function layerSizes(context: ImageContext): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  for (const image of context.store.list()) {
    const chain: readonly Digest[] = await chainIds(image.layers);
    image.layers.forEach((diffId, i) => {
      sizes.set(chain[i] ?? diffId, context.layers.info(diffId)?.size ?? 0);
    });
  }
  return sizes;
}
