/** `docker rmi` (moby, daemon/images/image_delete.go): references first, then the image, then parents that nobody needs. */
import type { ImageId } from "../domains.ts";
import { EngineError } from "../errors.ts";
import { chainIds } from "./chain-id.ts";
import { type ImageContext, imageEvent, resolveImage } from "./context.ts";
import type { StoredImage } from "./image-store.ts";
import { shortId } from "./progress.ts";
import { familiarString, parseReference, type Reference, repositoryName, withDefaultTag } from "./reference.ts";
import { retainedLayers, retainLayers } from "./retained-layers.ts";

export interface DeleteItem {
  readonly Untagged?: string;
  readonly Deleted?: string;
}

export interface DeleteOptions {
  readonly force: boolean;
  /** Delete parents that nothing refers to any more. */
  readonly prune: boolean;
}

type ConflictCheck = "child" | "running" | "reference" | "stopped";
const hardChecks: readonly ConflictCheck[] = ["child", "running"];
const allChecks: readonly ConflictCheck[] = ["child", "running", "reference", "stopped"];

interface Conflict {
  readonly used: boolean;
  readonly error: EngineError;
}

export async function deleteImage(
  context: ImageContext,
  text: string,
  options: DeleteOptions,
): Promise<readonly DeleteItem[]> {
  const { store, users } = context;
  const image = resolveImage(context, text);
  const records: DeleteItem[] = [];
  if (isIdPrefix(image.id, text)) {
    if (isSingleReference(store.referencesOf(image.id))) {
      const checks = options.force ? hardChecks : allChecks.filter((check) => check !== "reference");
      const conflict = findConflict(context, image, checks);
      if (conflict !== undefined) throw conflict.error;
      for (const reference of store.referencesOf(image.id)) await untag(context, image, reference, records, true);
    }
    await deleteUnreferenced(context, image.id, options, records, false);
    return records;
  }
  const user = users.containersUsing(image.id)[0];
  if (!options.force && user !== undefined && isSingleReference(store.referencesOf(image.id)))
    throw new EngineError(
      "conflict",
      `conflict: unable to remove repository reference ${JSON.stringify(text)} (must force) - container ${shortId(user.id)} is using its referenced image ${shortId(image.id)}`,
    );
  const reference = withDefaultTag(parseReference(text));
  const exact = store.lookup(reference) === undefined ? { ...reference, tag: undefined } : reference;
  await untag(context, image, exact, records, true);
  if (exact.digest === undefined) await untagDigests(context, image, exact, records);
  if (store.referencesOf(image.id).length === 0) await deleteUnreferenced(context, image.id, options, records, true);
  return records;
}

/** With the last tag of a repository its digests go too. */
async function untagDigests(
  context: ImageContext,
  image: StoredImage,
  removed: Reference,
  records: DeleteItem[],
): Promise<void> {
  const same = context.store
    .referencesOf(image.id)
    .filter((reference) => repositoryName(reference) === repositoryName(removed));
  if (same.every((reference) => reference.digest !== undefined))
    for (const reference of same) await untag(context, image, reference, records, false);
}

async function untag(
  context: ImageContext,
  image: StoredImage,
  reference: Reference,
  records: DeleteItem[],
  announced: boolean,
): Promise<void> {
  await context.store.deleteReference(reference);
  records.push({ Untagged: familiarString(reference) });
  if (announced) imageEvent(context, "untag", image.id, image.id, image);
}

/** `quiet`: a conflict is no error, unless the image would be left dangling and unused. */
async function deleteUnreferenced(
  context: ImageContext,
  id: ImageId,
  { force, prune }: DeleteOptions,
  records: DeleteItem[],
  quiet: boolean,
): Promise<void> {
  const image = context.store.get(id);
  if (image === undefined) return;
  const conflict = findConflict(context, image, force ? hardChecks : allChecks);
  if (conflict !== undefined) {
    const isDangling = context.store.referencesOf(id).length === 0 && context.store.children(id).length === 0;
    if (quiet && (!isDangling || conflict.used)) return;
    throw conflict.error;
  }
  for (const reference of context.store.referencesOf(id)) await untag(context, image, reference, records, false);
  await context.store.remove(id);
  imageEvent(context, "delete", id, id);
  records.push({ Deleted: id });
  for (const chainId of await releaseLayers(context, image)) records.push({ Deleted: chainId });
  if (prune && image.parent !== undefined)
    await deleteUnreferenced(context, image.parent, { force: false, prune: true }, records, true);
}

/** Deletes the layers that no image and no container has any more; answers their chain ids, topmost first. */
async function releaseLayers(context: ImageContext, image: StoredImage): Promise<readonly string[]> {
  // A container that outlives its image (rmi -f) keeps the layers that it runs on.
  if (context.users.containersUsing(image.id).length > 0) {
    await retainLayers(context, image);
    return [];
  }
  const chain = await chainIds(image.layers);
  const usedChains = new Set<string>();
  const kept = new Set<string>(await retainedLayers(context));
  const usedLayers = new Set<string>();
  for (const other of context.store.list()) {
    for (const chainId of await chainIds(other.layers)) usedChains.add(chainId);
    for (const diffId of other.layers) usedLayers.add(diffId);
  }
  const released: string[] = [];
  for (let i = image.layers.length - 1; i >= 0; i--) {
    const diffId = image.layers[i];
    const chainId = chain[i];
    // What the build cache holds stays where it is, as the layer store's references do in moby.
    if (diffId === undefined || chainId === undefined || usedChains.has(chainId) || kept.has(diffId)) continue;
    released.push(chainId);
    if (usedLayers.has(diffId) || image.layers.indexOf(diffId) !== i) continue;
    await context.mounts.unmount(diffId);
    await context.layers.remove(diffId);
  }
  return released;
}

function findConflict(
  context: ImageContext,
  image: StoredImage,
  checks: readonly ConflictCheck[],
): Conflict | undefined {
  const users = context.users.containersUsing(image.id);
  const running = users.find((user) => user.running);
  const stopped = users.find((user) => !user.running);
  for (const check of checks)
    switch (check) {
      case "child":
        if (context.store.children(image.id).length > 0)
          return conflictOf(image, "cannot be forced", "image has dependent child images", false);
        break;
      case "running":
        if (running !== undefined)
          return conflictOf(
            image,
            "cannot be forced",
            `image is being used by running container ${shortId(running.id)}`,
            true,
          );
        break;
      case "reference":
        if (context.store.referencesOf(image.id).length > 0)
          return conflictOf(image, "must be forced", "image is referenced in multiple repositories", false);
        break;
      case "stopped":
        if (stopped !== undefined)
          return conflictOf(
            image,
            "must be forced",
            `image is being used by stopped container ${shortId(stopped.id)}`,
            true,
          );
        break;
    }
  return undefined;
}

const conflictOf = (image: StoredImage, force: string, why: string, used: boolean): Conflict => ({
  used,
  error: new EngineError("conflict", `conflict: unable to delete ${shortId(image.id)} (${force}) - ${why}`),
});

/** One tag at most, and digests of its repository only. */
function isSingleReference(references: readonly Reference[]): boolean {
  if (references.length <= 1) return true;
  const tagged = references.filter(({ digest }) => digest === undefined);
  if (tagged.length > 1) return false;
  const single = tagged[0] ?? references[0];
  return references.every((reference) => single !== undefined && repositoryName(reference) === repositoryName(single));
}

function isIdPrefix(id: ImageId, text: string): boolean {
  return id.startsWith(text) || id.slice("sha256:".length).startsWith(text);
}
