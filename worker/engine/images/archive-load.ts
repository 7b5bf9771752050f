/** `docker load`: archives of `docker save`, old and new, and OCI image layouts, compressed or not. */
import { EngineError } from "../errors.ts";
import type { Digest } from "../ports/storage.ts";
import { type Descriptor, type Platform, parseManifest } from "../registry/manifest.ts";
import { digestOf } from "../registry/repository-client.ts";
import { ArchiveMembers } from "./archive-members.ts";
import { type ImageContext, imageEvent } from "./context.ts";
import { readConfig } from "./image-store.ts";
import { machinePlatform } from "./platform.ts";
import { bar, type Progress, shortId } from "./progress.ts";
import { selectPlatform } from "./pull.ts";
import { familiarString, parseReference, type Reference, tryParseReference, withDefaultTag } from "./reference.ts";
import { isForPlatform } from "./views.ts";

interface PlannedImage {
  readonly config: Uint8Array;
  /** Paths of the layers in the archive, base first. */
  readonly layers: readonly string[];
  readonly tags: readonly Reference[];
}

export interface LoadOptions {
  readonly quiet: boolean;
  readonly platform?: Platform | undefined;
  readonly progress: Progress;
}

export async function loadImages(
  context: ImageContext,
  source: ReadableStream<Uint8Array>,
  options: LoadOptions,
): Promise<void> {
  const archive = await ArchiveMembers.read(context, source);
  try {
    let loaded = 0;
    for (const image of await planImages(archive, options.platform))
      if (await loadOne(context, archive, image, options)) loaded++;
    // moby's list of what was loaded, which is empty.
    if (loaded === 0) options.progress({});
  } finally {
    await archive.discard();
  }
}

async function loadOne(
  context: ImageContext,
  archive: ArchiveMembers,
  planned: PlannedImage,
  { quiet, platform, progress }: LoadOptions,
): Promise<boolean> {
  const id = await digestOf(planned.config);
  const parsed = readConfig(id, planned.config);
  if (!isForPlatform(parsed, platform)) return false;
  if (parsed.layers.length !== planned.layers.length)
    throw new EngineError(
      "invalidParameter",
      `invalid manifest, layers length mismatch: expected ${planned.layers.length}, got ${parsed.layers.length}`,
    );
  for (const [i, path] of planned.layers.entries()) {
    const diffId = parsed.layers[i];
    if (diffId === undefined || context.layers.info(diffId) !== undefined) continue;
    await addLayer(archive, path, diffId, i);
    const size = archive.size(path);
    if (!quiet) progress(bar(shortId(diffId), "Loading layer", size, size));
  }
  const image = await context.store.add(planned.config);
  for (const tag of planned.tags) {
    const before = context.store.lookup(tag);
    if (before !== undefined && before !== id)
      progress({
        stream: `The image ${familiarString(tag)} already exists, renaming the old one with ID ${before} to empty string\n`,
      });
    await context.store.setReference(tag, id);
    progress({ stream: `Loaded image: ${familiarString(tag)}\n` });
  }
  if (planned.tags.length === 0) progress({ stream: `Loaded image ID: ${id}\n` });
  imageEvent(context, "load", id, id, image);
  return true;
}

async function addLayer(archive: ArchiveMembers, path: string, diffId: Digest, index: number): Promise<void> {
  try {
    await archive.addLayer(path, diffId);
  } catch (cause) {
    if (cause instanceof EngineError && cause.kind === "system") throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError(
      "invalidParameter",
      `invalid diffID for layer ${index}: expected ${JSON.stringify(diffId)}: ${reason}`,
      { cause },
    );
  }
}

async function planImages(archive: ArchiveMembers, platform: Platform | undefined): Promise<readonly PlannedImage[]> {
  if (archive.has("manifest.json")) return await planDockerArchive(archive);
  if (archive.has("index.json")) return await planLayout(archive, platform ?? machinePlatform);
  await archive.bytes("repositories");
  throw new EngineError("invalidParameter", "archives older than Docker 1.10 are not supported");
}

