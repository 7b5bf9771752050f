/**
 * Caches outside of this engine: written as BuildKit writes them (an OCI manifest whose configuration is a cache configuration, or such a
 * configuration inside an image's own), read back step by step when a build asks for one. The keys are this builder's; another builder
 * finds nothing in it, and this one nothing in another's.
 */
import { decompressAny } from "../../compression.ts";
import type { ImageContext } from "../../images/context.ts";
import { findManifest } from "../../images/distribution.ts";
import { parseReference, withDefaultTag } from "../../images/reference.ts";
import type { Digest } from "../../ports/storage.ts";
import type { RepositoryClient } from "../../registry/repository-client.ts";
import { type TarInput, writeTar } from "../../tar-writer.ts";
import { digestBytes } from "../files/digest.ts";
import { type RootView, readFileOf, readText } from "../files/root-view.ts";
import type { BuildRequest, CacheSource, CacheTarget } from "../model.ts";
import type { CacheRecord } from "./cache.ts";

const cacheConfigType = "application/vnd.buildkit.cacheconfig.v0";
const manifestType = "application/vnd.oci.image.manifest.v1+json";
const layerType = "application/vnd.oci.image.layer.v1.tar+gzip";
/** Of an image that carries its own cache. */
export const inlineCacheField = "moby.buildkit.cache.v0";
const diffIdKey = "containerd.io/uncompressed";
const titleKey = "buildkit/description";

export interface ImportedStep {
  readonly diffId: Digest;
  readonly title: string;
  readonly created: string;
  /** The layer's tar. */
  open(signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}
export type ImportedSteps = ReadonlyMap<Digest, ImportedStep>;

interface CacheConfig {
  readonly layers: readonly {
    readonly blob: string;
    readonly parent: number;
    readonly annotations: Readonly<Record<string, string>>;
  }[];
  readonly records: readonly {
    readonly digest: string;
    readonly results: readonly { readonly layer: number; readonly createdAt: string }[];
  }[];
}
interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const decode = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

function configOf(steps: readonly CacheRecord[], blobs: ReadonlyMap<Digest, Descriptor>): CacheConfig {
  const layers = [...new Set(steps.map(({ layer }) => layer))];
  return {
    layers: layers.map((layer) => ({
      blob: blobs.get(layer)?.digest ?? layer,
      parent: -1,
      annotations: { [diffIdKey]: layer, [titleKey]: steps.find((step) => step.layer === layer)?.title ?? "" },
    })),
    records: steps.map(({ key, layer, created }) => ({
      digest: key,
      results: [{ layer: layers.indexOf(layer), createdAt: created }],
    })),
  };
}

/** For the image's own configuration; its layers are the image's. */
export const inlineCache = (steps: readonly CacheRecord[]): string =>
  btoa(String.fromCharCode(...encode(configOf(steps, new Map()))));

/** Compresses the steps' layers for as long as `use` needs them. */
async function withBlobs<T>(
  { layers, blobs }: ImageContext,
  steps: readonly CacheRecord[],
  use: (found: ReadonlyMap<Digest, Descriptor>) => Promise<T>,
): Promise<{ readonly result: T; readonly release: () => Promise<void> }> {
  const found = new Map<Digest, Descriptor>();
  const release = (): Promise<void> => layers.discard([...found.values()].map(({ digest }) => digest));
  try {
    for (const { layer, title } of steps) {
      if (found.has(layer)) continue;
      const gzip = new CompressionStream("gzip") as unknown as TransformStream<Uint8Array, Uint8Array>;
      const { digest, size } = await blobs.ingest((await layers.openTar(layer)).pipeThrough(gzip));
      found.set(layer, {
        mediaType: layerType,
        digest,
        size,
        annotations: { [diffIdKey]: layer, [titleKey]: title },
      });
    }
    return { result: await use(found), release };
  } catch (error) {
    await release();
    throw error;
  }
}

function manifestOf(steps: readonly CacheRecord[], found: ReadonlyMap<Digest, Descriptor>) {
  const config = encode(configOf(steps, found));
  const configDigest = digestBytes(config);
  const manifest = encode({
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: cacheConfigType, digest: configDigest, size: config.length },
    layers: [...found.values()],
  });
  return { config, configDigest, manifest };
}

export async function pushCache(
  context: ImageContext,
  steps: readonly CacheRecord[],
  { ref }: Extract<CacheTarget, { readonly type: "registry" }>,
  request: BuildRequest,
  signal: AbortSignal,
): Promise<void> {
  const reference = withDefaultTag(parseReference(ref));
  const credentials = request.credentials?.[reference.domain];
  const client = context.registries.client(context.registries.registry(reference.domain), reference.path, {
    credentials,
    push: true,
  });
  const { release } = await withBlobs(context, steps, async (found) => {
    for (const { digest } of found.values())
      if (!(await client.hasBlob(digest, signal)))
        await client.pushBlob(digest, () => context.blobs.open(digest), signal);
    const { config, configDigest, manifest } = manifestOf(steps, found);
    if (!(await client.hasBlob(configDigest, signal))) await client.pushBlob(configDigest, () => config, signal);
    await client.pushManifest(reference.tag ?? "latest", manifestType, manifest, signal);
  });
  await release();
}

