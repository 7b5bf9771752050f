/** The images' domain as the API and the other domains use it. Each operation of some size has a module of its own. */
import type { EventSink, Image, ImageId, ImageUsers } from "../domains.ts";
import type { Guest } from "../ports/guest.ts";
import type { Clock, LayerDisk } from "../ports/host.ts";
import type { BlobStore, RecordStore } from "../ports/storage.ts";
import type { Registries } from "../registry/endpoints.ts";
import { type ImageContext, resolveImage } from "./context.ts";
import { ImageStore } from "./image-store.ts";
import { LayerMounts } from "./layers/layer-mounts.ts";
import { LayerStore } from "./layers/layer-store.ts";
import { type ProgressMessage, streamProgress } from "./progress.ts";
import { type PullOptions, pullImage } from "./pull.ts";
import { parseReference } from "./reference.ts";
import { openRemoteLayer } from "./remote-layer.ts";

export interface ImageServiceOptions {
  readonly blobs: BlobStore;
  readonly records: RecordStore;
  readonly guest: Guest;
  readonly disk: LayerDisk;
  readonly registries: Registries;
  readonly clock: Clock;
  readonly events: EventSink;
  readonly users: ImageUsers;
}

export class ImageService {
  readonly context: ImageContext;

  private constructor(context: ImageContext) {
    this.context = context;
  }

  /** Reads the records of an earlier run. */
  static async load(options: ImageServiceOptions): Promise<ImageService> {
    const { blobs, records, guest, disk, registries, clock, events, users } = options;
    const layers = await LayerStore.load(blobs, records, (origin) => openRemoteLayer(blobs, registries, origin));
    const store = await ImageStore.load(blobs, records);
    const mounts = new LayerMounts(guest, disk, layers);
    return new ImageService({ blobs, store, layers, mounts, guest, registries, clock, events, users });
  }

  get mounts(): LayerMounts {
    return this.context.mounts;
  }

  async resolve(reference: string): Promise<Image> {
    return resolveImage(this.context, reference);
  }
  get(id: ImageId): Image | undefined {
    return this.context.store.get(id);
  }
  async mountLayers(image: Image): Promise<readonly string[]> {
    return await this.context.mounts.mount(image.layers);
  }

  pull(reference: string, options: Omit<PullOptions, "progress">): AsyncGenerator<ProgressMessage, void, undefined> {
    const parsed = parseReference(reference);
    return streamProgress(options.signal, (progress, signal) =>
      pullImage(this.context, parsed, { ...options, progress, signal }),
    );
  }
}