/** image/tarexport's manifestItem. */
async function planDockerArchive(archive: ArchiveMembers): Promise<readonly PlannedImage[]> {
  const items = await archive.json("manifest.json");
  if (!Array.isArray(items)) throw new EngineError("invalidParameter", "invalid manifest.json in archive: no list");
  const planned: PlannedImage[] = [];
  for (const item of items) {
    const { Config, RepoTags, Layers } = (item ?? {}) as { Config?: unknown; RepoTags?: unknown; Layers?: unknown };
    if (typeof Config !== "string")
      throw new EngineError("invalidParameter", "invalid manifest.json in archive: no Config");
    planned.push({ config: await archive.bytes(Config), layers: texts(Layers), tags: texts(RepoTags).map(tagOf) });
  }
  return planned;
}

function tagOf(text: string): Reference {
  const reference = parseReference(text);
  if (reference.tag === undefined || reference.digest !== undefined)
    throw new EngineError("invalidParameter", `invalid tag ${JSON.stringify(text)}`);
  return reference;
}

/** image-spec, image-layout.md. Names are taken from containerd's annotation, or the reference name where that is a full one. */
async function planLayout(archive: ArchiveMembers, platform: Platform): Promise<readonly PlannedImage[]> {
  const index = parseManifest(await archive.bytes("index.json"));
  if (index.kind !== "index") throw new EngineError("invalidParameter", "invalid index.json in archive");
  const byConfig = new Map<Digest, { config: Uint8Array; layers: readonly string[]; tags: Reference[] }>();
  for (const descriptor of index.manifests) {
    const manifest = await layoutManifest(archive, descriptor, platform);
    if (manifest === undefined) continue;
    const config = await verified(archive, manifest.config);
    const known = byConfig.get(manifest.config.digest) ?? {
      config,
      layers: manifest.layers.map((layer) => blobPath(layer.digest)),
      tags: [],
    };
    byConfig.set(manifest.config.digest, known);
    const name = layoutName(descriptor);
    if (name !== undefined) known.tags.push(name);
  }
  if (byConfig.size === 0)
    throw new EngineError("notFound", `no image for ${platform.os}/${platform.architecture} in the archive`);
  return [...byConfig.values()];
}

async function layoutManifest(archive: ArchiveMembers, descriptor: Descriptor, platform: Platform) {
  const parsed = parseManifest(await verified(archive, descriptor), descriptor.mediaType);
  if (parsed.kind === "manifest") return parsed;
  const chosen = selectPlatform(parsed.manifests, platform);
  if (chosen === undefined || !archive.has(blobPath(chosen.digest))) return undefined;
  const inner = parseManifest(await verified(archive, chosen), chosen.mediaType);
  return inner.kind === "manifest" ? inner : undefined;
}

function layoutName({ annotations }: Descriptor): Reference | undefined {
  const name = annotations?.["io.containerd.image.name"] ?? annotations?.["org.opencontainers.image.ref.name"];
  // A reference name alone is a tag without a repository: such an image is loaded by its id.
  if (name === undefined || !/[/:]/.test(name)) return undefined;
  const reference = tryParseReference(name);
  return reference?.digest === undefined ? reference && withDefaultTag(reference) : undefined;
}

async function verified(archive: ArchiveMembers, descriptor: Descriptor): Promise<Uint8Array> {
  const bytes = await archive.bytes(blobPath(descriptor.digest));
  if ((await digestOf(bytes)) !== descriptor.digest)
    throw new EngineError("invalidParameter", `invalid archive: ${descriptor.digest} has other content`);
  return bytes;
}

const blobPath = (digest: Digest): string => `blobs/sha256/${digest.slice("sha256:".length)}`;
const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === "string") : [];
