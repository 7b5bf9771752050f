/** Downloaded packages by SHA-256, kept between builds. */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Deb, readDeb } from "./deb.ts";
import type { DebianMirror, Log } from "./mirror.ts";
import type { PackageFile } from "./package-index.ts";

/** What no source gives: a locked file that has been dropped, or everything when the archive is out of reach. */
export class PackagesGone extends Error {
  readonly files: readonly PackageFile[];

  constructor(files: readonly PackageFile[]) {
    const [first, ...rest] = files.map(({ name, version }) => `${name} ${version}`);
    super(`Debian's archive does not give ${first}${rest.length > 0 ? ` and ${rest.length} more packages` : ""}`);
    this.name = "PackagesGone";
    this.files = files;
  }
}

export class PackageCache {
  readonly #directory: string;
  readonly #sources: readonly DebianMirror[];
  readonly #log: Log;

  /** Sources are asked in order: the mirror, then a snapshot archive where one is named. */
  constructor(directory: string, sources: readonly DebianMirror[], log: Log) {
    this.#directory = directory;
    this.#sources = sources;
    this.#log = log;
  }

  /** Where a file lies once it is here. */
  path(file: PackageFile): string {
    return join(this.#directory, `${file.sha256}.deb`);
  }

  /** Makes sure that all files are here. Throws PackagesGone with those that no source has. */
  async ensure(files: readonly PackageFile[], signal?: AbortSignal): Promise<void> {
    await mkdir(this.#directory, { recursive: true });
    const missing = (): readonly PackageFile[] => files.filter((file) => !existsSync(this.path(file)));
    for (const source of this.#sources) {
      const wanted = missing();
      if (wanted.length === 0) return;
      const bytes = wanted.reduce((sum, { size }) => sum + size, 0);
      this.#log(`fetching ${wanted.length} Debian packages (${(bytes / 1e6).toFixed(1)} MB)`);
      await source.fetch(
        wanted.map((file) => ({ file, target: this.path(file) })),
        signal,
      );
    }
    const gone = missing();
    if (gone.length > 0 && this.#sources.length === 0) throw new Error("no Debian mirror is known on this machine");
    if (gone.length > 0) throw new PackagesGone(gone);
  }

  async read(file: PackageFile): Promise<Deb> {
    const data = await readFile(this.path(file));
    if (createHash("sha256").update(data).digest("hex") !== file.sha256) {
      await rm(this.path(file));
      throw new Error(`${file.name} ${file.version}: the cached package is damaged and was removed; build again`);
    }
    return readDeb(data);
  }
}
