/** Builds the parts of the catalogue, each when it is not up to date. */

import { createHash, type Hash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SUITE } from "../debian/mirror.ts";
import { PackagesGone } from "../debian/package-cache.ts";
import { LayerBuilder } from "./layer-builder.ts";
import { filesOf, type Lock } from "./lock.ts";
import { currentLock, type PackageSources } from "./package-sources.ts";
import { writeAptRepository } from "./packages/apt-repository.ts";
import { writeNpmIndex } from "./packages/npm-index.ts";
import type { SigningKey } from "./packages/signing.ts";
import { aptHosts, askProgram, upstreams, writeSettings } from "./packages/upstreams.ts";
import { writeWheelIndex } from "./packages/wheel-index.ts";
import { aptLayer, npmLayer, npmModules, wheelLayer } from "./packages/wishes.ts";
import { cacheDirectory, catalogueDirectory, prebuiltDirectory, repositoryRoot } from "./paths.ts";
import type { ImageRecipe } from "./recipe.ts";
import { debianLayer } from "./recipes/debian.ts";
import { updateIndex, writeImage } from "./registry-layout.ts";
import { lockedStacks, stacksOf } from "./stacks.ts";

export interface CatalogueOptions {
  /** Where the catalogue is written. */
  readonly root: string;
  readonly lock: Lock;
  readonly sources: PackageSources;
  readonly key: SigningKey;
  readonly bytecode: ReadonlyMap<string, Uint8Array>;
  readonly builder: BuilderHashes;
  readonly log: (line: string) => void;
}

/** What decides the content of a layer, besides its recipe and its packages' effects, which count by themselves. */
const LAYER_SOURCES = [
  "debian/ar.ts",
  "debian/deb.ts",
  "debian/decompress.ts",
  "debian/file-tree.ts",
  "catalogue/busybox.ts",
  "catalogue/dpkg-database.ts",
  "catalogue/elf.ts",
  "catalogue/estargz.ts",
  "catalogue/layer-builder.ts",
  "catalogue/ld-cache.ts",
  "catalogue/packages/bytecode.ts",
  "catalogue/root-fs.ts",
  "catalogue/tar-header.ts",
];
/** What decides the rest of an image. */
const IMAGE_SOURCES = ["catalogue/catalogue.ts", "catalogue/registry-layout.ts"];
const PACKAGE_SOURCES = [
  "catalogue/packages/apt-repository.ts",
  "catalogue/packages/npm-index.ts",
  "catalogue/packages/upstreams.ts",
  "catalogue/packages/wheel.ts",
  "catalogue/packages/wheel-index.ts",
];

async function hashOf(sources: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const source of sources) hash.update(await readFile(join(repositoryRoot, "guest-image", source)));
  return hash.digest("hex");
}

export interface BuilderHashes {
  readonly layers: string;
  readonly images: string;
  readonly packages: string;
}

export const hashesOfBuilder = async (): Promise<BuilderHashes> => ({
  layers: await hashOf(LAYER_SOURCES),
  images: await hashOf(IMAGE_SOURCES),
  packages: await hashOf(PACKAGE_SOURCES),
});

/** Says what a part of the catalogue was made from. The images in the repository have none: they are made on request. */
class Stamp {
  readonly #path: string | undefined;
  readonly #key: string;

  constructor(root: string, name: string, content: Hash) {
    this.#path = root === catalogueDirectory ? join(root, ".stamps", name) : undefined;
    this.#key = content.digest("hex");
  }

  async isFresh(): Promise<boolean> {
    return this.#path !== undefined && (await readFile(this.#path, "utf8").catch(() => "")) === this.#key;
  }

