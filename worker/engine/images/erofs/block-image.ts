/** An EROFS image as the block device that the machine sees. */
import type { BlockImage } from "../../ports/host.ts";
import type { ErofsExtent, ErofsImage } from "./writer.ts";

/** Reads bytes of a file that the writer was given by reference. Must answer exactly `length` bytes. */
export type DataReader<Ref> = (ref: Ref, offset: number, length: number) => Promise<Uint8Array>;

export function erofsBlockImage<Ref>(image: ErofsImage<Ref>, readData: DataReader<Ref>): BlockImage {
  return {
    size: image.size,
    read(offset, length) {
      const end = Math.min(offset + length, image.size);
      const out = new Uint8Array(Math.max(0, end - offset));
      if (offset < image.metadata.length) out.set(image.metadata.subarray(offset, end));
      const pending: Promise<void>[] = [];
      for (let i = firstExtent(image.extents, offset); i < image.extents.length; i++) {
        const extent = image.extents[i];
        if (extent === undefined || extent.start >= end) break;
        const from = Math.max(offset, extent.start);
        const to = Math.min(end, extent.start + extent.length);
        if (to <= from) continue;
        const skip = from - extent.start;
        if (extent.data instanceof Uint8Array) out.set(extent.data.subarray(skip, skip + to - from), from - offset);
        else
          pending.push(
            readData(extent.data, skip, to - from).then((bytes) => {
              if (bytes.length !== to - from) throw new RangeError(`layer data: ${bytes.length} of ${to - from} bytes`);
              out.set(bytes, from - offset);
            }),
          );
      }
      return pending.length === 0 ? out : Promise.all(pending).then(() => out);
    },
  };
}

/** Index of the first extent that ends behind `offset`. */
function firstExtent<Ref>(extents: readonly ErofsExtent<Ref>[], offset: number): number {
  let low = 0;
  let high = extents.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const extent = extents[middle];
    if (extent !== undefined && extent.start + extent.length <= offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
