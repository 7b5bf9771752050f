/**
 * A small apt repository of plain files under /apt: what the sources.list of the images asks Debian's archive for, cut down to a few
 * packages, so that `apt-get update` takes a moment and `apt-get install` works without any network. The machine's network gateway answers
 * requests for Debian's archive from it. Packages are Debian's own; the Release files are ours, and say so.
 */

import { createHash } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { splitStanzas } from "../../debian/control.ts";
import { ARCHITECTURE } from "../../debian/mirror.ts";
import type { PackageCache } from "../../debian/package-cache.ts";
import type { PackageFile } from "../../debian/package-index.ts";
import { place, placeFile } from "../registry-layout.ts";
import type { SigningKey } from "./signing.ts";

/** As the sources.list of the images names them. */
const SUITES = [
  { archive: "debian", path: "bookworm", suite: "oldstable", codename: "bookworm" },
  { archive: "debian", path: "bookworm-updates", suite: "oldstable-updates", codename: "bookworm-updates" },
  { archive: "debian-security", path: "bookworm-security", suite: "oldstable-security", codename: "bookworm-security" },
] as const;

export interface AptRepositoryOptions {
  readonly root: string;
  readonly packages: PackageCache;
  readonly files: readonly PackageFile[];
  readonly key: SigningKey;
  /** Seconds since the epoch. */
  readonly date: number;
}

/** The Packages stanza of a file: its control data and where it is (deb822). */
async function stanza(packages: PackageCache, file: PackageFile): Promise<string> {
  const { controlText } = await packages.read(file);
  const kept = splitStanzas(controlText)[0] ?? "";
  return `${kept}\nFilename: ${file.path}\nSize: ${file.size}\nSHA256: ${file.sha256}\n`;
}

/** Packages of an earlier build. */
async function dropStale(pool: string, keep: ReadonlySet<string>): Promise<void> {
  for (const entry of await readdir(pool, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !keep.has(relative(pool, path))) await rm(path);
  }
}

export async function writeAptRepository({ root, packages, files, key, date }: AptRepositoryOptions): Promise<void> {
  const stanzas: string[] = [];
  for (const file of [...files].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    stanzas.push(await stanza(packages, file));
    await placeFile(join(root, "apt/debian", file.path), packages.path(file));
  }
  await dropStale(join(root, "apt/debian/pool"), new Set(files.map(({ path }) => path.replace(/^pool\//, ""))));
  for (const { archive, path, suite, codename } of SUITES) {
    const text = path === "bookworm" ? stanzas.join("\n") : "";
    const directory = join(root, "apt", archive, "dists", path);
    const plain = Buffer.from(text);
    const compressed = gzipSync(plain, { level: 9 });
    const index = `main/binary-${ARCHITECTURE}/Packages`;
    await place(join(directory, index), plain);
    await place(join(directory, `${index}.gz`), compressed);
    const line = (name: string, data: Uint8Array): string =>
      ` ${createHash("sha256").update(data).digest("hex")} ${data.length} ${name}`;
    const release = [
      "Origin: Drydock",
      "Label: Packages of Debian, chosen by Drydock",
      `Suite: ${suite}`,
      `Codename: ${codename}`,
      `Date: ${new Date(date * 1000).toUTCString().replace("GMT", "UTC")}`,
      `Architectures: ${ARCHITECTURE}`,
      "Components: main",
      "SHA256:",
      line(index, plain),
      line(`${index}.gz`, compressed),
      "",
    ].join("\n");
    await place(join(directory, "Release"), Buffer.from(release));
    await place(join(directory, "InRelease"), Buffer.from(await key.sign(release, new Date(date * 1000))));
  }
}
