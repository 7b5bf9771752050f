/** An images' domain on fakes: stores in memory, a disk that keeps what is attached, a fixed clock, recorded events. */
import type { ContainerId, ImageId } from "../domains.ts";
import { ImageService } from "../images/service.ts";
import type { BlockImage, Clock, Fetch, LayerDisk } from "../ports/host.ts";
import { Registries, type RegistryOptions } from "../registry/endpoints.ts";
import { FakeGuest } from "./fake-guest.ts";
import { MemoryBlobStore, MemoryRecordStore } from "./memory-stores.ts";

export class FakeLayerDisk implements LayerDisk {
  readonly attached = new Map<string, BlockImage>();
  readonly detached: string[] = [];
  async attach(key: string, image: BlockImage): Promise<string> {
    this.attached.set(key, image);
    return `/dev/sda${this.attached.size}`;
  }
  reopen(): void {}
  async detach(key: string): Promise<void> {
    this.attached.delete(key);
    this.detached.push(key);
  }
}

export const fixedClock: Clock = {
  now: () => new Date("2026-01-02T03:04:05.678Z"),
  monotonic: () => 0,
  after: () => () => undefined,
};

export interface ImageFixtureOptions extends Omit<RegistryOptions, "fetch"> {
  readonly fetch?: Fetch;
  /** Stores of an earlier fixture, as after a restart. */
  readonly blobs?: MemoryBlobStore;
  readonly records?: MemoryRecordStore;
}

const offline: Fetch = async (url) => {
  throw new TypeError(`dial tcp: lookup ${new URL(url).hostname}: no such host`);
};

export async function imageFixture(options: ImageFixtureOptions = {}) {
  const blobs = options.blobs ?? new MemoryBlobStore();
  const records = options.records ?? new MemoryRecordStore();
  const guest = new FakeGuest();
  const disk = new FakeLayerDisk();
  const events: string[] = [];
  const usage = new Map<ImageId, { id: ContainerId; running: boolean }[]>();
  const service = await ImageService.load({
    blobs,
    records,
    guest,
    disk,
    registries: new Registries({ fetch: offline, ...options }),
    clock: fixedClock,
    events: { publish: (type, action, id) => void events.push(`${type} ${action} ${id}`) },
    users: { containersUsing: (image) => usage.get(image) ?? [] },
  });
  return { service, blobs, records, guest, disk, events, usage };
}
