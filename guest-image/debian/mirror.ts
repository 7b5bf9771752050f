/**
 * The way to Debian's archive. Its address is never written in the source: it comes from DRYDOCK_DEBIAN_MIRROR, or from the machine's apt
 * configuration. Where apt is installed, apt itself does the fetching, with its own proxies, credentials and signature checks; on other
 * systems `http-mirror.ts` does, and needs the variable.
 */

import type { PackageFile, PackageIndex } from "./package-index.ts";

export const SUITE = "bookworm";
export const ARCHITECTURE = "i386";

export type Log = (line: string) => void;

export interface DebianMirror {
  /** The suite's packages, verified through its Release file. */
  index(signal?: AbortSignal): Promise<PackageIndex>;
  /**
   * Fetches files to the targets given, checked by size and SHA-256. What the archive no longer has, or delivers with other content, is
   * left out: the caller sees that the target is missing.
   */
  fetch(files: readonly { readonly file: PackageFile; readonly target: string }[], signal?: AbortSignal): Promise<void>;
}

export interface MirrorOptions {
  /** For index files, lists and partial downloads. */
  readonly cacheDirectory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
}
