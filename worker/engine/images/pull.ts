/** `docker pull`: finds the image at the first endpoint that has it, and brings its layers. Messages as moby's distribution package. */
import { EngineError } from "../errors.ts";
import type { Digest } from "../ports/storage.ts";
import type { Credentials } from "../registry/credentials.ts";
import type { Endpoint } from "../registry/endpoints.ts";
import { type Descriptor, type ImageManifest, type Platform, platformText } from "../registry/manifest.ts";
import { RegistryError, RegistryUnreachable } from "../registry/registry-error.ts";
import type { FetchedManifest, RepositoryClient } from "../registry/repository-client.ts";
import { type ImageContext, imageEvent } from "./context.ts";
import { downloadLayer } from "./download.ts";
import { readConfig } from "./image-store.ts";
import { machinePlatform } from "./platform.ts";
import { bar, line, type Progress, shortId } from "./progress.ts";
import { mayBeElsewhere, NoMatchingPlatform, pullError } from "./pull-errors.ts";
import { familiarName, familiarString, type Reference } from "./reference.ts";
import { Slots } from "./slots.ts";
import { substituteFor } from "./substitutes.ts";
import { platformMismatch } from "./views.ts";

export interface PullOptions {
  readonly platform?: Platform | undefined;
  readonly credentials?: Credentials | undefined;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** moby's max-concurrent-downloads. */
const parallelDownloads = 3;

export async function pullImage(context: ImageContext, reference: Reference, options: PullOptions): Promise<void> {
  let failure: unknown;
  for (const endpoint of context.registries.pullEndpoints(reference.domain)) {
    const client = context.registries.client(endpoint, reference.path, {
      // The site's catalogue and mirrors are not the registry that the password belongs to.
      credentials: endpoint.kind === "registry" ? options.credentials : undefined,
    });
    try {
      let isNewer = false;
      for (const each of await wantedReferences(reference, client, options.signal))
        if (await pullOne(context, each, endpoint, client, options)) isNewer = true;
      finish(context, reference, isNewer, options);
      return;
    } catch (error) {
      if (!mayBeElsewhere(error)) throw error;
      // That the catalogue does not have it says more than that the network is out of reach.
      if (failure === undefined || !(error instanceof RegistryUnreachable))
        failure = await catalogueError(endpoint, client, error);
    }
  }
  const substitute = substituteFor(reference);
  if (substitute === undefined) throw pullError(failure, reference);
  if (substitute.kind === "refuse") throw new EngineError("notFound", substitute.message, { cause: failure });
  options.progress({ status: substitute.message });
  await pullSubstitute(context, reference, substitute.reference, options);
}

/** All tags where neither tag nor digest is given. */
async function wantedReferences(
  reference: Reference,
  client: RepositoryClient,
  signal: AbortSignal,
): Promise<readonly Reference[]> {
  if (reference.tag !== undefined || reference.digest !== undefined) return [reference];
  return (await client.tags(signal)).map((tag) => ({ ...reference, tag }));
}

function finish(context: ImageContext, reference: Reference, isNewer: boolean, options: PullOptions): void {
  const name = familiarString(reference);
  options.progress({ status: `Status: ${isNewer ? "Downloaded newer image" : "Image is up to date"} for ${name}` });
  const id = context.store.lookup(reference);
  const image = id === undefined ? undefined : context.store.get(id);
  imageEvent(context, "pull", name, familiarName(reference), image);
  const { platform } = options;
  if (image === undefined || platform === undefined) return;
  if (platform.os !== image.os || platform.architecture !== image.architecture)
    options.progress({ status: `WARNING: ${platformMismatch(image, platform, name)}` });
}

/** A static host knows only "not found": whether it is the tag or the repository shows its list of tags. */
async function catalogueError(endpoint: Endpoint, client: RepositoryClient, error: unknown): Promise<unknown> {
  if (endpoint.kind !== "catalogue" || !(error instanceof RegistryError) || error.status !== 404) return error;
  try {
    await client.tags();
    return error;
  } catch {
    return new RegistryError("DENIED", 404);
  }
}

/** True when the reference points to another image than before. */
async function pullOne(
  context: ImageContext,
  reference: Reference,
  endpoint: Endpoint,
  client: RepositoryClient,
  options: PullOptions,
): Promise<boolean> {
  const { progress, signal } = options;
  const wanted = reference.digest ?? reference.tag ?? "";
  const top = await client.manifest(wanted, signal);
  const chosen = await choosePlatform(client, top, options, reference);
  progress({ status: `Pulling from ${reference.path}`, id: wanted });
  const { config, layers } = chosen.manifest;
  const configBytes = await configOf(context, client, config.digest, signal);
  const { layers: diffIds } = readConfig(config.digest, configBytes);
  if (diffIds.length !== layers.length)
    throw new EngineError("system", "layers from manifest don't match image configuration");
  // An image that is here already has its layers; Docker does not mention them then.
  if (context.store.get(config.digest) === undefined)
    await pullLayers(context, layers, diffIds, client, endpoint, options);
  const before = context.store.lookup(reference);
  const image = await context.store.add(configBytes);
  if (reference.tag !== undefined && before !== image.id) await context.store.setReference(reference, image.id);
  await context.store.setReference({ ...reference, tag: undefined, digest: top.digest }, image.id);
  progress({ status: `Digest: ${top.digest}` });
  return before !== image.id;
}

async function configOf(
  context: ImageContext,
  client: RepositoryClient,
  id: Digest,
  signal: AbortSignal,
): Promise<Uint8Array> {
  return context.store.get(id) === undefined ? await client.blobBytes(id, signal) : await context.store.configBytes(id);
}

/** Debian in place of an image that has no 32-bit variant: its own id and a label that says so. */
async function pullSubstitute(
  context: ImageContext,
  reference: Reference,
  substitute: Reference,
  options: PullOptions,
): Promise<void> {
  await pullImage(context, substitute, options);
  const found = context.store.lookup(substitute);
  if (found === undefined) return;
  const config = JSON.parse(new TextDecoder().decode(await context.store.configBytes(found)));
  const labels = { ...config.config?.Labels, "io.drydock.substitute.for": familiarString(reference) };
  const bytes = new TextEncoder().encode(JSON.stringify({ ...config, config: { ...config.config, Labels: labels } }));
  const image = await context.store.add(bytes);
  await context.store.setReference(reference, image.id);
  imageEvent(context, "pull", familiarString(reference), familiarName(reference), image);
}

interface ChosenManifest {
  readonly manifest: ImageManifest;
}

async function choosePlatform(
  client: RepositoryClient,
  top: FetchedManifest,
  options: PullOptions,
  reference: Reference,
): Promise<ChosenManifest> {
  if (top.manifest.kind === "manifest") return { manifest: top.manifest };
  const wanted = options.platform ?? machinePlatform;
  const match = selectPlatform(top.manifest.manifests, wanted);
  if (match === undefined) throw noMatch(top.manifest.manifests, wanted, reference);
  const inner = await client.manifest(match.digest, options.signal);
  if (inner.manifest.kind !== "manifest")
    throw new EngineError("system", "unsupported manifest media type: an index in an index");
  return { manifest: inner.manifest };
}

export function selectPlatform(manifests: readonly Descriptor[], wanted: Platform): Descriptor | undefined {
  const same = manifests.filter(
    ({ platform }) => platform?.os === wanted.os && platform.architecture === wanted.architecture,
  );
  const exact = wanted.variant && same.find(({ platform }) => platform?.variant === wanted.variant);
  return exact || (wanted.variant ? undefined : same[0]);
}

function noMatch(manifests: readonly Descriptor[], wanted: Platform, reference: Reference): NoMatchingPlatform {
  const existing = manifests.flatMap(({ platform }) =>
    platform === undefined || platform.os === "unknown" ? [] : platformText(platform),
  );
  const has =
    existing.length === 0
      ? ""
      : `: ${familiarString(reference)} is published for ${[...new Set(existing)].join(", ")} only`;
  return new NoMatchingPlatform(
    "notFound",
    `no matching manifest for ${platformText(wanted)} in the manifest list entries${has}`,
  );
}

async function pullLayers(
  context: ImageContext,
  layers: readonly Descriptor[],
  diffIds: readonly Digest[],
  client: RepositoryClient,
  endpoint: Endpoint,
  options: PullOptions,
): Promise<void> {
  const { progress } = options;
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const slots = new Slots(parallelDownloads);
  const wanted = layers.flatMap((descriptor, i) => {
    const diffId = diffIds[i];
    if (diffId === undefined) return [];
    return [{ descriptor, diffId, needed: context.layers.info(diffId) === undefined && diffIds.indexOf(diffId) === i }];
  });
  for (const { descriptor, needed } of wanted)
    progress(line(shortId(descriptor.digest), needed ? "Pulling fs layer" : "Already exists"));
  let waiting = 0;
  const downloads = wanted.map(async ({ descriptor, diffId, needed }) => {
    if (!needed) return;
    if (++waiting > parallelDownloads) progress(line(shortId(descriptor.digest), "Waiting"));
    await slots.run(() =>
      downloadLayer(context, { descriptor, diffId, client, kind: endpoint.kind, progress, signal }),
    );
    progress(line(shortId(descriptor.digest), "Download complete"));
  });
  // They are awaited in order: one that fails while an earlier one is awaited must not count as unhandled.
  for (const download of downloads) download.catch(() => {});
  try {
    // Layers are reported complete from the base up, as an engine that unpacks one on the other does.
    for (const [i, { descriptor, needed }] of wanted.entries()) {
      await downloads[i];
      if (!needed) continue;
      progress(bar(shortId(descriptor.digest), "Extracting", descriptor.size, descriptor.size));
      progress(line(shortId(descriptor.digest), "Pull complete"));
    }
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(downloads);
    throw error;
  }
}
