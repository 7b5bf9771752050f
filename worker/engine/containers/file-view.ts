/**
 * A container's files, seen from outside: of a running one through its mount namespace, of a stopped one through a mount that
 * exists as long as somebody looks.
 */
import type { BatchContext, FileStat, Op } from "../ports/guest.ts";
import { overlayMount } from "../runtime/index.ts";
import type { Container } from "./container.ts";
import type { ContainerDependencies } from "./dependencies.ts";
import { layerDirectoryOps, mergedDirectory, renewVolatileOps, upperDirectory, workDirectory } from "./paths.ts";
import { hasProcess } from "./predicates.ts";
import { resolveInRoot } from "./resolve-path.ts";

export interface FileView {
  readonly context: BatchContext;
  close(): Promise<void>;
}

interface Shared {
  users: number;
  readonly opened: Promise<void>;
}

export class FileViews {
  readonly #d: ContainerDependencies;
  /** One mount for all who look at a stopped container at the same time. */
  readonly #mounted = new Map<string, Shared>();

  constructor(dependencies: ContainerDependencies) {
    this.#d = dependencies;
  }

  /**
   * A start that is under way comes first: an overlay that is mounted after the container's own takes the work directory away from it
   * (ovl_workdir_create), and nothing of a lower layer could be changed any more.
   */
  async open(container: Container): Promise<FileView> {
    return ofRunning(container) ?? (await container.exclusively(() => this.#openStopped(container)));
  }

  async #openStopped(container: Container): Promise<FileView> {
    const running = ofRunning(container);
    if (running !== undefined) return running;
    const root = mergedDirectory(container.id);
    let shared = this.#mounted.get(container.id);
    if (shared === undefined) {
      shared = { users: 0, opened: container.cleanup.then(() => this.#mount(container, root)) };
      this.#mounted.set(container.id, shared);
    }
    shared.users++;
    const mine = shared;
    const close = async (): Promise<void> => {
      if (--mine.users > 0) return;
      if (this.#mounted.get(container.id) === mine) this.#mounted.delete(container.id);
      await this.#d.guest.batch([
        { op: "umount", path: root, detach: true, ignore: ["EINVAL", "ENOENT"] },
        { op: "rmdir", path: root, ignore: ["*"] },
      ]);
    };
    try {
      await mine.opened;
    } catch (error) {
      await close().catch(() => {});
      throw error;
    }
    return { context: { root }, close };
  }

  async #mount(container: Container, root: string): Promise<void> {
    const { guest, images } = this.#d;
    const image = images.get(container.record.image);
    const lowers = image === undefined ? [] : await images.mountLayers(image);
    const { id } = container;
    await guest.batch([
      ...layerDirectoryOps(id),
      ...renewVolatileOps(id),
      { op: "mkdir", path: root, mode: 0o755, ignore: ["EEXIST"] },
      overlayMount({ lowers, upper: upperDirectory(id), work: workDirectory(id), volatile: false }, root),
    ]);
    // dockerd makes the working directory when it creates the container; here the first start does, or the first look before it.
    const { WorkingDir } = container.record.config;
    if (container.state.status === "created" && WorkingDir !== "")
      await guest.batch([{ op: "mkdir", path: WorkingDir, parents: true, mode: 0o755, ignore: ["*"] }], { root });
    const mounts = [...container.record.mounts].filter((m) => m.Type !== "tmpfs");
    for (const mount of mounts.sort((a, b) => a.Destination.length - b.Destination.length)) {
      let place = await resolveInRoot(guest, { root }, mount.Destination);
      if (place === undefined) {
        const [stat] = await guest.batch([{ op: "stat", path: mount.Source, follow: true, ignore: ["ENOENT"] }]);
        if ((stat as FileStat | undefined)?.type !== "directory") continue;
        await guest.batch([{ op: "mkdir", path: mount.Destination, parents: true, mode: 0o755 }], { root });
        place = await resolveInRoot(guest, { root }, mount.Destination);
      }
      if (place === undefined) continue;
      const target = `${root}${place.path}`;
      const ops: Op[] = [
        { op: "mount", source: mount.Source, target, flags: ["bind", "rec"], ignore: ["ENOENT", "ENOTDIR"] },
      ];
      if (!mount.RW)
        ops.push({ op: "mount", source: "", target, flags: ["bind", "remount", "ro"], ignore: ["EINVAL"] });
      await guest.batch(ops);
    }
  }
}

function ofRunning({ state }: Container): FileView | undefined {
  return hasProcess(state) ? { context: { pid: state.pid }, close: async () => {} } : undefined;
}
