/**
 * The images of this engine: configurations as blobs (an image's id is its configuration's digest), and records of what points to
 * them. Everything is in memory too, so that reads are immediate; a change is durable before the promise resolves.
 */
import type { Image, ImageConfig, ImageHistory, ImageId } from "../domains.ts";
import { EngineError } from "../errors.ts";
import type { BlobStore, Digest, RecordStore } from "../ports/storage.ts";
import { canonicalString, parseReference, type Reference } from "./reference.ts";

export interface StoredImage extends Image {
  readonly author: string | undefined;
  readonly comment: string | undefined;
  readonly dockerVersion: string | undefined;
  readonly variant: string | undefined;
  readonly osVersion: string | undefined;
  /** ContainerConfig of images that older builders and `commit` made. */
  readonly parent: ImageId | undefined;
  /** RFC 3339; of the last tag put on it here. */
  readonly lastTagged: string | undefined;
}

interface ImageRecord {
  readonly schema: 1;
  readonly parent?: ImageId;
  readonly lastTagged?: string;
}
interface ReferenceRecord {
  readonly schema: 1;
  readonly image: ImageId;
}

const imageKind = "image";
const referenceKind = "image-reference";

export class ImageStore {
  readonly #blobs: BlobStore;
  readonly #records: RecordStore;
  readonly #images = new Map<ImageId, StoredImage>();
  /** Canonical references with tag or digest. */
  readonly #references = new Map<string, { readonly reference: Reference; readonly image: ImageId }>();

  private constructor(blobs: BlobStore, records: RecordStore) {
    this.#blobs = blobs;
    this.#records = records;
  }

  static async load(blobs: BlobStore, records: RecordStore): Promise<ImageStore> {
    const store = new ImageStore(blobs, records);
    for (const { key, value } of await records.list(imageKind)) {
      const id = key as ImageId;
      // A configuration that is gone cannot be run: its record is dropped rather than half believed.
      const config = await store.configBytes(id).catch(() => undefined);
      if (config !== undefined) store.#images.set(id, readConfig(id, config, value as ImageRecord));
      else await records.delete(imageKind, key);
    }
    for (const { key, value } of await records.list(referenceKind)) {
      const { image } = value as ReferenceRecord;
      if (store.#images.has(image)) store.#references.set(key, { reference: parseReference(key), image });
    }
    return store;
  }

  get(id: ImageId): StoredImage | undefined {
    return this.#images.get(id);
  }
  list(): readonly StoredImage[] {
    return [...this.#images.values()];
  }
  async configBytes(id: ImageId): Promise<Uint8Array> {
    const stat = await this.#blobs.stat(id);
    if (stat === undefined) throw new EngineError("notFound", `No such image: ${id}`);
    return this.#blobs.read(id, 0, stat.size);
  }

  /** Adds an image by the bytes of its configuration. An image that exists keeps its record. */
  async add(config: Uint8Array, options: { readonly parent?: ImageId | undefined } = {}): Promise<StoredImage> {
    const { digest: id } = await this.#blobs.ingest(config);
    const existing = this.#images.get(id);
    if (existing !== undefined) return existing;
    const record: ImageRecord = { schema: 1, ...(options.parent === undefined ? {} : { parent: options.parent }) };
    const image = readConfig(id, config, record);
    await this.#records.put(imageKind, id, record);
    this.#images.set(id, image);
    return image;
  }

  /** Deletes the image; its references must be gone. Children forget it as their parent. */
  async remove(id: ImageId): Promise<void> {
    await this.#records.delete(imageKind, id);
    this.#images.delete(id);
    for (const child of this.children(id)) await this.#update(child.id, { parent: undefined });
    await this.#blobs.delete(id);
  }

  children(id: ImageId): readonly StoredImage[] {
    return this.list().filter((image) => image.parent === id);
  }

  // ------------------------------------------------------------ references

  lookup(reference: Reference): ImageId | undefined {
    return this.#references.get(canonicalString(reference))?.image;
  }
  references(): readonly { readonly reference: Reference; readonly image: ImageId }[] {
    return [...this.#references.values()];
  }
  referencesOf(id: ImageId): readonly Reference[] {
    return this.references()
      .filter(({ image }) => image === id)
      .map(({ reference }) => reference)
      .sort((a, b) => (canonicalString(a) < canonicalString(b) ? -1 : 1));
  }

  /** Points a reference with a tag or a digest to the image. */
  async setReference(reference: Reference, image: ImageId, now?: Date): Promise<void> {
    const key = canonicalString(reference);
    const record: ReferenceRecord = { schema: 1, image };
    await this.#records.put(referenceKind, key, record);
    this.#references.set(key, { reference, image });
    if (now !== undefined) await this.#update(image, { lastTagged: now.toISOString() });
  }
  async deleteReference(reference: Reference): Promise<void> {
    const key = canonicalString(reference);
    await this.#records.delete(referenceKind, key);
    this.#references.delete(key);
  }

  async #update(id: ImageId, change: { parent?: ImageId | undefined; lastTagged?: string }): Promise<void> {
    const image = this.#images.get(id);
    if (image === undefined) return;
    const changed: StoredImage = { ...image, ...change };
    const record: ImageRecord = {
      schema: 1,
      ...(changed.parent === undefined ? {} : { parent: changed.parent }),
      ...(changed.lastTagged === undefined ? {} : { lastTagged: changed.lastTagged }),
    };
    await this.#records.put(imageKind, id, record);
    this.#images.set(id, changed);
  }
}

/** An OCI image configuration (image-spec, config.md) with Docker's additions. Throws what moby says of broken ones. */
export function readConfig(id: ImageId, bytes: Uint8Array, record: ImageRecord = { schema: 1 }): StoredImage {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new EngineError("invalidParameter", "invalid image configuration: no JSON", { cause });
  }
  const json = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const rootfs = json.rootfs as { diff_ids?: unknown } | undefined;
  if (typeof rootfs !== "object" || rootfs === null)
    throw new EngineError("invalidParameter", "invalid image JSON, no RootFS key");
  const diffIds = rootfs.diff_ids ?? [];
  if (!Array.isArray(diffIds) || !diffIds.every((d) => typeof d === "string" && /^sha256:[0-9a-f]{64}$/.test(d)))
    throw new EngineError("invalidParameter", "invalid image configuration: malformed diff_ids");
  const text = (key: string): string | undefined => {
    const field = json[key];
    return typeof field === "string" && field !== "" ? field : undefined;
  };
  return {
    id,
    config: (json.config ?? {}) as ImageConfig,
    architecture: text("architecture") ?? "",
    os: text("os") ?? "linux",
    created: text("created"),
    layers: diffIds as readonly Digest[],
    history: Array.isArray(json.history) ? (json.history as readonly ImageHistory[]) : [],
    author: text("author"),
    comment: text("comment"),
    dockerVersion: text("docker_version"),
    variant: text("variant"),
    osVersion: text("os.version"),
    parent: record.parent,
    lastTagged: record.lastTagged,
  };
}
