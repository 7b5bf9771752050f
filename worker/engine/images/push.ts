/** `docker push` (moby, distribution/push_v2.go): layers that the registry lacks, the configuration, then a manifest of schema 2. */
import { EngineError } from "../errors.ts";
import type { Digest } from "../ports/storage.ts";
import type { Credentials } from "../registry/credentials.ts";
import { mediaTypes } from "../registry/manifest.ts";
import { NoCredentials, RegistryError, RegistryUnreachable } from "../registry/registry-error.ts";
import { digestOf, type RepositoryClient } from "../registry/repository-client.ts";
import { type ImageContext, imageEvent } from "./context.ts";
import type { StoredImage } from "./image-store.ts";
import type { LayerOrigin } from "./layers/layer-store.ts";
import { bar, line, type Progress, shortId } from "./progress.ts";
import { canonicalString, familiarName, familiarString, type Reference, repositoryName } from "./reference.ts";
import { Slots } from "./slots.ts";

export interface PushOptions {
  readonly credentials?: Credentials | undefined;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** moby's max-concurrent-uploads. */
const parallelUploads = 5;

interface PushedLayer {
  readonly mediaType: string;
  readonly size: number;
  readonly digest: Digest;
}

/** Without a tag, all tags of the repository. */
export async function pushImage(context: ImageContext, reference: Reference, options: PushOptions): Promise<void> {
  const { progress } = options;
  progress({ status: `The push refers to repository [${repositoryName(reference)}]` });
  const tagged = context.store
    .references()
    .filter(
      (known) => repositoryName(known.reference) === repositoryName(reference) && known.reference.tag !== undefined,
    );
  if (tagged.length === 0)
    throw new EngineError("notFound", `An image does not exist locally with the tag: ${familiarName(reference)}`);
  const wanted =
    reference.tag === undefined
      ? tagged
      : tagged.filter((known) => canonicalString(known.reference) === canonicalString(reference));
  if (wanted.length === 0) throw new EngineError("notFound", `tag does not exist: ${familiarString(reference)}`);
  const endpoint = context.registries.registry(reference.domain);
  const client = context.registries.client(endpoint, reference.path, { credentials: options.credentials, push: true });
  try {
    for (const { reference: tag, image } of wanted) {
      const stored = context.store.get(image);
      if (stored !== undefined) await pushOne(context, tag, stored, client, options);
    }
  } catch (error) {
    throw pushError(error);
  }
  const image = context.store.lookup(reference);
  imageEvent(context, "push", familiarString(reference), familiarName(reference), image && context.store.get(image));
}

async function pushOne(
  context: ImageContext,
  reference: Reference,
  image: StoredImage,
  client: RepositoryClient,
  options: PushOptions,
): Promise<void> {
  const { progress, signal } = options;
  const topDown = [...new Set(image.layers)].reverse();
  for (const diffId of topDown) progress(line(shortId(diffId), "Preparing"));
  const slots = new Slots(parallelUploads);
  const pushed = new Map<Digest, PushedLayer>();
  await Promise.all(
    topDown.map((diffId) =>
      slots.run(async () => void pushed.set(diffId, await pushLayer(context, diffId, client, options))),
    ),
  );
  const config = await context.store.configBytes(image.id);
  if (!(await client.hasBlob(image.id, signal))) await client.pushBlob(image.id, () => config, signal);
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.dockerManifest,
    config: { mediaType: mediaTypes.dockerConfig, size: config.length, digest: image.id },
    layers: image.layers.map((diffId) => pushed.get(diffId)),
  };
  const bytes = new TextEncoder().encode(JSON.stringify(manifest, undefined, 3));
  const tag = reference.tag ?? "";
  await client.pushManifest(tag, mediaTypes.dockerManifest, bytes, signal);
  const digest = await digestOf(bytes);
  await context.store.setReference({ ...reference, tag: undefined, digest }, image.id);
  progress({ status: `${tag}: digest: ${digest} size: ${bytes.length}` });
  progress({ progressDetail: {}, aux: { Tag: tag, Digest: digest, Size: bytes.length } });
}

async function pushLayer(
  context: ImageContext,
  diffId: Digest,
  client: RepositoryClient,
  options: PushOptions,
): Promise<PushedLayer> {
  const { progress, signal } = options;
  const id = shortId(diffId);
  const info = context.layers.info(diffId);
  if (info === undefined) throw new EngineError("system", `layer ${diffId} does not exist`);
  for (const origin of info.origins) {
    const known = await takeOver(origin, client, signal);
    if (known === undefined) continue;
    progress(line(id, known));
    await remember(context, diffId, client, origin);
    return { mediaType: mediaTypes.dockerLayerGzip, size: origin.size, digest: origin.digest };
  }
  const { digest, size } = await compressed(context, diffId);
  try {
    if (await client.hasBlob(digest, signal)) progress(line(id, "Layer already exists"));
    else {
      await client.pushBlob(digest, () => context.blobs.open(digest), signal);
      progress(bar(id, "Pushing", info.size, info.size));
      progress(line(id, "Pushed"));
    }
  } finally {
    await context.layers.discard([digest]);
  }
  const layer = { mediaType: mediaTypes.dockerLayerGzip, size, digest };
  await remember(context, diffId, client, layer);
  return layer;
}

/** Uses a compressed form that the registry has already, in this repository or in another. */
async function takeOver(
  origin: LayerOrigin,
  client: RepositoryClient,
  signal: AbortSignal,
): Promise<string | undefined> {
  // A manifest of schema 2 names gzip layers only.
  if (!/gzip$/.test(origin.mediaType) || origin.registry !== client.base) return undefined;
  if (await client.hasBlob(origin.digest, signal)) return "Layer already exists";
  if (origin.repository === client.repository) return undefined;
  const mounted = await client.mountBlob(origin.digest, origin.repository, signal);
  return mounted ? `Mounted from ${origin.repository}` : undefined;
}

async function remember(
  context: ImageContext,
  diffId: Digest,
  client: RepositoryClient,
  layer: PushedLayer,
): Promise<void> {
  const { mediaType, size, digest } = layer;
  await context.layers.addOrigin(diffId, {
    registry: client.base,
    repository: client.repository,
    digest,
    size,
    mediaType,
  });
}

/** The layer's gzip form, as a blob for as long as it is pushed. */
async function compressed(context: ImageContext, diffId: Digest): Promise<{ digest: Digest; size: number }> {
  const tar = await context.layers.openTar(diffId);
  const gzip = new CompressionStream("gzip") as unknown as TransformStream<Uint8Array, Uint8Array>;
  return await context.blobs.ingest(tar.pipeThrough(gzip));
}

function pushError(error: unknown): unknown {
  if (error instanceof RegistryUnreachable || error instanceof NoCredentials)
    return new EngineError("system", error.message, { cause: error });
  if (error instanceof RegistryError)
    return new EngineError(error.status === 401 || error.code === "DENIED" ? "unauthorized" : "system", error.message, {
      cause: error,
    });
  return error;
}
