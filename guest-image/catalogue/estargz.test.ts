import { createHash } from "node:crypto";
import { gunzipSync, inflateRawSync } from "node:zlib";
import { unpackTar } from "modern-tar";
import { expect, test } from "vitest";
import { FOOTER_SIZE, type LayerEntry, TOC_NAME, type TocEntry, writeEstargz } from "./estargz.ts";

const owner = { mode: 0o644, uid: 1, gid: 2, mtime: 1_700_000_000, size: 0 };
const file = (name: string, data: Uint8Array): LayerEntry => ({
  ...owner,
  name,
  type: "file",
  size: data.length,
  data,
});
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const big = new Uint8Array(1_300_000).map((_, i) => (i * i) % 251);
const longName = `usr/${"directory/".repeat(12)}${"n".repeat(120)}`;

const entries: readonly LayerEntry[] = [
  { ...owner, name: "bin/", type: "directory", mode: 0o755 },
  file("bin/a", text("first")),
  file("bin/big", big),
  file("bin/empty", new Uint8Array()),
  { ...owner, name: "bin/h", type: "hardlink", linkName: "bin/a" },
  { ...owner, name: "bin/s", type: "symlink", linkName: `${"../".repeat(50)}x` },
  file(longName, text("long")),
];

function readToc(blob: Uint8Array): { readonly entries: readonly TocEntry[]; readonly json: string } {
  const footer = Buffer.from(blob.subarray(blob.length - FOOTER_SIZE)).toString("latin1");
  const offset = Number.parseInt(footer.slice(16, 32), 16);
  expect(footer.slice(32, 38)).toBe("STARGZ");
  const tar = gunzipSync(blob.subarray(offset));
  const size = Number.parseInt(Buffer.from(tar.subarray(124, 135)).toString(), 8);
  const json = Buffer.from(tar.subarray(512, 512 + size)).toString();
  return { entries: JSON.parse(json).entries, json };
}

/** Inflates the gzip member at an offset, whatever follows it. */
const member = (blob: Uint8Array, offset: number): Uint8Array =>
  inflateRawSync(blob.subarray(offset + 10), { finishFlush: 2 }) as Uint8Array;

test("a layer is an ordinary gzip'd tar with every entry in it", async () => {
  const { blob, diffId, uncompressedSize } = writeEstargz(entries);
  const tar = gunzipSync(blob);
  expect(tar.length).toBe(uncompressedSize);
  expect(`sha256:${createHash("sha256").update(tar).digest("hex")}`).toBe(diffId);
  const read = await unpackTar(tar, { strict: true });
  expect(read.map(({ header }) => header.name)).toEqual([
    ".no.prefetch.landmark",
    "bin/",
    "bin/a",
    "bin/big",
    "bin/empty",
    "bin/h",
    "bin/s",
    longName,
    TOC_NAME,
  ]);
  expect(Buffer.compare(read[3]?.data ?? new Uint8Array(), big)).toBe(0);
  expect(read[6]?.header).toMatchObject({ type: "symlink", linkname: `${"../".repeat(50)}x` });
  expect(new TextDecoder().decode(read[7]?.data)).toBe("long");
});

test("each file and chunk can be read on its own by the TOC, and matches its digest", () => {
  const { blob, tocDigest } = writeEstargz(entries);
  const toc = readToc(blob);
  expect(`sha256:${createHash("sha256").update(toc.json).digest("hex")}`).toBe(tocDigest);
  const chunks = toc.entries.filter(({ name }) => name === "bin/big");
  expect(chunks.map(({ type, chunkOffset = 0, chunkSize = 0 }) => [type, chunkOffset, chunkSize])).toEqual([
    ["reg", 0, 524288],
    ["chunk", 524288, 524288],
    ["chunk", 1048576, 0],
  ]);
  const parts = chunks.map(({ offset, chunkDigest }) => {
    const data = member(blob, offset ?? -1);
    expect(`sha256:${createHash("sha256").update(data).digest("hex")}`).toBe(chunkDigest);
    return data;
  });
  expect(Buffer.concat(parts).equals(Buffer.from(big))).toBe(true);
  expect(toc.entries.find(({ name }) => name === "bin/a")).toMatchObject({ type: "reg", size: 5, uid: 1, gid: 2 });
  expect(toc.entries.find(({ name }) => name === "bin/empty")?.offset).toBeUndefined();
});

test("prefetched files come first, in the order asked for, hard links by their file, then the landmark", () => {
  const { blob } = writeEstargz(entries, [longName, "bin/h", "bin/s", "missing"]);
  const names = readToc(blob).entries.map(({ name }) => name);
  expect(names.slice(0, 4)).toEqual([longName, "bin/a", ".prefetch.landmark", "bin/"]);
});

test("the same entries give the same bytes", () => {
  expect(writeEstargz(entries).digest).toBe(writeEstargz(entries).digest);
});
