/** What the build cache holds, and what of it goes (`docker buildx du`, `docker builder prune`). */
import type { Digest } from "../ports/storage.ts";
import type { BuildDependencies } from "./service.ts";
import { cacheRoot } from "./solve/cache-mounts.ts";
import { buildRoot } from "./solve/run.ts";

/** Schema BuildCache. */
export interface CacheUsage {
  readonly ID: string;
  readonly Parents: readonly string[] | null;
  readonly Type: string;
  readonly Description: string;
  readonly InUse: boolean;
  readonly Shared: boolean;
  readonly Size: number;
  readonly CreatedAt: string;
  readonly LastUsedAt: string;
  readonly UsageCount: number;
}

export interface PruneOptions {
  /** Also what images have, and what cache mounts hold. */
  readonly all: boolean;
  /** Milliseconds since 1970. */
  readonly until?: number;
  readonly ids?: readonly string[];
  readonly types?: readonly string[];
  readonly descriptions?: readonly string[];
  /** Bounds in bytes, within which what was used longest ago goes first; without any, everything that was asked for goes. */
  readonly space?: SpaceBounds;
}
export interface SpaceBounds {
  /** The cache's largest size. */
  readonly maxUsed: number;
  /** What always may stay. */
  readonly reserved: number;
  /** Of the machine's disk, to be left free. */
  readonly minFree: number;
}
export interface Pruned {
  readonly CachesDeleted: readonly string[];
  readonly SpaceReclaimed: number;
}

export function cacheUsage(d: BuildDependencies): readonly CacheUsage[] {
  const shared = imageLayers(d);
  const ids = new Map(d.cache.list().map(({ key, layer }) => [layer, idOf(key)]));
  return d.cache.list().map(({ key, inputs, layer, size, title, type, created, lastUsed, uses }) => {
    const parents = (inputs?.parents ?? []).slice(-1).flatMap((parent) => ids.get(parent) ?? []);
    return {
      ID: idOf(key),
      Parents: parents.length === 0 ? null : parents,
      Type: type,
      Description: title,
      InUse: false,
      Shared: shared.has(layer),
      Size: size,
      CreatedAt: created,
      LastUsedAt: lastUsed,
      UsageCount: uses,
    };
  });
}

export async function pruneCache(d: BuildDependencies, options: PruneOptions): Promise<Pruned> {
  const { cache, layers, mounts, guest } = d;
  const shared = imageLayers(d);
  const deleted: string[] = [];
  let reclaimed = 0;
  const oldest = [...cache.list()].sort((a, b) => (a.lastUsed < b.lastUsed ? -1 : 1));
  let total = oldest.reduce((sum, { size }) => sum + size, 0);
  const keep = options.space === undefined ? 0 : keptBytes(options.space, total, await freeSpace(d));
  for (const { key, layer, size, lastUsed, type, title } of oldest) {
    if (keep > 0 && total <= keep) break;
    if (!options.all && shared.has(layer)) continue;
    if (options.until !== undefined && Date.parse(lastUsed) > options.until) continue;
    if (options.ids !== undefined && !options.ids.some((id) => idOf(key).startsWith(id))) continue;
    if (options.types !== undefined && !options.types.includes(type)) continue;
    if (options.descriptions !== undefined && !options.descriptions.includes(title)) continue;
    await cache.remove(key);
    deleted.push(idOf(key));
    total -= size;
    if (shared.has(layer) || cache.list().some((record) => record.layer === layer)) continue;
    await mounts.unmount(layer);
    await layers.remove(layer);
    reclaimed += size;
  }
  const { all, ids, until, space, types, descriptions } = options;
  const everything = [ids, until, space, types, descriptions].every((limit) => limit === undefined);
  if ((all && everything) || types?.includes("exec.cachemount") === true)
    await guest.batch([{ op: "removeTree", path: cacheRoot, ignore: ["*"] }]);
  if (deleted.length > 0) d.events.publish("builder", "prune", "", { reclaimed: String(reclaimed) });
  return { CachesDeleted: deleted, SpaceReclaimed: reclaimed };
}

/** BuildKit's calculateKeepBytes; 0 keeps nothing. */
export function keptBytes({ maxUsed, reserved, minFree }: SpaceBounds, total: number, free: number): number {
  const excess = minFree - free;
  const kept = excess <= 0 ? maxUsed : maxUsed === 0 ? total - excess : Math.min(maxUsed, total - excess);
  return Math.max(kept, reserved);
}

async function freeSpace({ guest }: BuildDependencies): Promise<number> {
  const [found] = await guest.batch([{ op: "statfs", path: buildRoot, ignore: ["*"] }]);
  return typeof found === "object" && "blockSize" in found ? found.free * found.blockSize : Number.POSITIVE_INFINITY;
}

const imageLayers = ({ images }: BuildDependencies): ReadonlySet<Digest> =>
  new Set(images.context.store.list().flatMap(({ layers }) => layers));

/** BuildKit's ids are 25 letters and digits. */
const idOf = (digest: string): string => digest.slice("sha256:".length, "sha256:".length + 25);
