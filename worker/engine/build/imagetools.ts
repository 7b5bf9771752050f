/** Manifests in registries, looked at and put together without pulling an image (`docker buildx imagetools`). */
import { EngineError } from "../errors.ts";
import type { ImageContext } from "../images/context.ts";
import { findManifest } from "../images/distribution.ts";
import {
  canonicalString,
  familiarString,
  parseReference,
  repositoryName,
  withDefaultTag,
} from "../images/reference.ts";
import type { Digest } from "../ports/storage.ts";
import type { Credentials } from "../registry/credentials.ts";
import type { RepositoryClient } from "../registry/repository-client.ts";
import { digestBytes } from "./files/digest.ts";

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly platform?: { readonly architecture: string; readonly os: string; readonly variant?: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface InspectedManifest {
  /** With tag or digest, as a registry's own name. */
  readonly name: string;
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  /** The manifest's text. */
  readonly raw: string;
  readonly manifests: readonly Descriptor[];
  /** Configurations of the images by platform; asked for with `configs`. */
  readonly images: Readonly<Record<string, unknown>>;
}

export interface LookOptions {
  readonly credentials?: Readonly<Record<string, Credentials>> | undefined;
  readonly configs?: boolean | undefined;
  readonly signal: AbortSignal;
}

const indexType = "application/vnd.oci.image.index.v1+json";
const decode = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));
const platformKey = ({ os, architecture, variant }: NonNullable<Descriptor["platform"]>): string =>
  [os, architecture, ...(variant ? [variant] : [])].join("/");

export async function inspectManifest(
  context: ImageContext,
  name: string,
  { credentials, configs, signal }: LookOptions,
): Promise<InspectedManifest> {
  const reference = withDefaultTag(parseReference(name));
  const { top, client } = await findManifest(context, name, { credentials: credentials?.[reference.domain], signal });
  const { mediaType } = top.manifest;
  const manifests =
    top.manifest.kind === "index" ? (decode(top.bytes) as { readonly manifests: readonly Descriptor[] }).manifests : [];
  return {
    name: canonicalString(reference),
    mediaType,
    digest: top.digest,
    size: top.bytes.length,
    raw: new TextDecoder().decode(top.bytes),
    manifests,
    images: configs === true ? await imagesOf(client, top, manifests, signal) : {},
  };
}

async function imagesOf(
  client: RepositoryClient,
  top: Awaited<ReturnType<RepositoryClient["manifest"]>>,
  manifests: readonly Descriptor[],
  signal: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const images: Record<string, unknown> = {};
  const add = async ({ manifest }: typeof top, platform: Descriptor["platform"]): Promise<void> => {
    if (manifest.kind === "index") return;
    const config = decode(await client.blobBytes(manifest.config.digest, signal)) as {
      readonly os: string;
      readonly architecture: string;
    };
    images[platformKey(platform ?? config)] = config;
  };
  if (manifests.length === 0) await add(top, undefined);
  for (const { digest, platform } of manifests) await add(await client.manifest(digest, signal), platform);
  return images;
}

export interface CreateIndexOptions {
  readonly sources: readonly string[];
  /** None: only say what would be written. */
  readonly tags: readonly string[];
  readonly platforms: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly preferIndex: boolean;
  readonly credentials?: Readonly<Record<string, Credentials>>;
  readonly signal: AbortSignal;
}
export interface CreatedIndex {
  readonly raw: string;
  readonly digest: Digest;
  /** What was copied or pushed, in words. */
  readonly log: readonly string[];
}

/** A new index of the sources' images, pushed under each tag; manifests and blobs that a tag's repository lacks are copied there. */
export async function createIndex(context: ImageContext, options: CreateIndexOptions): Promise<CreatedIndex> {
  const { sources, tags, platforms, annotations, signal, credentials } = options;
  const found: { readonly descriptor: Descriptor; readonly source: string }[] = [];
  const whole: InspectedManifest[] = [];
  for (const source of sources) {
    const inspected = await inspectManifest(context, source, { credentials, configs: true, signal });
    whole.push(inspected);
    for (const descriptor of described(inspected))
      if (!found.some((known) => known.descriptor.digest === descriptor.digest)) found.push({ descriptor, source });
  }
  const chosen = found.filter(
    ({ descriptor: { platform } }) =>
      platforms.length === 0 || (platform !== undefined && platforms.includes(platformKey(platform))),
  );
  if (chosen.length === 0) throw new EngineError("invalidParameter", "no matching platforms in the sources");
  const [only] = whole;
  const isCopy =
    whole.length === 1 &&
    only !== undefined &&
    platforms.length === 0 &&
    Object.keys(annotations).length === 0 &&
    (only.manifests.length > 0 || !options.preferIndex);
  const raw = isCopy
    ? only.raw
    : JSON.stringify(
        {
          schemaVersion: 2,
          mediaType: indexType,
          manifests: chosen.map(({ descriptor }) => descriptor),
          ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
        },
        undefined,
        2,
      );
  const mediaType = isCopy ? only.mediaType : indexType;
  const bytes = new TextEncoder().encode(raw);
  const digest = digestBytes(bytes);
  const log: string[] = [];
  for (const tag of tags) {
    const reference = withDefaultTag(parseReference(tag));
    const endpoint = context.registries.registry(reference.domain);
    const target = context.registries.client(endpoint, reference.path, {
      credentials: credentials?.[reference.domain],
      push: true,
    });
    for (const { descriptor, source } of chosen) {
      log.push(`copying ${descriptor.digest} from ${source} to ${familiarString(reference)}`);
      await copyManifest(context, source, descriptor.digest, target, credentials, signal);
    }
    await target.pushManifest(reference.tag ?? "latest", mediaType, bytes, signal);
    log.push(`pushing ${digest} to ${familiarString(reference)}`);
  }
  return { raw, digest, log };
}

function described({ manifests, mediaType, digest, size, images }: InspectedManifest): readonly Descriptor[] {
  if (manifests.length > 0) return manifests;
  const [image] = Object.values(images) as readonly { readonly os: string; readonly architecture: string }[];
  return [
    {
      mediaType,
      digest,
      size,
      ...(image === undefined ? {} : { platform: { architecture: image.architecture, os: image.os } }),
    },
  ];
}

async function copyManifest(
  context: ImageContext,
  source: string,
  digest: Digest,
  target: RepositoryClient,
  credentials: LookOptions["credentials"],
  signal: AbortSignal,
): Promise<void> {
  const reference = parseReference(source);
  const { client } = await findManifest(context, source, { credentials: credentials?.[reference.domain], signal });
  if (client.base === target.base && client.repository === target.repository) return;
  const { bytes, manifest } = await client.manifest(digest, signal);
  if (manifest.kind === "index")
    throw new EngineError("invalidParameter", `${repositoryName(reference)}: nested index`);
  for (const { digest: blob, size } of [manifest.config, ...manifest.layers]) {
    if (await target.hasBlob(blob, signal)) continue;
    if (client.base === target.base && (await target.mountBlob(blob, client.repository, signal))) continue;
    const { digest: stored } = await context.blobs.ingest(await client.blobStream(blob, size, signal), blob);
    try {
      await target.pushBlob(stored, () => context.blobs.open(stored), signal);
    } finally {
      await context.layers.discard([stored]);
    }
  }
  await target.pushManifest(digest, manifest.mediaType, bytes, signal);
}
