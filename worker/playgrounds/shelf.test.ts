import { describe, expect, it } from "vitest";
import { DISK_BLOCK } from "../storage/disk.ts";
import { MemoryFiles } from "../storage/memory-files.ts";
import { JournalRecordStore } from "../storage/records.ts";
import { type PlaygroundFolders, PlaygroundShelf } from "./shelf.ts";

class MemoryFolders implements PlaygroundFolders {
  readonly folders = new Map<string, MemoryFiles>();
  readonly texts = new Map<string, string>();
  readonly locked = new Set<string>();
  async list() {
    return [...this.folders.keys()];
  }
  async files(id: string) {
    const files = this.folders.get(id) ?? new MemoryFiles();
    this.folders.set(id, files);
    return files;
  }
  async readText(id: string, name: string) {
    return this.texts.get(`${id}/${name}`);
  }
  async writeText(id: string, name: string, text: string) {
    await this.files(id);
    this.texts.set(`${id}/${name}`, text);
  }
  async bytes(_: string) {
    return 1;
  }
  async remove(id: string) {
    this.folders.delete(id);
  }
  async alone<T>(id: string, work: () => Promise<T>) {
    if (this.locked.has(id)) return undefined;
    this.locked.add(id);
    try {
      return { value: await work() };
    } finally {
      this.locked.delete(id);
    }
  }
}

function shelf() {
  const folders = new MemoryFolders();
  let now = 1000;
  const disk = async () => ({ base: { size: DISK_BLOCK, read: () => {} }, baseDigest: "b" });
  return { folders, shelf: new PlaygroundShelf(folders, { disk, now: () => now++ }) };
}
const streamOf = (text: string): ReadableStream<Uint8Array> => new Blob([text]).stream();

describe("the playgrounds of a browser", () => {
  it("are made, found by a readable id, renamed and removed", async () => {
    const { shelf: own } = shelf();
    expect((await own.create("Ölwechsel & Co.")).id).toBe("olwechsel-co");
    expect((await own.create("Ölwechsel & Co.")).id).toBe("olwechsel-co-2");
    expect((await own.create("店")).id).toBe("playground");
    await own.rename("olwechsel-co", "Oil");
    await own.remove("olwechsel-co-2");
    expect((await own.list()).map(({ id, name }) => [id, name])).toEqual([
      ["playground", "店"],
      ["olwechsel-co", "Oil"],
    ]);
    await expect(own.create("  ")).rejects.toThrow("needs a name");
    await expect(own.remove("../default")).rejects.toThrow("There is no playground");
  });

  it("are listed by their last use, the default one without ever having been named", async () => {
    const { shelf: own, folders } = shelf();
    await folders.files("default");
    await own.create("a");
    await own.create("b");
    await own.touch("a");
    expect((await own.list()).map(({ name }) => name)).toEqual(["a", "b", "Playground"]);
  });

  it("are copied with all they hold", async () => {
    const { shelf: own, folders } = shelf();
    const { id } = await own.create("first");
    await (await JournalRecordStore.open(await folders.files(id))).put("container", "1", { name: "web" });
    const copy = await own.duplicate(id, "second");
    expect(copy.name).toBe("second");
    const records = await JournalRecordStore.open(await folders.files(copy.id));
    expect(await records.get("container", "1")).toEqual({ name: "web" });
    expect(folders.locked.size).toBe(0);
  });

  it("are left alone while a tab runs them", async () => {
    const { shelf: own, folders } = shelf();
    const { id } = await own.create("busy");
    folders.locked.add(id);
    for (const attempt of [own.remove(id), own.duplicate(id, "x"), own.exportFile(id)])
      await expect(attempt).rejects.toThrow("busy is open in a tab: close it there first.");
    expect((await own.list()).map(({ name }) => name)).toEqual(["busy"]);
  });

  it("keep nothing of a file that is refused, or of a copy that was cut off", async () => {
    const { shelf: own, folders } = shelf();
    await expect(own.importFile(streamOf("no archive at all"))).rejects.toThrow("cannot be opened as a playground");
    await (await folders.files("half-a-copy")).open("unfinished");
    expect(await own.list()).toEqual([]);
    expect([...folders.folders.keys()]).toEqual([]);
  });
});