  async write(): Promise<void> {
    if (this.#path === undefined) return;
    await mkdir(dirname(this.#path), { recursive: true });
    await writeFile(this.#path, this.#key);
  }
}

const seconds = (start: number): string => `${((performance.now() - start) / 1000).toFixed(1)} s`;

export class Catalogue {
  readonly #options: CatalogueOptions;
  #lock: Lock;
  #layers: LayerBuilder;

  constructor(options: CatalogueOptions) {
    this.#options = options;
    this.#lock = options.lock;
    this.#layers = this.#layerBuilder();
  }

  build(recipe: ImageRecipe): Promise<void> {
    return this.#withFallback(() => this.#buildImage(recipe));
  }

  /** The package indexes for pip, npm and apt. */
  buildPackages(): Promise<void> {
    return this.#withFallback(() => this.#buildPackages());
  }

  /** Drops layers of earlier builds; for when every image has been built. */
  prune(): Promise<void> {
    return this.#layers.prune();
  }

  #layerBuilder(): LayerBuilder {
    const { sources, key, bytecode, builder, log } = this.#options;
    return new LayerBuilder({
      lock: this.#lock,
      packages: sources.cache,
      prebuiltDirectory,
      cacheDirectory: join(cacheDirectory, "layers"),
      builder: builder.layers,
      aptKey: key.publicKey,
      bytecode,
      log,
    });
  }

  /** A build never fails because Debian has moved on. */
  async #withFallback(build: () => Promise<void>): Promise<void> {
    try {
      await build();
    } catch (cause) {
      const { sources, log } = this.#options;
      if (!(cause instanceof PackagesGone) || sources.mirror === undefined) throw cause;
      log(`${cause.message}; taking ${SUITE}'s current versions instead of the lock file's`);
      this.#lock = await currentLock(sources.mirror, lockedStacks, this.#lock.date);
      this.#layers = this.#layerBuilder();
      await build();
    }
  }

  async #buildImage(recipe: ImageRecipe): Promise<void> {
    const { root, builder, log } = this.#options;
    const stacks = stacksOf(recipe);
    const keys = await Promise.all(stacks.map((stack) => this.#layers.key(stack)));
    const stamp = new Stamp(
      root,
      recipe.name,
      createHash("sha256").update(JSON.stringify([builder.images, recipe, keys])),
    );
    if (await stamp.isFresh()) return;
    const start = performance.now();
    const layers = [];
    for (const stack of stacks) layers.push(await this.#layers.build(stack));
    const entry = await writeImage(root, {
      recipe,
      layers,
      labels: labelsOf(recipe, this.#lock),
      history: recipe.layers.map((layer) => historyOf(layer.id, this.#lock)),
      created: new Date(this.#lock.date * 1000).toISOString(),
    });
    await updateIndex(root, [entry]);
    await stamp.write();
    log(`${recipe.name} is ready: ${((entry.tags[0]?.size ?? 0) / 1e6).toFixed(1)} MB, ${seconds(start)}`);
  }

  async #buildPackages(): Promise<void> {
    const { root, sources, key, bytecode, builder, log } = this.#options;
    const wheels = filesOf(this.#lock, wheelLayer);
    const debs = filesOf(this.#lock, aptLayer);
    const modules = filesOf(this.#lock, npmLayer);
    const apt = filesOf(this.#lock, debianLayer).filter(({ name }) => name === "apt");
    const hashes = [...wheels, ...modules, ...debs, ...apt].map(({ sha256 }) => sha256);
    const others = await upstreams(process.env, askProgram);
    const content = createHash("sha256").update(
      [builder.packages, this.#lock.date, ...hashes, ...bytecode.keys(), JSON.stringify([others, npmModules])].join(
        "\n",
      ),
    );
    const stamp = new Stamp(root, "packages", content.update(key.publicKey));
    if (await stamp.isFresh()) return;
    const start = performance.now();
    await sources.cache.ensure([...wheels, ...modules, ...debs, ...apt]);
    const names = await writeWheelIndex(root, sources.cache, wheels, bytecode);
    const npm = await writeNpmIndex(root, sources.cache, modules, npmModules);
    await writeAptRepository({ root, packages: sources.cache, files: debs, key, date: this.#lock.date });
    const archives = await Promise.all(apt.map(async (file) => aptHosts(await sources.cache.read(file))));
    await writeSettings(root, { aptHosts: archives.flat(), ...others });
    await stamp.write();
    log(
      `packages are ready: ${names.length} for pip, ${npm.length} for npm, ${debs.length} for apt, ${seconds(start)}`,
    );
  }
}

/** Where an image's content came from, in the annotations that the image specification names. */
function labelsOf(recipe: ImageRecipe, lock: Lock): Record<string, string> {
  const fromDebian = recipe.layers.some((layer) => (lock.layers[layer.id] ?? []).length > 0);
  const main = recipe.layers.at(-1)?.packages[0];
  const version = main === undefined ? undefined : lock.packages[main]?.version;
  return {
    "org.opencontainers.image.title": recipe.name,
    "org.opencontainers.image.description": fromDebian
      ? `Put together by Drydock from Debian ${lock.suite} i386 packages`
      : "Made by Drydock after the image of the same name",
    "org.opencontainers.image.vendor": "Drydock",
    ...(version !== undefined && { "org.opencontainers.image.version": version }),
    ...(fromDebian && { "dev.drydock.debian.suite": lock.suite }),
  };
}

function historyOf(layer: string, lock: Lock): string {
  const names = lock.layers[layer] ?? [];
  return names.length === 0 ? `drydock layer ${layer}` : `drydock layer ${layer}: Debian packages ${names.join(" ")}`;
}
