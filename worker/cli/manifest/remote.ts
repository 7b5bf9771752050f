/** Manifests as registries hold them, completed by what the image's own configuration says of its platform. */
import { authFor } from "../config/auth.ts";
import { authKeyOf, fullName, type Reference } from "../image/reference.ts";
import type { RemoteManifest, Repository } from "../registry.ts";
import type { Context } from "../session/context.ts";
import { CliError } from "../session/errors.ts";
import { type ImageManifest, mediaTypes, newImageManifest, type Platform, platformOf } from "./image-manifest.ts";

export async function openRepository(context: Context, reference: Reference, push: boolean): Promise<Repository> {
  const auth = await authFor(context, authKeyOf(reference));
  const options = { auth, insecure: context.flags.bool("insecure"), push, signal: context.signal };
  return await context.registry.repository({ domain: reference.domain, path: reference.path }, options);
}

const isList = ({ mediaType }: RemoteManifest): boolean =>
  mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerList;

async function find(
  context: Context,
  reference: Reference,
): Promise<{ repository: Repository; found: RemoteManifest }> {
  const repository = await openRepository(context, reference, false);
  const usable = !repository.plain || context.flags.bool("insecure");
  const found = usable ? await repository.manifest(reference.digest ?? reference.tag ?? "latest") : undefined;
  if (found === undefined) throw new CliError(`no such manifest: ${fullName(reference)}`);
  return { repository, found };
}

/** Of one image; a list is none. */
export async function remoteManifest(context: Context, reference: Reference): Promise<ImageManifest> {
  const { repository, found } = await find(context, reference);
  if (isList(found)) throw new CliError(`${fullName(reference)} is a manifest list`);
  return newImageManifest(reference, found, await configPlatform(repository, found));
}

/** The image, or all images of the list. */
export async function remoteManifests(
  context: Context,
  reference: Reference,
): Promise<{ readonly image: ImageManifest } | { readonly list: readonly ImageManifest[] }> {
  const { repository, found } = await find(context, reference);
  if (!isList(found)) return { image: newImageManifest(reference, found, await configPlatform(repository, found)) };
  const { manifests } = JSON.parse(new TextDecoder().decode(found.bytes)) as {
    readonly manifests: readonly { readonly digest: string; readonly platform?: Readonly<Record<string, unknown>> }[];
  };
  const list: ImageManifest[] = [];
  for (const { digest, platform } of manifests) {
    const image = await repository.manifest(digest);
    if (image === undefined) throw new CliError("manifest unknown: manifest unknown");
    list.push(newImageManifest({ ...reference, digest }, image, platformOf(platform ?? {})));
  }
  return { list };
}

async function configPlatform(repository: Repository, manifest: RemoteManifest): Promise<Platform> {
  const { config } = JSON.parse(new TextDecoder().decode(manifest.bytes)) as { readonly config: { digest: string } };
  const blob = new TextDecoder().decode(await repository.blob(config.digest));
  return platformOf(JSON.parse(blob) as Readonly<Record<string, unknown>>);
}
