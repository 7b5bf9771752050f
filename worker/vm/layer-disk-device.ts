/**
 * /dev/sda: a read-only disk on which each layer is an extent. It is far larger than what a playground holds (512 GiB; v86
 * counts sectors in 31 bits), so layers come and go without ever being moved; space is used again once it was given back.
 */

import type { BlockImage } from "../engine/ports/host.ts";
import type { SectorDevice } from "./ide-disk.ts";

/** Bytes. */
export interface Extent {
  readonly start: number;
  readonly length: number;
}

/** What a checkpoint remembers of the disk: which layer stands where. */
export interface PlacedLayer extends Extent {
  readonly key: string;
}

export interface LayerFailure {
  readonly key: string;
  readonly offset: number;
  readonly error: unknown;
}

const DISK_SIZE = 512 * 2 ** 30;
/** Extents start on multiples of it, so that the kernel's read-ahead of one layer seldom meets another. */
const ALIGNMENT = 1 << 20;

/** The disk of one instant. */
export type LayersImage = readonly { readonly key: string; readonly extent: Extent; readonly image: BlockImage }[];

export class LayerDiskDevice implements SectorDevice {
  readonly size = DISK_SIZE;
  /** Sorted by start. */
  private placed: LayersImage = [];
  private readonly onFailure: (failure: LayerFailure) => void;

  constructor(onFailure: (failure: LayerFailure) => void = () => {}) {
    this.onFailure = onFailure;
  }

  /** Puts the image on the disk, `at` a given place where a snapshot expects it. The same key is attached once. */
  attach(key: string, image: BlockImage, at?: number): Extent {
    const known = this.find(key);
    if (known !== undefined) return known;
    const length = roundUp(image.size, 4096);
    const start = at ?? this.firstFit(length);
    if (start + length > DISK_SIZE || this.placed.some(({ extent }) => overlaps(extent, { start, length }))) {
      throw new Error(`There is no room on the layers' disk for ${key}`);
    }
    const extent = { start, length };
    this.placed = [...this.placed, { key, extent, image }].sort((a, b) => a.extent.start - b.extent.start);
    return extent;
  }

  detach(key: string): void {
    this.placed = this.placed.filter((layer) => layer.key !== key);
  }

  find(key: string): Extent | undefined {
    return this.placed.find((layer) => layer.key === key)?.extent;
  }

  layers(): readonly PlacedLayer[] {
    return this.placed.map(({ key, extent }) => ({ key, ...extent }));
  }

  capture(): LayersImage {
    return this.placed;
  }

  putBack(image: LayersImage): void {
    this.placed = image;
  }

  /** From here on the layer is read through another image of the same content. */
  replace(key: string, image: BlockImage): void {
    this.placed = this.placed.map((layer) => (layer.key === key ? { ...layer, image } : layer));
  }

  /** Reads across layers and the nothing between them, which is zeros. */
  read(offset: number, length: number): Uint8Array | Promise<Uint8Array> {
    const layer = this.placed.find(({ extent }) => overlaps(extent, { start: offset, length }));
    if (layer === undefined) return new Uint8Array(length);
    const { extent, image, key } = layer;
    const from = Math.max(offset, extent.start);
    const to = Math.min(offset + length, extent.start + Math.min(extent.length, image.size));
    if (to <= from) return new Uint8Array(length);
    const failed = (error: unknown) => {
      this.onFailure({ key, offset: from - extent.start, error });
      return new Error(`Layer ${key} could not be read`, { cause: error });
    };
    const whole = (part: Uint8Array): Uint8Array | Promise<Uint8Array> => {
      if (part.length !== to - from) throw failed(new Error(`${part.length} instead of ${to - from} bytes`));
      if (part.length === length) return part;
      const data = new Uint8Array(length);
      data.set(part, from - offset);
      if (to >= offset + length) return data;
      const after = this.read(to, offset + length - to);
      if (!(after instanceof Promise)) {
        data.set(after, to - offset);
        return data;
      }
      return after.then((rest) => {
        data.set(rest, to - offset);
        return data;
      });
    };
    let part: Uint8Array | Promise<Uint8Array>;
    try {
      part = image.read(from - extent.start, to - from);
    } catch (error) {
      throw failed(error);
    }
    if (!(part instanceof Promise)) return whole(part);
    return part.then(whole, (error) => {
      throw failed(error);
    });
  }

  write(): never {
    throw new Error("The layers' disk is read-only");
  }

  private firstFit(length: number): number {
    let start = 0;
    for (const { extent } of this.placed) {
      if (extent.start - start >= length) break;
      start = roundUp(extent.start + extent.length, ALIGNMENT);
    }
    return start;
  }
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

function overlaps(a: Extent, b: Extent): boolean {
  return a.start < b.start + b.length && b.start < a.start + a.length;
}
