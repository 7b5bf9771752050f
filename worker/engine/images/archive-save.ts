/** `docker save`: one tar that is an OCI image layout and Docker's own archive at once, as engine 25 and later write it. */
import { EngineError } from "../errors.ts";
import type { Digest } from "../ports/storage.ts";
import { mediaTypes, type Platform } from "../registry/manifest.ts";
import { digestOf } from "../registry/repository-client.ts";
import { type TarInput, writeTar } from "../tar-writer.ts";
import { type ImageContext, imageEvent, resolveImage } from "./context.ts";
import type { StoredImage } from "./image-store.ts";
import {
  canonicalString,
  familiarName,
  familiarString,
  isDigest,
  type Reference,
  repositoryName,
  tryParseReference,
} from "./reference.ts";
import { checkPlatform, createdSeconds } from "./views.ts";

interface Exported {
  readonly image: StoredImage;
  readonly references: Reference[];
}

interface BlobFile {
  readonly size: number;
  readonly mtime: number;
  readonly body: () => Promise<Uint8Array | ReadableStream<Uint8Array>>;
}

/** Everything that can fail for want of an image fails before the stream begins. */
export async function saveImages(
  context: ImageContext,
  names: readonly string[],
  platform?: Platform,
): Promise<ReadableStream<Uint8Array>> {
  const exported = selectImages(context, names);
  for (const { image } of exported) checkPlatform(image, platform, names[0] ?? image.id);
  // A layer that is still lazy is fetched before the archive begins: an error has to be an answer, not half a file.
  for (const { image } of exported) for (const diffId of image.layers) await context.layers.complete(diffId);
  const blobs = new Map<Digest, BlobFile>();
  const ociManifests: unknown[] = [];
  const dockerManifests: unknown[] = [];
  const repositories: Record<string, Record<string, string>> = {};
  for (const { image, references } of exported) {
    const layers = await addLayers(context, image, blobs);
    const config = await context.store.configBytes(image.id);
    blobs.set(image.id, { size: config.length, mtime: createdSeconds(image.created), body: async () => config });
    const manifest = encode({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: { mediaType: mediaTypes.ociConfig, digest: image.id, size: config.length },
      layers,
    });
    const digest = await digestOf(manifest);
    blobs.set(digest, { size: manifest.length, mtime: 0, body: async () => manifest });
    const descriptor = { mediaType: mediaTypes.ociManifest, digest, size: manifest.length };
    if (references.length === 0) ociManifests.push(descriptor);
    for (const reference of references) {
      const annotations = {
        "io.containerd.image.name": canonicalString(reference),
        "org.opencontainers.image.ref.name": reference.tag ?? "",
      };
      ociManifests.push({ ...descriptor, annotations });
      const name = familiarName(reference);
      const top = (image.layers.at(-1) ?? image.id).slice("sha256:".length);
      repositories[name] = { ...repositories[name], [reference.tag ?? ""]: top };
    }
    dockerManifests.push({
      Config: blobPath(image.id),
      RepoTags: references.length === 0 ? null : references.map(familiarString),
      Layers: image.layers.map(blobPath),
      LayerSources: Object.fromEntries(layers.map((layer) => [layer.digest, layer])),
    });
    imageEvent(context, "save", image.id, image.id, image);
  }
  const created = Math.max(0, ...exported.map(({ image }) => createdSeconds(image.created)));
  return writeTar(
    archive(blobs, created, [
      ["index.json", { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: ociManifests }],
      ["manifest.json", dockerManifests],
      ["oci-layout", { imageLayoutVersion: "1.0.0" }],
      ...(Object.keys(repositories).length === 0 ? [] : ([["repositories", repositories]] as const)),
    ]),
  );
}

/** moby's parseNames: an id exports no tags, a bare repository all of them. */
function selectImages(context: ImageContext, names: readonly string[]): readonly Exported[] {
  const selected = new Map<string, Exported>();
  const add = (image: StoredImage | undefined, reference?: Reference): void => {
    if (image === undefined) throw new EngineError("notFound", "reference does not exist");
    const entry = selected.get(image.id) ?? { image, references: [] };
    selected.set(image.id, entry);
    if (reference !== undefined && !entry.references.some((r) => canonicalString(r) === canonicalString(reference)))
      entry.references.push(reference);
  };
  for (const name of names) {
    const reference = isDigest(name) || /^[a-f0-9]{64}$/.test(name) ? undefined : tryParseReference(name);
    if (reference === undefined) add(resolveImage(context, name));
    else if (reference.tag !== undefined || reference.digest !== undefined) {
      const id = context.store.lookup(reference);
      add(
        id === undefined ? byId(context, name) : context.store.get(id),
        reference.digest === undefined ? reference : undefined,
      );
    } else {
      const tagged = context.store
        .references()
        .filter((r) => repositoryName(r.reference) === repositoryName(reference) && r.reference.digest === undefined);
      for (const { reference: found, image } of tagged) add(context.store.get(image), found);
      if (tagged.length === 0) {
        const image = byId(context, name);
        if (image === undefined) throw new EngineError("notFound", `No such image: ${name}`, { resource: name });
        add(image);
      }
    }
  }
  return [...selected.values()];
}

function byId(context: ImageContext, text: string): StoredImage | undefined {
  try {
    return resolveImage(context, text);
  } catch {
    return undefined;
  }
}

async function addLayers(
  context: ImageContext,
  image: StoredImage,
  blobs: Map<Digest, BlobFile>,
): Promise<readonly { readonly mediaType: string; readonly size: number; readonly digest: Digest }[]> {
  const descriptors = [];
  for (const diffId of image.layers) {
    const size = await context.layers.tarSize(diffId);
    blobs.set(diffId, { size, mtime: createdSeconds(image.created), body: () => context.layers.openTar(diffId) });
    descriptors.push({ mediaType: mediaTypes.ociLayer, size, digest: diffId });
  }
  return descriptors;
}

async function* archive(
  blobs: ReadonlyMap<Digest, BlobFile>,
  created: number,
  files: readonly (readonly [string, unknown])[],
): AsyncGenerator<TarInput> {
  if (blobs.size > 0)
    for (const name of ["blobs/", "blobs/sha256/"])
      yield { header: { name, type: "directory", mode: 0o755, mtime: created } };
  for (const [digest, blob] of [...blobs].sort(([a], [b]) => (a < b ? -1 : 1)))
    yield {
      header: { name: blobPath(digest), type: "file", mode: 0o644, size: blob.size, mtime: blob.mtime },
      body: await blob.body(),
    };
  for (const [name, value] of files) {
    const body = encode(value);
    yield { header: { name, type: "file", mode: 0o644, size: body.length, mtime: 0 }, body };
  }
}

const blobPath = (digest: string): string => `blobs/sha256/${digest.slice("sha256:".length)}`;
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
