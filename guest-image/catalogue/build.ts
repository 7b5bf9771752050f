/**
 * Builds the catalogue: `tsx guest-image/catalogue/build.ts [IMAGE…]`, everything without a name. What is up to date is left alone, and each
 * image is usable as soon as it is there, so this runs in the background of `npm start`.
 *
 *   --update-lock   resolve all images anew from the suite and write the lock file
 *   --prebuilt      write hello-world and busybox into guest-image/prebuilt/images
 */

import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { SUITE } from "../debian/mirror.ts";
import { PackagesGone } from "../debian/package-cache.ts";
import { LayerBuilder } from "./layer-builder.ts";
import { type Lock, readLock, writeLock } from "./lock.ts";
import { currentLock, openPackageSources, type PackageSources } from "./package-sources.ts";
import {
  cacheDirectory,
  catalogueDirectory,
  lockPath,
  prebuiltDirectory,
  prebuiltImages,
  repositoryRoot,
} from "./paths.ts";
import type { ImageRecipe } from "./recipe.ts";
import { debianRecipes, prebuiltRecipes } from "./recipes/index.ts";
import { type CatalogueEntry, readIndex, updateIndex, writeImage } from "./registry-layout.ts";
import { lockedStacks, stacksOf } from "./stacks.ts";

const log = (line: string): void => console.error(`catalogue: ${line}`);

const allRecipes = [...prebuiltRecipes, ...debianRecipes];

/** Changes with any source of the builder; recipes count by themselves, per layer. */
async function builderHash(): Promise<string> {
  const hash = createHash("sha256");
  for (const folder of ["debian", "catalogue", "catalogue/effects"]) {
    const directory = join(repositoryRoot, "guest-image", folder);
    for (const file of (await readdir(directory)).sort()) {
      if (!file.endsWith(".ts") || file.endsWith(".test.ts") || file === "build.ts") continue;
      hash.update(await readFile(join(directory, file)));
    }
  }
  return hash.digest("hex");
}

function labelsOf(recipe: ImageRecipe, lock: Lock): Record<string, string> {
  const names = recipe.layers.flatMap((layer) => lock.layers[layer.id] ?? []);
  const main = recipe.layers.at(-1)?.packages[0];
  const version = main === undefined ? undefined : lock.packages[main]?.version;
  return {
    "org.opencontainers.image.title": recipe.name,
    "org.opencontainers.image.description":
      names.length > 0
        ? `Put together by Drydock from Debian ${lock.suite} i386 packages`
        : "Made by Drydock after the image of the same name",
    "org.opencontainers.image.vendor": "Drydock",
    ...(version !== undefined && { "org.opencontainers.image.version": version }),
    ...(names.length > 0 && { "dev.drydock.debian.suite": lock.suite }),
  };
}

class Catalogue {
  readonly #sources: PackageSources;
  readonly #root: string;
  readonly #hash: string;
  #lock: Lock;
  #layers: LayerBuilder;

  constructor(sources: PackageSources, root: string, hash: string, lock: Lock) {
    this.#sources = sources;
    this.#root = root;
    this.#hash = hash;
    this.#lock = lock;
    this.#layers = this.#builder();
  }

  #builder(): LayerBuilder {
    return new LayerBuilder({
      lock: this.#lock,
      packages: this.#sources.cache,
      prebuiltDirectory,
      cacheDirectory: join(cacheDirectory, "layers"),
      builder: this.#hash,
      log,
    });
  }

  async build(recipe: ImageRecipe): Promise<void> {
    try {
      await this.#build(recipe);
    } catch (cause) {
      if (!(cause instanceof PackagesGone) || this.#sources.mirror === undefined) throw cause;
      log(`${cause.message}; taking ${SUITE}'s current versions instead of the lock file's`);
      this.#lock = await currentLock(this.#sources.mirror, lockedStacks, this.#lock.date);
      this.#layers = this.#builder();
      await this.#build(recipe);
    }
  }

  async #build(recipe: ImageRecipe): Promise<void> {
    const stacks = stacksOf(recipe);
    const stamp = join(this.#root, ".stamps", `${recipe.name}.json`);
    const keys = await Promise.all(stacks.map((stack) => this.#layers.key(stack)));
    const key = createHash("sha256")
      .update(JSON.stringify([recipe, keys]))
      .digest("hex");
    const known = await readFile(stamp, "utf8").then(
      (text) => JSON.parse(text) as { readonly key: string },
      () => undefined,
    );
    if (known?.key === key && this.#root === catalogueDirectory) return;
    const start = performance.now();
    const layers = [];
    for (const stack of stacks) layers.push(await this.#layers.build(stack));
    const entry = await writeImage(this.#root, {
      recipe,
      layers,
      labels: labelsOf(recipe, this.#lock),
      history: recipe.layers.map((layer) => historyLine(layer.id, this.#lock)),
      created: new Date(this.#lock.date * 1000).toISOString(),
    });
    await updateIndex(this.#root, [entry]);
    if (this.#root === catalogueDirectory) {
      await mkdir(dirname(stamp), { recursive: true });
      await writeFile(stamp, JSON.stringify({ key }));
    }
    const size = entry.tags[0]?.size ?? 0;
    log(`${recipe.name} is ready: ${(size / 1e6).toFixed(1)} MB, ${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
}

const historyLine = (layer: string, lock: Lock): string => {
  const names = lock.layers[layer] ?? [];
  return names.length === 0 ? `drydock layer ${layer}` : `drydock layer ${layer}: Debian packages ${names.join(" ")}`;
};

/** The committed images, which are there at once. */
async function copyPrebuilt(): Promise<readonly CatalogueEntry[]> {
  const { repositories } = await readIndex(prebuiltImages);
  await cp(join(prebuiltImages, "v2"), join(catalogueDirectory, "v2"), { recursive: true });
  await updateIndex(catalogueDirectory, repositories);
  return repositories;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { "update-lock": { type: "boolean" }, prebuilt: { type: "boolean" } },
  });
  const unknown = positionals.filter((name) => !allRecipes.some((recipe) => recipe.name === name));
  if (unknown.length > 0) {
    log(`no recipe for ${unknown.join(", ")}; there are ${allRecipes.map(({ name }) => name).join(", ")}`);
    return 2;
  }
  const sources = await openPackageSources(cacheDirectory, process.env, log);
  if (values["update-lock"]) {
    if (sources.mirror === undefined) throw new Error(NO_MIRROR);
    const date = Math.floor(Date.now() / 86_400_000) * 86_400;
    await writeLock(lockPath, await currentLock(sources.mirror, lockedStacks, date));
  }
  const root = values.prebuilt ? prebuiltImages : catalogueDirectory;
  const catalogue = new Catalogue(sources, root, await builderHash(), await readLock(lockPath));
  if (!values.prebuilt) await copyPrebuilt();
  const recipes = (values.prebuilt ? prebuiltRecipes : debianRecipes).filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  );
  const failed: string[] = [];
  for (const recipe of recipes) {
    try {
      await catalogue.build(recipe);
    } catch (cause) {
      failed.push(recipe.name);
      log(`${recipe.name} could not be built: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
  if (failed.length > 0) {
    if (sources.mirror === undefined) log(NO_MIRROR);
    log(`the catalogue lacks ${failed.join(", ")}; build again to add what is missing`);
  }
  return failed.length > 0 ? 1 : 0;
}

const NO_MIRROR =
  "No Debian mirror is known on this machine: set DRYDOCK_DEBIAN_MIRROR to the address of one (it ends in /debian) to build all images.";

process.exitCode = await main();
