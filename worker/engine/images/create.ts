/** Makes images out of layers that are here: of a build, a commit, an import. */
import type { Image, ImageId } from "../domains.ts";
import { EngineError } from "../errors.ts";
import { type ImageContext, imageEvent } from "./context.ts";
import { imageJson } from "./image-json.ts";
import type { StoredImage } from "./image-store.ts";
import { familiarName, familiarString, parseReference, type Reference, withDefaultTag } from "./reference.ts";

/** The engine's own version, as configurations of its making carry it; those of builds do not. */
export const madeHere: Readonly<Record<string, string>> = { docker_version: "28.5.2" };
/** overlay2's limit in moby. */
const maxLayers = 125;

export interface CreateOptions {
  readonly tags?: readonly string[];
  readonly author?: string;
  readonly comment?: string;
  readonly parent?: ImageId;
  /** Its event. As BuildKit and imports do it, it follows those of the tags. */
  readonly action?: "create" | "import";
  /** Further fields of the configuration, such as a build's inline cache. */
  readonly extra?: Readonly<Record<string, string>>;
}

export async function createImage(
  context: ImageContext,
  image: Omit<Image, "id">,
  options: CreateOptions = {},
): Promise<StoredImage> {
  if (image.layers.length > maxLayers) throw new EngineError("invalidParameter", "max depth exceeded");
  const references = (options.tags ?? []).map((tag) => tagReference(tag));
  for (const diffId of image.layers) if (context.layers.info(diffId) === undefined) await context.layers.adopt(diffId);
  const bytes = imageJson({
    architecture: image.architecture,
    ...(options.author ? { author: options.author } : {}),
    ...(options.comment ? { comment: options.comment } : {}),
    config: image.config,
    ...(image.created === undefined ? {} : { created: image.created }),
    history: image.history,
    os: image.os,
    rootfs: { type: "layers", ...(image.layers.length === 0 ? {} : { diff_ids: image.layers }) },
    ...options.extra,
  });
  const stored = await context.store.add(bytes, { parent: options.parent });
  for (const reference of references) await putTag(context, reference, stored);
  imageEvent(context, options.action ?? "create", stored.id, stored.id, stored);
  return stored;
}

/** A name that may be tagged: with a tag, "latest" by default, and without a digest. */
export function tagReference(text: string): Reference {
  const reference = parseReference(text);
  if (reference.digest !== undefined)
    throw new EngineError("invalidParameter", "refusing to create a tag with a digest reference");
  return withDefaultTag(reference);
}

/** `docker tag`. */
export async function putTag(context: ImageContext, reference: Reference, image: StoredImage): Promise<void> {
  if (familiarName(reference) === "sha256")
    throw new EngineError("invalidParameter", "refusing to create an ambiguous tag using digest algorithm as name");
  await context.store.setReference(reference, image.id, context.clock.now());
  imageEvent(context, "tag", image.id, familiarString(reference), image);
}
