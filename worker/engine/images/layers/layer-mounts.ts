/**
 * Layers in the machine: each one's EROFS image is an extent of the layers' disk, mounted read-only at /layers/<number> once and
 * shared by all images that have the layer.
 */
import type { Guest, Op } from "../../ports/guest.ts";
import type { BlockImage, LayerDisk } from "../../ports/host.ts";
import type { Digest } from "../../ports/storage.ts";
import { erofsBlockImage } from "../erofs/block-image.ts";
import { writeErofs } from "../erofs/writer.ts";
import type { LayerStore } from "./layer-store.ts";

/** Overlayfs takes all lower directories in one page of mount options: names are short. */
const mountRoot = "/layers";
/** The lower directory of images without layers. */
const emptyDirectory = `${mountRoot}/empty`;

/** The layer as a block device; also for whoever restores a machine in which it is mounted. */
export async function layerImage(layers: LayerStore, diffId: Digest): Promise<BlockImage> {
  const content = await layers.content(diffId);
  return erofsBlockImage(writeErofs(content.tree), (data, offset, length) => content.read(data, offset, length));
}

export class LayerMounts {
  readonly #guest: Guest;
  readonly #disk: LayerDisk;
  readonly #layers: LayerStore;
  readonly #mounted = new Map<Digest, string>();
  #next = 1;
  #hasEmpty = false;
  /** Mounting and unmounting go one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(guest: Guest, disk: LayerDisk, layers: LayerStore) {
    this.#guest = guest;
    this.#disk = disk;
    this.#layers = layers;
  }

  /** Mount points of these layers (base first), topmost first. */
  async mount(diffIds: readonly Digest[]): Promise<readonly string[]> {
    const known = this.#known(diffIds);
    if (known !== undefined) return known;
    return await this.#inTurn(async () => {
      await this.#mountMissing(diffIds);
      return this.#known(diffIds) ?? [];
    });
  }

  /** Unmounts the layer when it is mounted, and takes it off the disk. */
  async unmount(diffId: Digest): Promise<void> {
    await this.#inTurn(async () => {
      const path = this.#mounted.get(diffId);
      if (path === undefined) return;
      await this.#guest.batch([
        { op: "umount", path, detach: true, ignore: ["EINVAL", "ENOENT"] },
        { op: "rmdir", path, ignore: ["*"] },
      ]);
      this.#mounted.delete(diffId);
      await this.#disk.detach(diffId);
    });
  }

  /** What is mounted where, as plain data that belongs to a checkpoint of the machine. */
  snapshot(): { readonly next: number; readonly mounted: readonly (readonly [Digest, string])[] } {
    return { next: this.#next, mounted: [...this.#mounted] };
  }
  restore(state: ReturnType<LayerMounts["snapshot"]>): void {
    this.#next = state.next;
    this.#mounted.clear();
    for (const [diffId, path] of state.mounted) {
      this.#mounted.set(diffId, path);
      this.#disk.reopen(diffId, () => layerImage(this.#layers, diffId));
    }
  }

  #known(diffIds: readonly Digest[]): readonly string[] | undefined {
    if (diffIds.length === 0) return this.#hasEmpty ? [emptyDirectory] : undefined;
    const paths = diffIds.map((diffId) => this.#mounted.get(diffId));
    return paths.every((path) => path !== undefined) ? paths.reverse() : undefined;
  }

  async #mountMissing(diffIds: readonly Digest[]): Promise<void> {
    const ops: Op[] = [];
    const mounting: [Digest, string][] = [];
    for (const diffId of new Set(diffIds)) {
      if (this.#mounted.has(diffId)) continue;
      const device = await this.#disk.attach(diffId, await layerImage(this.#layers, diffId));
      const path = `${mountRoot}/${this.#next++}`;
      mounting.push([diffId, path]);
      ops.push({ op: "mkdir", path, parents: true, mode: 0o755 });
      ops.push({ op: "mount", source: device, target: path, type: "erofs", flags: ["ro"] });
    }
    if (diffIds.length === 0) ops.push({ op: "mkdir", path: emptyDirectory, parents: true, mode: 0o755 });
    try {
      await this.#guest.batch(ops);
    } catch (error) {
      // All or nothing: what of it is mounted already would never be found again.
      const undo: Op[] = mounting.map(([, path]) => ({ op: "umount", path, detach: true, ignore: ["*"] }));
      await this.#guest.batch(undo).catch(() => undefined);
      for (const [diffId] of mounting) await this.#disk.detach(diffId).catch(() => undefined);
      throw error;
    }
    this.#hasEmpty ||= diffIds.length === 0;
    for (const [diffId, path] of mounting) this.#mounted.set(diffId, path);
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return await result;
  }
}
