/**
 * A package index of plain files for pip (PEP 503): /pip/simple/NAME/index.html lists the wheels of /pip/wheels. The machine's network
 * gateway offers it to containers over plain HTTP.
 */

import { createHash } from "node:crypto";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { PackageCache } from "../../debian/package-cache.ts";
import type { PackageFile } from "../../debian/package-index.ts";
import { place } from "../registry-layout.ts";
import { type Distribution, distributionOf, makeWheel, normalizedName } from "./wheel.ts";

/** Other names under which the same modules are asked for. psycopg2-binary is psycopg2 with libpq, which the python image has. */
const ALIASES: Readonly<Record<string, readonly string[]>> = { psycopg2: ["psycopg2-binary"] };

const renamed = (distribution: Distribution, name: string): Distribution => ({
  ...distribution,
  name,
  metadata: distribution.metadata.replace(/^Name: .*$/m, `Name: ${name}`),
});

const page = (title: string, links: readonly string[]): Uint8Array =>
  new TextEncoder().encode(
    `<!DOCTYPE html>\n<html><head><meta name="pypi:repository-version" content="1.0"><title>${title}</title></head><body>\n${links.join("\n")}\n</body></html>\n`,
  );

/** Writes the index and gives the names in it. */
export async function writeWheelIndex(
  root: string,
  packages: PackageCache,
  files: readonly PackageFile[],
  bytecode: ReadonlyMap<string, Uint8Array>,
): Promise<readonly string[]> {
  const distributions = new Map<string, Distribution>();
  for (const file of files) {
    const found = distributionOf(await packages.read(file));
    if (found !== undefined) distributions.set(file.name, found);
  }
  const aliases = [...distributions.values()].flatMap((original) =>
    (ALIASES[original.name] ?? []).map((name) => renamed(original, name)),
  );
  const pip = join(root, "pip");
  await mkdir(join(pip, "wheels"), { recursive: true });
  const links: string[] = [];
  const names: string[] = [];
  const written = new Set<string>();
  for (const distribution of [...distributions.values(), ...aliases]) {
    const { fileName, data } = makeWheel(distribution, distributions, bytecode);
    const name = normalizedName(distribution.name);
    await place(join(pip, "wheels", fileName), data);
    written.add(fileName);
    const hash = createHash("sha256").update(data).digest("hex");
    const link = `<a href="../../wheels/${encodeURIComponent(fileName)}#sha256=${hash}">${fileName}</a>`;
    await place(join(pip, "simple", name, "index.html"), page(name, [link]));
    links.push(`<a href="${name}/">${name}</a>`);
    names.push(name);
  }
  await place(join(pip, "simple", "index.html"), page("Simple index", links.sort()));
  // What a browser keeps for a time without a network (web/offline/packages.ts).
  const all = [...names.sort(), ""].map((name) => `pip/simple/${name === "" ? "" : `${name}/`}index.html`);
  const list = [...all, ...[...written].sort().map((file) => `pip/wheels/${encodeURIComponent(file)}`)];
  await place(join(pip, "files.json"), new TextEncoder().encode(`${JSON.stringify(list)}\n`));
  for (const file of await readdir(join(pip, "wheels"))) {
    if (!written.has(file)) await rm(join(pip, "wheels", file));
  }
  return [...distributions.values()].map(({ name }) => normalizedName(name)).sort();
}
