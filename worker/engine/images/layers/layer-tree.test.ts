import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collectBytes, streamOfBytes } from "../../bytes.ts";
import { EngineError } from "../../errors.ts";
import { type TarInput, writeTar } from "../../tar-writer.ts";
import { MemoryBlobStore } from "../../testing/memory-stores.ts";
import { erofsBlockImage } from "../erofs/block-image.ts";
import { readErofs } from "../erofs/reader.ts";
import { writeErofs } from "../erofs/writer.ts";
import { tarContent } from "./layer-content.ts";
import { decodeTarIndex, encodeTarIndex, indexing } from "./tar-index.ts";

/** The whole way of a layer: tar, store, index and back, tree, EROFS, and read again. */
async function roundTrip(inputs: readonly TarInput[]) {
  const blobs = new MemoryBlobStore();
  const { stream, index } = indexing(streamOfBytes(await collectBytes(writeTar(inputs))));
  const { digest } = await blobs.ingest(stream);
  const content = tarContent(blobs, digest, decodeTarIndex(encodeTarIndex(index())));
  return await readErofs(erofsBlockImage(writeErofs(content.tree), content.read));
}

const entry = (name: string, type: TarInput["header"]["type"], more: Partial<TarInput["header"]> = {}): TarInput => ({
  header: { name, type, mode: 0o644, ...more },
});
const file = (name: string, text: string): TarInput => ({
  header: { name, type: "file", mode: 0o640, uid: 3, gid: 4, mtime: 12345 },
  body: new TextEncoder().encode(text),
});
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

describe("a layer's tree", () => {
  it("keeps owners, modes, times, links and content", async () => {
    const files = await roundTrip([
      file("etc/a", "content"),
      entry("etc/b", "hardlink", { linkName: "etc/a" }),
      entry("etc/c", "symlink", { linkName: "../x" }),
      entry("dev/null", "char", { major: 1, minor: 3, mode: 0o666 }),
    ]);
    expect(files.get("etc/a")).toMatchObject({ type: "file", mode: 0o640, uid: 3, gid: 4, mtime: 12345, links: 2 });
    expect(files.get("etc/b")?.number).toBe(files.get("etc/a")?.number);
    expect(text(files.get("etc/b")?.content)).toBe("content");
    expect(text(files.get("etc/c")?.content)).toBe("../x");
    expect(files.get("dev/null")).toMatchObject({ type: "char", device: 0x103, mode: 0o666 });
    expect(files.get("etc")).toMatchObject({ type: "directory", mode: 0o755, links: 2 });
  });

  it("takes the last of entries with one path, and keeps a directory's content", async () => {
    const files = await roundTrip([
      file("a", "first"),
      file("a", "second"),
      file("d/x", "1"),
      entry("d", "directory", { mode: 0o700 }),
      file("gone/x", "1"),
      file("gone", "now a file"),
    ]);
    expect(text(files.get("a")?.content)).toBe("second");
    expect(files.get("d")).toMatchObject({ mode: 0o700 });
    expect(text(files.get("d/x")?.content)).toBe("1");
    expect(files.has("gone/x")).toBe(false);
  });

  it("resolves absolute names and links inside, and follows a directory's symlink in the tree only", async () => {
    const files = await roundTrip([
      file("/abs", "1"),
      entry("usr/lib", "directory"),
      entry("lib", "symlink", { linkName: "/usr/lib" }),
      file("lib/so", "2"),
      entry("out", "symlink", { linkName: "../../../../etc" }),
      file("out/passwd", "3"),
    ]);
    expect(text(files.get("abs")?.content)).toBe("1");
    expect(text(files.get("usr/lib/so")?.content)).toBe("2");
    expect(text(files.get("etc/passwd")?.content)).toBe("3");
  });

  it.each([
    ["a path above the root", [file("../../etc/passwd", "x")], /outside/],
    ["a hidden way up", [file("a/../../b", "x")], /outside/],
    ["a hard link to outside", [entry("a", "hardlink", { linkName: "../../etc/shadow" })], /outside/],
    ["a hard link to nothing", [entry("a", "hardlink", { linkName: "b" })], /no such file/],
    ["a hard link to a directory", [entry("d", "directory"), entry("a", "hardlink", { linkName: "d" })], /directory/],
    [
      "a loop of links",
      [entry("a", "symlink", { linkName: "b" }), entry("b", "symlink", { linkName: "a" }), file("a/x", "1")],
      /too many levels/,
    ],
    ["a file as a directory", [file("a", "1"), file("a/b", "2")], /not a directory/],
    ["a name too long", [file("n".repeat(256), "1")], /too long/],
    ["a file as the root", [file("./", "1")], /root/],
  ])("refuses %s", async (_, inputs, message) => {
    await expect(roundTrip(inputs)).rejects.toThrow(message);
  });

  it("makes a sound image of any archive, or refuses it", async () => {
    const names = fc
      .array(fc.constantFrom("a", "b", "..", ".", "", "c", ".wh.a", ".wh..wh..opq", ".wh..wh.aufs", ".wh.", "é"), {
        minLength: 1,
        maxLength: 4,
      })
      .map((parts) => parts.join("/") || "x");
    const inputs = fc.array(
      fc
        .record({
          name: names,
          linkName: names,
          type: fc.constantFrom("file", "directory", "symlink", "hardlink", "char", "fifo"),
        })
        .map(
          ({ type, ...header }): TarInput =>
            type === "file" ? file(header.name, header.name) : entry(header.name, type as "directory", header),
        ),
      { maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(inputs, async (entries) => {
        try {
          const files = await roundTrip(entries);
          for (const path of files.keys()) expect(path.split("/")).not.toContain("..");
        } catch (error) {
          expect(error).toBeInstanceOf(EngineError);
          expect((error as EngineError).kind).toBe("invalidParameter");
        }
      }),
      { numRuns: 300 },
    );
  });
});