/** An OCI layout as a tar, for `type=local`. */
export async function localCache(
  context: ImageContext,
  steps: readonly CacheRecord[],
  tag: string,
): Promise<ReadableStream<Uint8Array>> {
  const { result, release } = await withBlobs(context, steps, async (found) => found);
  async function* members(): AsyncGenerator<TarInput> {
    try {
      const { config, configDigest, manifest } = manifestOf(steps, result);
      const manifestDigest = digestBytes(manifest);
      for (const name of ["blobs", "blobs/sha256"]) yield { header: { name, type: "directory", mode: 0o755 } };
      yield file("oci-layout", encode({ imageLayoutVersion: "1.0.0" }));
      yield file(
        "index.json",
        encode({
          schemaVersion: 2,
          mediaType: "application/vnd.oci.image.index.v1+json",
          manifests: [
            {
              mediaType: manifestType,
              digest: manifestDigest,
              size: manifest.length,
              annotations: { "org.opencontainers.image.ref.name": tag },
            },
          ],
        }),
      );
      yield file(blobPath(manifestDigest), manifest);
      yield file(blobPath(configDigest), config);
      for (const { digest, size } of result.values())
        yield {
          header: { name: blobPath(digest), type: "file", mode: 0o644, size },
          body: context.blobs.open(digest),
        };
    } finally {
      await release();
    }
  }
  return writeTar(members());
}

const blobPath = (digest: string): string => `blobs/sha256/${digest.slice("sha256:".length)}`;
const file = (name: string, body: Uint8Array): TarInput => ({
  header: { name, type: "file", mode: 0o644, size: body.length },
  body,
});

export interface ImportOptions {
  readonly request: BuildRequest;
  /** A folder of the request's tar. */
  readonly view: (prefix: string) => RootView;
  readonly signal: AbortSignal;
}

/** A cache that is not there, or not one, offers nothing: the build goes on without it, as in BuildKit. */
export async function importCache(
  context: ImageContext,
  source: CacheSource,
  options: ImportOptions,
): Promise<ImportedSteps> {
  return source.type === "local"
    ? await importLocal(options.view(source.prefix), source.tag)
    : await importRegistry(context, source.ref, options);
}

async function importLocal(view: RootView, tag: string): Promise<ImportedSteps> {
  const json = async (path: string): Promise<unknown> => JSON.parse(await readText(view.find(path)));
  const index = (await json("index.json")) as { readonly manifests: readonly Descriptor[] };
  const named = index.manifests.find(({ annotations }) => annotations?.["org.opencontainers.image.ref.name"] === tag);
  const chosen = named ?? index.manifests[0];
  if (chosen === undefined) return new Map();
  const manifest = (await json(blobPath(chosen.digest))) as { readonly config: Descriptor };
  if (manifest.config.mediaType !== cacheConfigType) return new Map();
  const config = (await json(blobPath(manifest.config.digest))) as CacheConfig;
  return stepsOf(config, (blob) => async () => {
    const found = view.find(blobPath(blob));
    if (found === undefined) throw new Error(`${blob} is missing in the cache`);
    return await decompressAny(readFileOf(found));
  });
}

async function importRegistry(
  context: ImageContext,
  ref: string,
  { request, signal }: ImportOptions,
): Promise<ImportedSteps> {
  const { domain } = parseReference(ref);
  const { top, client } = await findManifest(context, ref, { credentials: request.credentials?.[domain], signal });
  if (top.manifest.kind === "index") return new Map();
  const { config, layers } = decode(top.bytes) as {
    readonly config: Descriptor;
    readonly layers: readonly Descriptor[];
  };
  const bytes = decode(await client.blobBytes(config.digest, signal));
  const sizes = new Map(layers.map(({ digest, size }) => [digest as string, size]));
  if (config.mediaType === cacheConfigType) return stepsOf(bytes as CacheConfig, opener(client, sizes));
  const { [inlineCacheField]: inline, rootfs } = bytes as {
    readonly [inlineCacheField]?: string;
    readonly rootfs?: { readonly diff_ids?: readonly string[] };
  };
  if (inline === undefined) return new Map();
  const own = decode(Uint8Array.from(atob(inline), (char) => char.charCodeAt(0))) as CacheConfig;
  const blobOf = (diffId: string): string => layers[(rootfs?.diff_ids ?? []).indexOf(diffId)]?.digest ?? "";
  const open = opener(client, sizes);
  return stepsOf(own, (diffId) => open(blobOf(diffId)));
}

const opener =
  (client: RepositoryClient, sizes: ReadonlyMap<string, number>) =>
  (blob: string): ImportedStep["open"] =>
  async (signal) =>
    await decompressAny(await client.blobStream(blob as Digest, sizes.get(blob) ?? 0, signal));

function stepsOf(config: CacheConfig, open: (blob: string) => ImportedStep["open"]): ImportedSteps {
  const steps = new Map<Digest, ImportedStep>();
  for (const { digest, results } of config.records ?? []) {
    const [result] = results ?? [];
    const layer = result === undefined ? undefined : config.layers[result.layer];
    const diffId = layer?.annotations?.[diffIdKey];
    if (layer === undefined || diffId === undefined) continue;
    steps.set(digest as Digest, {
      diffId: diffId as Digest,
      title: layer.annotations[titleKey] ?? "",
      created: result?.createdAt ?? "",
      open: open(layer.blob),
    });
  }
  return steps;
}
