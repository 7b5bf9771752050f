/** Picks the way to Debian's archive that this machine has. */

import { AptMirror, aptRepository } from "./apt-mirror.ts";
import { HttpMirror } from "./http-mirror.ts";
import type { DebianMirror, MirrorOptions } from "./mirror.ts";

/** Undefined where neither the variable nor apt says where Debian's archive is. */
export async function openMirror(options: MirrorOptions): Promise<DebianMirror | undefined> {
  const named = options.environment.DRYDOCK_DEBIAN_MIRROR;
  const repository = await aptRepository();
  if (repository !== undefined) return new AptMirror({ ...options, base: named ?? repository });
  return named === undefined ? undefined : new HttpMirror({ ...options, base: named });
}
