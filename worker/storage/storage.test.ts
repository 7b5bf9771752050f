import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { FileBlobStore } from "./blobs.ts";
import type { ByteFiles } from "./files.ts";
import { FileLogStore } from "./logs.ts";
import { MemoryFiles } from "./memory-files.ts";
import { NodeFiles } from "./node-files.node.ts";
import { JournalRecordStore } from "./records.ts";

const directory = mkdtempSync(join(tmpdir(), "drydock-storage-"));
afterAll(() => rmSync(directory, { recursive: true }));
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);
const abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" as const;

describe.each<[string, () => ByteFiles]>([
  ["memory", () => new MemoryFiles()],
  ["Node's files", () => new NodeFiles(mkdtempSync(join(directory, "files-")))],
])("a store on %s", (_, make) => {
  it("keeps blobs under their digest, across a restart", async () => {
    const files = make();
    const first = await FileBlobStore.open(files);
    expect(await first.ingest(bytes("abc"))).toEqual({ digest: abc, size: 3 });
    const second = await FileBlobStore.open(files);
    expect(text(await second.read(abc, 1, 10))).toBe("bc");
    expect(await new Response(second.open(abc)).text()).toBe("abc");
    expect(await second.list()).toEqual([{ digest: abc, size: 3 }]);
  });

  it("rejects content that is not what was expected, and keeps nothing of it", async () => {
    const store = await FileBlobStore.open(make());
    await expect(store.ingest(bytes("other"), abc)).rejects.toThrow(`expected ${abc}`);
    expect(await store.list()).toEqual([]);
    expect(await store.stat(abc)).toBeUndefined();
  });

  it("keeps nothing of a stream that fails half-way", async () => {
    const files = make();
    const store = await FileBlobStore.open(files);
    const failing = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(bytes("a"));
        controller.error(new Error("connection lost"));
      },
    });
    await expect(store.ingest(failing)).rejects.toThrow("connection lost");
    expect(await files.list("incoming")).toEqual([]);
  });

  it("brings records back after a restart: the last value of each, deletions included", async () => {
    const files = make();
    const first = await JournalRecordStore.open(files);
    await first.put("container", "a", { n: 1 });
    await first.put("container", "a", { n: 2 });
    await first.put("container", "b", { n: 3 });
    await first.delete("container", "b");
    const second = await JournalRecordStore.open(files);
    expect(await second.list("container")).toEqual([{ key: "a", value: { n: 2 } }]);
    expect(await second.get("container", "b")).toBeUndefined();
  });

  it("drops a record line that a crash cut off, and goes on after the last whole one", async () => {
    const files = make();
    await (await JournalRecordStore.open(files)).put("k", "whole", 1);
    const journal = await files.open("records/journal");
    journal.write(journal.size(), bytes('["k","cut",{"a'));
    journal.close();
    const store = await JournalRecordStore.open(files);
    await store.put("k", "next", 2);
    expect(await (await JournalRecordStore.open(files)).list("k")).toEqual([
      { key: "whole", value: 1 },
      { key: "next", value: 2 },
    ]);
  });

  it("keeps the journal small when a record changes often", async () => {
    const files = make();
    const store = await JournalRecordStore.open(files);
    await Promise.all(Array.from({ length: 3000 }, (_, i) => store.put("k", "same", { i, padding: "x".repeat(200) })));
    const [journal] = await files.list("records");
    expect(journal?.size).toBeLessThan(400_000);
    expect(await (await JournalRecordStore.open(files)).get("k", "same")).toMatchObject({ i: 2999 });
  });

  it("appends, reads and rotates logs", async () => {
    const logs = new FileLogStore(make());
    expect(await logs.size("c")).toBe(0);
    await logs.append("c", bytes("one "));
    await logs.append("c", bytes("two"));
    expect(text(await logs.read("c", 2, 4))).toBe("e tw");
    await logs.rename("c", "c.1");
    expect(await logs.size("c")).toBe(0);
    expect(text(await logs.read("c.1", 0, 100))).toBe("one two");
    await logs.delete("c.1");
    expect(await logs.size("c.1")).toBe(0);
  });

  it("refuses names that could lead out of it", async () => {
    await expect(make().open("../x")).rejects.toThrow("not a file name");
  });

  it("puts records back to an instant, but those that are left out", async () => {
    const files = make();
    const store = await JournalRecordStore.open(files);
    const except = new Set(["kept"]);
    await store.put("container", "a", { n: 1 });
    await store.put("container", "b", { n: 2 });
    const image = store.capture(except);
    await store.put("container", "a", { n: 3 });
    await store.delete("container", "b");
    await store.put("container", "c", { n: 4 });
    await store.put("volume", "v", {});
    await store.put("kept", "k", 1);
    await store.putBack(image, except);
    for (const each of [store, await JournalRecordStore.open(files)]) {
      expect([...(await each.list("container"))].sort((x, y) => (x.key < y.key ? -1 : 1))).toEqual([
        { key: "a", value: { n: 1 } },
        { key: "b", value: { n: 2 } },
      ]);
      expect(await each.list("volume")).toEqual([]);
      expect(await each.get("kept", "k")).toBe(1);
    }
  });

  it("keeps deleted blobs readable for a checkpoint, brings them back, and frees them with it", async () => {
    const files = make();
    const store = await FileBlobStore.open(files);
    await store.ingest(bytes("abc"));
    const image = store.capture();
    await store.delete(abc);
    expect(await store.stat(abc)).toBeUndefined();
    expect(text(await store.read(abc, 0, 10))).toBe("abc");
    const { digest: later } = await store.ingest(bytes("later"));
    await store.putBack(image);
    expect(await store.list()).toEqual([{ digest: abc, size: 3 }]);
    await expect(store.read(later, 0, 1)).rejects.toThrow("no such blob");
    await store.delete(abc);
    await store.release(image);
    expect(await files.list("blobs")).toEqual([]);
  });

  it("puts logs back: appended lines, removed and new logs", async () => {
    const logs = new FileLogStore(make());
    await logs.append("a", bytes("one\n"));
    await logs.append("gone", bytes("kept\n"));
    const image = await logs.capture();
    await logs.append("a", bytes("two\n"));
    await logs.delete("gone");
    await logs.append("new", bytes("x"));
    expect((await logs.capture(image)).get("a")?.[0]).not.toBe(image.get("a")?.[0]);
    await logs.putBack(image);
    expect(text(await logs.read("a", 0, 100))).toBe("one\n");
    expect(text(await logs.read("gone", 0, 100))).toBe("kept\n");
    expect(await logs.size("new")).toBe(0);
    // Unchanged pieces are shared.
    expect((await logs.capture(image)).get("a")?.[0]).toBe(image.get("a")?.[0]);
  });
});
