import { describe, expect, it } from "vitest";
import { MemoryBlobStore, MemoryLogStore, MemoryRecordStore } from "./memory-stores.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const hello = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

describe("stores in memory", () => {
  it("keep a blob under its digest and read ranges of it", async () => {
    const store = new MemoryBlobStore();
    expect(await store.ingest(bytes("hello"))).toEqual({ digest: hello, size: 5 });
    expect(await store.read(hello, 1, 3)).toEqual(bytes("ell"));
    expect(await store.read(hello, 4, 99)).toEqual(bytes("o"));
    expect(await new Response(store.open(hello) as ReadableStream<Uint8Array<ArrayBuffer>>).text()).toBe("hello");
  });

  it("refuse content that is not what was expected, and keep nothing of it", async () => {
    const store = new MemoryBlobStore();
    await expect(store.ingest(bytes("other"), hello)).rejects.toThrow(/unexpected digest/);
    expect(await store.list()).toEqual([]);
  });

  it("keep records apart from the objects that callers hold", async () => {
    const store = new MemoryRecordStore();
    const value = { names: ["a"] };
    await store.put("thing", "1", value);
    value.names.push("b");
    expect(await store.get("thing", "1")).toEqual({ names: ["a"] });
    expect(await store.list("thing")).toHaveLength(1);
    await store.delete("thing", "1");
    expect(await store.get("thing", "1")).toBeUndefined();
  });

  it("append, read and rotate logs", async () => {
    const store = new MemoryLogStore();
    await store.append("a", bytes("one"));
    await store.append("a", bytes("two"));
    expect(await store.size("a")).toBe(6);
    expect(await store.read("a", 2, 3)).toEqual(bytes("etw"));
    await store.rename("a", "b");
    expect(await store.size("a")).toBe(0);
    expect(await store.read("b", 0, 99)).toEqual(bytes("onetwo"));
  });
});
