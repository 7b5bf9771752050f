/** What a registry says of an image, without pulling it (schema DistributionInspect). */
import { EngineError } from "../errors.ts";
import type { Credentials } from "../registry/credentials.ts";
import type { Platform } from "../registry/manifest.ts";
import { RegistryError } from "../registry/registry-error.ts";
import type { FetchedManifest, RepositoryClient } from "../registry/repository-client.ts";
import type { ImageContext } from "./context.ts";
import { readConfig } from "./image-store.ts";
import { mayBeElsewhere } from "./pull-errors.ts";
import { parseReference, type Reference, withDefaultTag } from "./reference.ts";
import { substituteFor } from "./substitutes.ts";

export interface DistributionInspect {
  readonly Descriptor: { readonly mediaType: string; readonly digest: string; readonly size: number };
  readonly Platforms: readonly Platform[];
}

/** The first endpoint that has the image answers. */
export async function findManifest(
  context: ImageContext,
  name: string,
  options: { readonly credentials?: Credentials | undefined; readonly signal: AbortSignal },
): Promise<{ readonly top: FetchedManifest; readonly client: RepositoryClient }> {
  const reference = withDefaultTag(parseReference(name));
  const found = await searchEndpoints(context, reference, options);
  if ("top" in found) return found;
  // What a pull would take in its place is what is asked for.
  const substitute = substituteFor(reference);
  const other = substitute?.kind === "take" ? await searchEndpoints(context, substitute.reference, options) : found;
  if ("top" in other) return other;
  throw distributionError(found.failure);
}

async function searchEndpoints(
  context: ImageContext,
  reference: Reference,
  options: { readonly credentials?: Credentials | undefined; readonly signal: AbortSignal },
): Promise<{ readonly top: FetchedManifest; readonly client: RepositoryClient } | { readonly failure: unknown }> {
  let failure: unknown;
  for (const endpoint of context.registries.pullEndpoints(reference.domain)) {
    const credentials = endpoint.kind === "registry" ? options.credentials : undefined;
    const client = context.registries.client(endpoint, reference.path, { credentials });
    try {
      return { top: await client.manifest(reference.digest ?? reference.tag ?? "", options.signal), client };
    } catch (error) {
      if (!mayBeElsewhere(error)) throw error;
      if (failure === undefined || error instanceof RegistryError) failure = error;
    }
  }
  return { failure };
}

export async function inspectDistribution(
  context: ImageContext,
  name: string,
  options: { readonly credentials?: Credentials | undefined; readonly signal: AbortSignal },
): Promise<DistributionInspect> {
  const { top, client } = await findManifest(context, name, options);
  const descriptor = { mediaType: top.manifest.mediaType, digest: top.digest, size: top.bytes.length };
  if (top.manifest.kind === "index") {
    const platforms = top.manifest.manifests.flatMap(({ platform }) => platform ?? []);
    return { Descriptor: descriptor, Platforms: platforms };
  }
  const { digest } = top.manifest.config;
  const config = readConfig(digest, await client.blobBytes(digest, options.signal));
  const platform: Platform = {
    architecture: config.architecture,
    os: config.os,
    ...(config.osVersion === undefined ? {} : { "os.version": config.osVersion }),
    ...(config.variant === undefined ? {} : { variant: config.variant }),
  };
  return { Descriptor: descriptor, Platforms: [platform] };
}

function distributionError(error: unknown): unknown {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof RegistryError)) return new EngineError("system", message, { cause: error });
  if (error.status === 404) return new EngineError("notFound", message, { cause: error });
  const refused = error.code === "UNAUTHORIZED" || error.code === "DENIED";
  return new EngineError(refused ? "unauthorized" : "system", message, { cause: error });
}
