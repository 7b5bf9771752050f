/** A container's files from outside: diff, export and cp. */
import { EngineError } from "../errors.ts";
import { initLayer } from "../runtime/index.ts";
import { archiveTree, describePath, extractArchive, fileNotFound, locate, type PathStat } from "./archive.ts";
import { type Change, findChanges } from "./changes.ts";
import type { Container } from "./container.ts";
import type { ContainerDependencies } from "./dependencies.ts";
import { type FileView, FileViews } from "./file-view.ts";
import { findOwner } from "./owner.ts";
import { upperDirectory } from "./paths.ts";
import { resolveInRoot } from "./resolve-path.ts";

const invalid = (message: string): EngineError => new EngineError("invalidParameter", message);

/** `reference` is the container as the caller named it: errors repeat that. */
export class ContainerFiles {
  readonly #d: ContainerDependencies;
  readonly #views: FileViews;
  readonly #event: (container: Container, action: string) => void;

  constructor(dependencies: ContainerDependencies, event: (container: Container, action: string) => void) {
    this.#d = dependencies;
    this.#views = new FileViews(dependencies);
    this.#event = event;
  }

  /** To look at files of it, running or not; to be closed. */
  view(container: Container): Promise<FileView> {
    return this.#views.open(container);
  }

  async changes(container: Container): Promise<readonly Change[] | null> {
    const image = this.#d.images.get(container.record.image);
    const lowers = image === undefined ? [] : await this.#d.images.mountLayers(image);
    const found = await findChanges(this.#d.guest, upperDirectory(container.id), [initLayer, ...lowers]);
    return found.length === 0 ? null : found;
  }

  async export(container: Container): Promise<ReadableStream<Uint8Array>> {
    const view = await this.#views.open(container);
    this.#event(container, "export");
    return archiveTree(this.#d.guest, view.context, "/", "", () => view.close());
  }

  async checkUser(container: Container, user: string): Promise<void> {
    const view = await this.#views.open(container);
    try {
      await findOwner(this.#d.guest, view.context, user);
    } catch (cause) {
      throw cause instanceof EngineError ? new EngineError("invalidParameter", cause.message, { cause }) : cause;
    } finally {
      await view.close();
    }
  }

  async pathStat(container: Container, reference: string, path: string): Promise<PathStat> {
    const view = await this.#views.open(container);
    try {
      const located = await locate(this.#d.guest, view.context, path, reference);
      return await describePath(this.#d.guest, view.context, located);
    } finally {
      await view.close();
    }
  }

  async copyFrom(
    container: Container,
    reference: string,
    path: string,
  ): Promise<{ readonly stat: PathStat; readonly tar: ReadableStream<Uint8Array> }> {
    const view = await this.#views.open(container);
    try {
      const located = await locate(this.#d.guest, view.context, path, reference);
      const stat = await describePath(this.#d.guest, view.context, located);
      const tar = archiveTree(this.#d.guest, view.context, located.path, located.base, () => view.close());
      this.#event(container, "archive-path");
      return { stat, tar };
    } catch (error) {
      await view.close();
      throw error;
    }
  }

  async copyTo(
    container: Container,
    reference: string,
    path: string,
    source: ReadableStream<Uint8Array>,
    options: { readonly noOverwriteDirNonDir: boolean; readonly keepOwners: boolean },
  ): Promise<void> {
    const view = await this.#views.open(container);
    try {
      const found = await resolveInRoot(this.#d.guest, view.context, path);
      if (found === undefined) throw fileNotFound(path, reference);
      if (found.stat.type !== "directory") throw invalid("extraction point is not a directory");
      const volume = container.record.mounts.find(
        (m) => found.path === m.Destination || found.path.startsWith(`${m.Destination}/`),
      );
      if (volume === undefined && container.record.hostConfig.ReadonlyRootfs)
        throw new EngineError("forbidden", "container rootfs is marked read-only");
      if (volume !== undefined && !volume.RW) throw new EngineError("forbidden", "mounted volume is marked read-only");
      const owner = options.keepOwners
        ? await findOwner(this.#d.guest, view.context, container.record.config.User)
        : undefined;
      await extractArchive(this.#d.guest, view.context, found.path, source, {
        noOverwriteDirNonDir: options.noOverwriteDirNonDir,
        owner,
      });
    } finally {
      await view.close();
    }
    this.#event(container, "extract-to-dir");
  }
}
