import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type TarInput, writeTar } from "../engine/tar-writer.ts";
import { FileBlobStore } from "../storage/blobs.ts";
import { DISK_BLOCK, openDiskFiles, SparseDisk } from "../storage/disk.ts";
import { MemoryFiles } from "../storage/memory-files.ts";
import { JournalRecordStore } from "../storage/records.ts";
import { type Contents, packPlayground, unpackPlayground } from "./archive.ts";

const base = { size: 4 * DISK_BLOCK, read: () => {} };
const empty = (): Contents => ({ files: new MemoryFiles(), base, baseDigest: "b".repeat(64) });
const bytes = (text: string) => new TextEncoder().encode(text);
const all = async (stream: ReadableStream<Uint8Array>) =>
  new Uint8Array(await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());
const streamOf = (data: Uint8Array): ReadableStream<Uint8Array> => new Blob([data as Uint8Array<ArrayBuffer>]).stream();

async function filled(): Promise<Contents> {
  const contents = empty();
  const blobs = await FileBlobStore.open(contents.files);
  await blobs.ingest(bytes("a layer"));
  const records = await JournalRecordStore.open(contents.files);
  await records.put("container", "1", { name: "web" });
  const disk = new SparseDisk(base, await openDiskFiles(contents.files));
  disk.write(DISK_BLOCK + 5, bytes("on the disk"));
  const log = await contents.files.open("logs/web.log");
  log.write(0, bytes("started\n"));
  return contents;
}
const packed = async () => await all(packPlayground("Shop", await filled()));

/** The file with its entries changed. */
async function forged(change: (entries: TarInput[]) => TarInput[]): Promise<Uint8Array> {
  const tar = gunzipSync(await packed());
  const entries: TarInput[] = [];
  for (let at = 0; tar[at] !== 0; ) {
    const name = String(tar.subarray(at, at + 100)).replace(/\0.*$/s, "");
    const size = Number.parseInt(String(tar.subarray(at + 124, at + 135)), 8);
    entries.push({ header: { name, type: "file" }, body: tar.subarray(at + 512, at + 512 + size) });
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return gzipSync(await all(writeTar(change(entries))));
}
const opening = (file: Uint8Array) => unpackPlayground(streamOf(file), empty());

describe("a playground's file", () => {
  it("brings blobs, records, logs and the disk to another store, with the name", async () => {
    const target = empty();
    expect(await unpackPlayground(streamOf(await packed()), target)).toBe("Shop");
    expect(await (await FileBlobStore.open(target.files)).list()).toHaveLength(1);
    expect(await (await JournalRecordStore.open(target.files)).get("container", "1")).toEqual({ name: "web" });
    const disk = new SparseDisk(base, await openDiskFiles(target.files));
    expect(disk.read(DISK_BLOCK + 5, 11)).toEqual(bytes("on the disk"));
    expect(disk.usedBytes).toBe(DISK_BLOCK);
    expect(disk.generations).toEqual([]);
  });

  it("leaves the store it was made from as it was", async () => {
    const contents = await filled();
    await all(packPlayground("Shop", contents));
    const disk = new SparseDisk(base, await openDiskFiles(contents.files));
    expect(disk.generations).toEqual([]);
    expect(disk.read(DISK_BLOCK + 5, 11)).toEqual(bytes("on the disk"));
  });

  it("is refused when it is cut off, or no such file at all", async () => {
    const file = await packed();
    await expect(opening(file.subarray(0, file.length - 40))).rejects.toThrow("This file cannot be opened");
    await expect(opening(bytes("PNG of a cat"))).rejects.toThrow("This file cannot be opened");
    await expect(opening(await forged((entries) => entries.slice(0, -1)))).rejects.toThrow(
      "it ends before its list of digests",
    );
  });

  it("is refused when a blob is not what its name says, or another entry not what the list says", async () => {
    const changed = (folder: string) =>
      forged((entries) =>
        entries.map((entry) => (entry.header.name.startsWith(folder) ? { ...entry, body: bytes("evil!!!") } : entry)),
      );
    await expect(opening(await changed("blobs/"))).rejects.toThrow(/blobs\/\w{64} has the digest/);
    await expect(opening(await changed("records/"))).rejects.toThrow("records/journal has the digest");
  });

  it("is refused when a name leads elsewhere, or a block lies outside of the disk", async () => {
    const added = (name: string, body = bytes("x")) =>
      forged(([first, ...rest]) => [first as TarInput, { header: { name, type: "file" }, body }, ...rest]);
    for (const name of ["../default/records/journal", "/etc/passwd", "disk/index.0", "blobs/../x", "checkpoints/1"])
      await expect(opening(await added(name))).rejects.toThrow("is no part of a playground");
    await expect(opening(await added("disk/4"))).rejects.toThrow("lies outside of the disk");
    await expect(opening(await added("disk/0", new Uint8Array(DISK_BLOCK + 1)))).rejects.toThrow("is too large");
    await expect(opening(await added("workspace/7"))).rejects.toThrow("is not in its list of digests");
  });

  it("is refused when its disk lies over another one", async () => {
    const other = { ...empty(), baseDigest: "c".repeat(64) };
    await expect(unpackPlayground(streamOf(await packed()), other)).rejects.toThrow("another version of this site");
  });
});
