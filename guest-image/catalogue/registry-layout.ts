/**
 * A registry of plain files: the distribution specification's pull URLs (`/v2/NAME/manifests/REFERENCE`, `/v2/NAME/blobs/DIGEST`) as paths,
 * so that any static host serves it. A file appears by renaming it into place, and a tag after everything that it needs.
 */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, link, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { TOC_DIGEST_ANNOTATION, UNCOMPRESSED_SIZE_ANNOTATION } from "./estargz.ts";
import type { BuiltLayer } from "./layer-builder.ts";
import type { ImageRecipe } from "./recipe.ts";

export interface CatalogueEntry {
  /** "library/nginx". */
  readonly name: string;
  readonly description: string;
  readonly tags: readonly { readonly tag: string; readonly digest: string; readonly size: number }[];
}

/** `/index.json` of the catalogue: what `docker search` and the page list. */
export interface CatalogueIndex {
  readonly schemaVersion: 1;
  readonly repositories: readonly CatalogueEntry[];
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

const MEDIA_TYPE = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
} as const;

const PLATFORM = { architecture: "386", os: "linux" } as const;

const describe = (mediaType: string, bytes: Uint8Array): Descriptor => ({
  mediaType,
  digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}`,
  size: bytes.length,
});

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value, undefined, 2));

/** A file appears whole, in its place. */
export async function place(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  // Two builders may run at once; each renames a file of its own.
  const own = `${path}.${process.pid}.new`;
  await writeFile(own, bytes);
  await rename(own, path);
}

/** Content that lies in several places, as layers do in many repositories: a hard link where the file system has them. */
export async function placeFile(path: string, source: string): Promise<void> {
  if (existsSync(path)) return;
  await mkdir(dirname(path), { recursive: true });
  const own = `${path}.${process.pid}.new`;
  await rm(own, { force: true });
  await link(source, own).catch(() => copyFile(source, own));
  await rename(own, path);
}

export interface ImageContent {
  readonly recipe: ImageRecipe;
  readonly layers: readonly BuiltLayer[];
  readonly labels: Readonly<Record<string, string>>;
  /** How each layer was made, for `docker history`. */
  readonly history: readonly string[];
  readonly created: string;
}

/** Writes one image with its tags, and gives its entry for the index. */
export async function writeImage(root: string, image: ImageContent): Promise<CatalogueEntry> {
  const { recipe, layers, labels, created } = image;
  const name = `library/${recipe.name}`;
  const repository = join(root, "v2", name);
  const config = json({
    ...PLATFORM,
    created,
    config: { ...recipe.config, Labels: labels },
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
    history: image.history.map((created_by) => ({ created, created_by })),
  });
  const configDescriptor = describe(MEDIA_TYPE.config, config);
  const layerDescriptors = layers.map(
    (layer): Descriptor => ({
      mediaType: MEDIA_TYPE.layer,
      digest: layer.digest,
      size: layer.size,
      annotations: {
        [TOC_DIGEST_ANNOTATION]: layer.tocDigest,
        [UNCOMPRESSED_SIZE_ANNOTATION]: String(layer.uncompressedSize),
      },
    }),
  );
  const manifest = json({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config: configDescriptor,
    layers: layerDescriptors,
  });
  const manifestDescriptor = describe(MEDIA_TYPE.manifest, manifest);
  const index = json({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.index,
    manifests: [{ ...manifestDescriptor, platform: PLATFORM }],
  });
  const indexDescriptor = describe(MEDIA_TYPE.index, index);
  for (const layer of layers) await placeFile(join(repository, "blobs", layer.digest), layer.path);
  await place(join(repository, "blobs", configDescriptor.digest), config);
  await place(join(repository, "manifests", manifestDescriptor.digest), manifest);
  await place(join(repository, "manifests", indexDescriptor.digest), index);
  for (const tag of recipe.tags) await place(join(repository, "manifests", tag), index);
  await place(join(repository, "tags", "list"), json({ name, tags: [...recipe.tags].sort() }));
  await dropStale(repository, [
    ...layers.map(({ digest }) => digest),
    configDescriptor.digest,
    manifestDescriptor.digest,
    indexDescriptor.digest,
    ...recipe.tags,
  ]);
  const size = layers.reduce((sum, layer) => sum + layer.size, configDescriptor.size);
  return {
    name,
    description: recipe.description,
    tags: recipe.tags.map((tag) => ({ tag, digest: indexDescriptor.digest, size })),
  };
}

/** What an earlier build of the image left behind. */
async function dropStale(repository: string, keep: readonly string[]): Promise<void> {
  for (const folder of ["manifests", "blobs"]) {
    for (const file of await readdir(join(repository, folder))) {
      if (!keep.includes(file)) await rm(join(repository, folder, file));
    }
  }
}

export async function readIndex(root: string): Promise<CatalogueIndex> {
  const path = join(root, "index.json");
  const known = await stat(path).catch(() => undefined);
  if (known === undefined) return { schemaVersion: 1, repositories: [] };
  return JSON.parse(await readFile(path, "utf8")) as CatalogueIndex;
}

/** Adds or replaces entries; images that others built stay. */
export async function updateIndex(root: string, entries: readonly CatalogueEntry[]): Promise<void> {
  const names = new Set(entries.map(({ name }) => name));
  const kept = (await readIndex(root)).repositories.filter(({ name }) => !names.has(name));
  const repositories = [...kept, ...entries].sort((a, b) => (a.name < b.name ? -1 : 1));
  await place(join(root, "index.json"), json({ schemaVersion: 1, repositories } satisfies CatalogueIndex));
}
