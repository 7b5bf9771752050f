/** What the operations of this domain work with. */
import type { EventSink, Image, ImageId, ImageUsers } from "../domains.ts";
import { EngineError } from "../errors.ts";
import type { Guest } from "../ports/guest.ts";
import type { Clock } from "../ports/host.ts";
import type { BlobStore, RecordStore } from "../ports/storage.ts";
import type { Registries } from "../registry/endpoints.ts";
import type { ImageStore, StoredImage } from "./image-store.ts";
import type { LayerMounts } from "./layers/layer-mounts.ts";
import type { LayerStore } from "./layers/layer-store.ts";
import { familiarString, isDigest, parseReference, type Reference, withDefaultTag } from "./reference.ts";

export interface ImageContext {
  readonly blobs: BlobStore;
  readonly records: RecordStore;
  readonly store: ImageStore;
  readonly layers: LayerStore;
  readonly mounts: LayerMounts;
  readonly guest: Guest;
  readonly registries: Registries;
  readonly clock: Clock;
  readonly events: EventSink;
  readonly users: ImageUsers;
}

/** As `resolveImage`, `undefined` when there is none. */
export function findImage(context: ImageContext, text: string): StoredImage | undefined {
  try {
    return resolveImage(context, text);
  } catch (error) {
    if (error instanceof EngineError && error.kind === "notFound") return undefined;
    throw error;
  }
}

/** moby's ImageService.GetImage: an id, a reference, or a unique prefix of an id. */
export function resolveImage(context: ImageContext, text: string): StoredImage {
  const { store } = context;
  if (isDigest(text)) return store.get(text) ?? missing(text, undefined);
  if (/^[a-f0-9]{64}$/.test(text)) return store.get(`sha256:${text}`) ?? missing(text, undefined);
  const reference = parseReference(text);
  const found = store.lookup(withDefaultTag(reference)) ?? byDigest(context, reference);
  const image = found === undefined ? undefined : store.get(found);
  return image ?? byPrefix(context, text) ?? missing(text, reference);
}

/** name@digest of an image that is known under the name by tag, or name:tag@digest. */
function byDigest(context: ImageContext, reference: Reference): ImageId | undefined {
  if (reference.digest === undefined) return undefined;
  return context.store.lookup({ ...reference, tag: undefined });
}

function byPrefix(context: ImageContext, text: string): StoredImage | undefined {
  const hex = text.replace(/^sha256:/, "");
  if (!/^[a-f0-9]{1,64}$/.test(hex)) return undefined;
  const matches = context.store.list().filter((image) => image.id.startsWith(`sha256:${hex}`));
  return matches.length === 1 ? matches[0] : undefined;
}

function missing(text: string, reference: Reference | undefined): never {
  const name = reference === undefined ? text : familiarString(withDefaultTag(reference));
  throw new EngineError("notFound", `No such image: ${name}`, { resource: text });
}

/** An `image` event. Its attributes are the image's labels and `name`. */
export function imageEvent(context: ImageContext, action: string, id: string, name: string, image?: Image): void {
  context.events.publish("image", action, id, { ...image?.config.Labels, name });
}
