import { openSync, readSync, statSync } from "node:fs";
import type { BlockImage } from "../engine/ports/host.ts";

/** A file of the host as a read-only image. */
export function fileImage(path: string): BlockImage {
  const file = openSync(path, "r");
  return {
    size: Math.ceil(statSync(path).size / 4096) * 4096,
    read(offset, length) {
      const bytes = new Uint8Array(length);
      let have = 0;
      while (have < length) {
        const count = readSync(file, bytes, have, length - have, offset + have);
        if (count === 0) break;
        have += count;
      }
      return bytes;
    },
  };
}
