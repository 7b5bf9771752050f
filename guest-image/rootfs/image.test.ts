import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileTree } from "../debian/file-tree.ts";
import { CHUNK_SIZE, writeChunks } from "./chunks.ts";
import { makeDiskImage } from "./image.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "chunks-"));
});
afterEach(() => rm(directory, { recursive: true }));

test("an image is whole blocks, and says where each file's bytes lie", () => {
  const tree = new FileTree(1);
  tree.file("bin/a", new Uint8Array(5000).fill(7));
  tree.symlink("bin/b", "a");
  tree.link("bin/c", "bin/a");
  const { bytes, places } = makeDiskImage(tree);
  const place = places.get("bin/a");
  expect(bytes.length % 4096).toBe(0);
  expect(place?.length).toBe(5000);
  expect(bytes.subarray(place?.start, (place?.start ?? 0) + 5000).every((byte) => byte === 7)).toBe(true);
  expect(places.has("bin/c")).toBe(false);
});

test("chunks are named by their content, zeros are not stored, and old chunks go", async () => {
  const image = new Uint8Array(3 * CHUNK_SIZE + 10);
  image.fill(1, 0, CHUNK_SIZE);
  image.fill(1, 2 * CHUNK_SIZE, 3 * CHUNK_SIZE);
  image.fill(2, 3 * CHUNK_SIZE);
  const names = await writeChunks(directory, image);
  expect(names[1]).toBeNull();
  expect(names[0]).toBe(names[2]);
  expect((await readdir(directory)).length).toBe(2);
  const last = inflateRawSync(await readFile(join(directory, names[3] ?? "")));
  expect(createHash("sha256").update(last).digest("hex")).toBe(names[3]);
  await writeChunks(directory, image.subarray(0, CHUNK_SIZE));
  expect(await readdir(directory)).toEqual([names[0]]);
});
