/** The packages that builds take: locked files first, the suite's current ones where those are gone. */

import { join } from "node:path";
import { HttpMirror } from "../debian/http-mirror.ts";
import { type DebianMirror, type Log, SUITE } from "../debian/mirror.ts";
import { openMirror } from "../debian/open-mirror.ts";
import { PackageCache } from "../debian/package-cache.ts";
import { type LayerStack, type Lock, makeLock } from "./lock.ts";

export interface PackageSources {
  /** Undefined where nothing says where Debian's archive is. */
  readonly mirror: DebianMirror | undefined;
  readonly cache: PackageCache;
}

export async function openPackageSources(
  cacheDirectory: string,
  environment: Readonly<Record<string, string | undefined>>,
  log: Log,
): Promise<PackageSources> {
  const options = { cacheDirectory, environment, log };
  const mirror = await openMirror(options);
  // A directory of Debian's snapshot archive: the archive as it stood at one moment, nothing ever dropped.
  const snapshot = environment.DRYDOCK_DEBIAN_SNAPSHOT;
  const sources = [
    ...(mirror === undefined ? [] : [mirror]),
    ...(snapshot === undefined ? [] : [new HttpMirror({ ...options, base: snapshot })]),
  ];
  return { mirror, cache: new PackageCache(join(cacheDirectory, "debs"), sources, log) };
}

/** A lock made from what the suite holds now. Layers keep their content's date, so that only what changed differs. */
export async function currentLock(mirror: DebianMirror, stacks: readonly LayerStack[], date: number): Promise<Lock> {
  return makeLock(await mirror.index(), stacks, SUITE, date);
}
