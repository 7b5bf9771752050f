/** The images' domain as the API and the other domains use it. Each operation of some size has a module of its own. */
import type { EventSink, Image, ImageId, Images, ImageUsers } from "../domains.ts";
import type { Guest } from "../ports/guest.ts";
import type { Clock, LayerDisk } from "../ports/host.ts";
import type { BlobStore, Digest, RecordStore } from "../ports/storage.ts";
import type { Credentials } from "../registry/credentials.ts";
import type { Registries } from "../registry/endpoints.ts";
import { checkLogin } from "../registry/login.ts";
import type { Platform } from "../registry/manifest.ts";
import { type LoadOptions, loadImages } from "./archive-load.ts";
import { saveImages } from "./archive-save.ts";
import { type CommitContainer, type CommitOptions, commitContainer, commitUpper } from "./commit.ts";
import { type ImageContext, resolveImage } from "./context.ts";
import { type CreateOptions, createImage, putTag } from "./create.ts";
import { type DeleteItem, type DeleteOptions, deleteImage } from "./delete.ts";
import { type DistributionInspect, inspectDistribution } from "./distribution.ts";
import type { Filters } from "./filters.ts";
import { ImageStore } from "./image-store.ts";
import { type ImportOptions, importImage } from "./import.ts";
import { LayerCompletion } from "./layer-completion.ts";
import { type LayerFile, type LayerSummary, layerFiles, layerSummaries } from "./layer-explorer.ts";
import { LayerMounts } from "./layers/layer-mounts.ts";
import { LayerStore } from "./layers/layer-store.ts";
import { type ListOptions, listImages } from "./list.ts";
import { parsePlatform } from "./platform.ts";
import { type ProgressMessage, streamProgress } from "./progress.ts";
import { type PruneReport, pruneImages } from "./prune.ts";
import { type PullOptions, pullImage } from "./pull.ts";
import { type PushOptions, pushImage } from "./push.ts";
import type { Reference } from "./reference.ts";
import { openRemoteLayer } from "./remote-layer.ts";
import { releaseRetained } from "./retained-layers.ts";
import { type SearchResult, searchImages } from "./search.ts";
import { checkPlatform, type HistoryItem, type ImageSummary, imageHistory, inspectImage } from "./views.ts";

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

type Messages = AsyncGenerator<ProgressMessage, void, undefined>;

export class ImageService implements Images {
  readonly context: ImageContext;
  readonly #completion: LayerCompletion;

  private constructor(context: ImageContext) {
    this.context = context;
    this.#completion = new LayerCompletion(context.layers, context.clock);
    this.#completion.schedule();
  }

  /** Reads the records of an earlier run. */
  static async load(options: ImageServiceOptions): Promise<ImageService> {
    const { blobs, records, guest, disk, registries, clock, events, users } = options;
    const layers = await LayerStore.load(blobs, records, (origin) => openRemoteLayer(options, origin));
    const store = await ImageStore.load(blobs, records);
    const mounts = new LayerMounts(guest, disk, layers);
    return new ImageService({ blobs, records, store, layers, mounts, guest, registries, clock, events, users });
  }

  /** What of this domain belongs to the machine: for checkpoints, and for the disk of a restored one. */
  get mounts(): LayerMounts {
    return this.context.mounts;
  }

  // ------------------------------------------------------------ for other domains

  async resolve(reference: string, platform?: string): Promise<Image> {
    const image = resolveImage(this.context, reference);
    if (platform) checkPlatform(image, parsePlatform(platform), reference);
    return image;
  }
  get(id: ImageId): Image | undefined {
    return this.context.store.get(id);
  }
  async mountLayers(image: Pick<Image, "layers">): Promise<readonly string[]> {
    return await this.context.mounts.mount(image.layers);
  }
  async create(image: Omit<Image, "id">, options?: CreateOptions): Promise<ImageId> {
    return (await createImage(this.context, image, options)).id;
  }
  async commitUpper(upper: string): Promise<{ readonly diffId: Digest; readonly size: number }> {
    return await commitUpper(this.context, upper);
  }
  async releaseUnused(): Promise<void> {
    await releaseRetained(this.context);
  }
  /** Ends what goes on in the background. */
  async stop(): Promise<void> {
    await this.#completion.stop();
  }
  count(): number {
    return this.context.store.list().length;
  }
  /** Bytes of all layers, each once. */
  layersSize(): number {
    return this.context.layers.list().reduce((sum, { size }) => sum + size, 0);
  }

  // ------------------------------------------------------------ operations of the API

  list(options: ListOptions): readonly ImageSummary[] {
    return listImages(this.context, options);
  }
  async inspect(reference: string, platform?: Platform): Promise<Readonly<Record<string, unknown>>> {
    const image = resolveImage(this.context, reference);
    checkPlatform(image, platform, reference);
    return await inspectImage(this.context, image);
  }
  history(reference: string, platform?: Platform): readonly HistoryItem[] {
    const image = resolveImage(this.context, reference);
    checkPlatform(image, platform, reference);
    return imageHistory(this.context, image);
  }
  async tag(reference: string, tag: Reference): Promise<void> {
    await putTag(this.context, tag, resolveImage(this.context, reference));
  }
  async delete(reference: string, options: DeleteOptions): Promise<readonly DeleteItem[]> {
    return await deleteImage(this.context, reference, options);
  }
  async prune(filters: Filters): Promise<PruneReport> {
    await releaseRetained(this.context);
    return await pruneImages(this.context, filters);
  }
  pull(reference: Reference, options: Omit<PullOptions, "progress">): Messages {
    return streamProgress(options.signal, (progress, signal) =>
      pullImage(this.context, reference, { ...options, progress, signal }).finally(() => this.#completion.schedule()),
    );
  }
  push(reference: Reference, options: Omit<PushOptions, "progress">): Messages {
    return streamProgress(options.signal, (progress, signal) =>
      pushImage(this.context, reference, { ...options, progress, signal }),
    );
  }
  import(options: Omit<ImportOptions, "progress">): Messages {
    return streamProgress(options.signal, (progress, signal) =>
      importImage(this.context, { ...options, progress, signal }),
    );
  }
  loadArchive(
    source: ReadableStream<Uint8Array>,
    options: Omit<LoadOptions, "progress"> & { readonly signal: AbortSignal },
  ): Messages {
    return streamProgress(options.signal, (progress) => loadImages(this.context, source, { ...options, progress }));
  }
  async save(names: readonly string[], platform?: Platform): Promise<ReadableStream<Uint8Array>> {
    return await saveImages(this.context, names, platform);
  }
  async commit(container: CommitContainer, options: CommitOptions): Promise<ImageId> {
    return await commitContainer(this.context, container, options);
  }
  async search(term: string, options: Parameters<typeof searchImages>[2]): Promise<readonly SearchResult[]> {
    return await searchImages(this.context, term, options);
  }
  async inspectDistribution(
    name: string,
    options: Parameters<typeof inspectDistribution>[2],
  ): Promise<DistributionInspect> {
    return await inspectDistribution(this.context, name, options);
  }
  async login(credentials: Credentials): Promise<{ readonly status: string; readonly identityToken: string }> {
    return await checkLogin(this.context.registries, credentials);
  }

  // ------------------------------------------------------------ for the page

  layers(reference: string): readonly LayerSummary[] {
    return layerSummaries(this.context, reference);
  }
  async layerFiles(diffId: Digest): Promise<readonly LayerFile[]> {
    return await layerFiles(this.context, diffId);
  }
}
