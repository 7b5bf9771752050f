/**
 * The layers' disk as the engine sees it: an attached layer is a partition of /dev/sda, made at run time with BLKPG. The disk
 * has no partition table; which number is free is known here, so this object is the only one that may add partitions.
 */

import { type Guest, GuestError } from "../engine/ports/guest.ts";
import type { BlockImage, LayerDisk } from "../engine/ports/host.ts";
import { lateImage } from "./late-image.ts";
import type { LayerDiskDevice } from "./layer-disk-device.ts";

const DEVICE = "/dev/sda";
/** DISK_MAX_PARTS of the kernel is 256, the disk itself included. */
const LAST_PARTITION = 255;

/** What a checkpoint remembers of the partitions. */
export type Partitions = Readonly<Record<string, number>>;

export class GuestLayerDisk implements LayerDisk {
  private readonly device: LayerDiskDevice;
  private readonly guest: Guest;
  private readonly numbers = new Map<string, number>();
  private readonly attaching = new Map<string, Promise<string>>();

  /** `partitions`: those that the guest has already, where it was restored. */
  constructor(device: LayerDiskDevice, guest: Guest, partitions: Partitions = {}) {
    this.device = device;
    this.guest = guest;
    for (const [key, number] of Object.entries(partitions)) this.numbers.set(key, number);
  }

  get partitions(): Partitions {
    return Object.fromEntries(this.numbers);
  }

  async attach(key: string, image: BlockImage): Promise<string> {
    const under = this.attaching.get(key);
    if (under !== undefined) return under;
    const number = this.numbers.get(key);
    if (number !== undefined) return `${DEVICE}${number}`;
    const attaching = this.add(key, image).finally(() => this.attaching.delete(key));
    this.attaching.set(key, attaching);
    return attaching;
  }

  reopen(key: string, find: () => Promise<BlockImage>): void {
    const length = this.device.find(key)?.length;
    if (length !== undefined) this.device.replace(key, lateImage(length, find));
  }

  async detach(key: string): Promise<void> {
    await this.attaching.get(key)?.catch(() => {});
    const number = this.numbers.get(key);
    if (number === undefined) return;
    await this.guest.batch([{ op: "removePartition", device: DEVICE, number, ignore: ["ENXIO"] }]);
    this.numbers.delete(key);
    this.device.detach(key);
  }

  private async add(key: string, image: BlockImage): Promise<string> {
    const number = this.freeNumber();
    const { start, length } = this.device.attach(key, image);
    this.numbers.set(key, number);
    try {
      await this.guest.batch([{ op: "addPartition", device: DEVICE, number, start, length }]);
    } catch (error) {
      this.numbers.delete(key);
      this.device.detach(key);
      throw error;
    }
    return `${DEVICE}${number}`;
  }

  private freeNumber(): number {
    const taken = new Set(this.numbers.values());
    for (let number = 1; number <= LAST_PARTITION; number++) if (!taken.has(number)) return number;
    throw new GuestError({
      errno: "ENOSPC",
      stage: "batch",
      operation: "addPartition",
      path: DEVICE,
      text: `all ${LAST_PARTITION} layers of this machine are in use`,
    });
  }
}
