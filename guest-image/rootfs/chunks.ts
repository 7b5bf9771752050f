/**
 * An image cut into pieces that a page fetches when the machine reads them. A piece is named by the SHA-256 of its content and stored
 * deflated, so that equal pieces are one file, and what arrives can be checked. Pieces of zeros are not stored.
 */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { constants, deflateRawSync } from "node:zlib";

export const CHUNK_SIZE = 128 * 1024;

/** Writes the chunks and returns their names in order; null is zeros. Removes chunks that the image no longer has. */
export async function writeChunks(directory: string, image: Uint8Array): Promise<readonly (string | null)[]> {
  await mkdir(directory, { recursive: true });
  const names: (string | null)[] = [];
  for (let offset = 0; offset < image.length; offset += CHUNK_SIZE) {
    const chunk = image.subarray(offset, offset + CHUNK_SIZE);
    if (chunk.every((byte) => byte === 0)) {
      names.push(null);
      continue;
    }
    const name = createHash("sha256").update(chunk).digest("hex");
    names.push(name);
    const path = join(directory, name);
    if (existsSync(path)) continue;
    await writeFile(`${path}.new`, deflateRawSync(chunk, { level: constants.Z_BEST_COMPRESSION }));
    await rename(`${path}.new`, path);
  }
  const known = new Set(names);
  for (const file of await readdir(directory)) if (!known.has(file)) await rm(join(directory, file));
  return names;
}
