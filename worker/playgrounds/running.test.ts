import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { captureStores, type FrozenStores } from "../checkpoints/stores.ts";
import type { Drydock } from "../drydock-model.ts";
import { FakeGuest } from "../engine/testing/fake-guest.ts";
import { FileBlobStore } from "../storage/blobs.ts";
import { DISK_BLOCK, openDiskFiles, SparseDisk } from "../storage/disk.ts";
import { FileLogStore } from "../storage/logs.ts";
import { MemoryFiles } from "../storage/memory-files.ts";
import { JournalRecordStore } from "../storage/records.ts";
import { NinepServer, persistTree } from "../workspace/index.ts";
import { unpackPlayground } from "./archive.ts";
import { packRunning } from "./running.ts";

const base = { size: 4 * DISK_BLOCK, read: () => {} };
const emptyDisk = new TextEncoder().encode("an empty disk");
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array | undefined) => new TextDecoder().decode(data);

async function stores() {
  const files = new MemoryFiles();
  const records = await JournalRecordStore.open(files);
  const { tree, flush } = await persistTree(records, files, () => 0);
  const disk = new SparseDisk(base, await openDiskFiles(files));
  const [blobs, logs, ninep] = [await FileBlobStore.open(files), new FileLogStore(files), new NinepServer(tree)];
  return { files, records, tree, flush, disk, blobs, logs, ninep };
}

it("packs the instant at which the stores were frozen while they go on, and lets go of it when the file is written", async () => {
  const now = await stores();
  const { records, tree, disk, blobs, logs } = now;
  const { digest } = await blobs.ingest(bytes("a layer"));
  await records.put("container", "1", { name: "web" });
  await records.put("playground", "id", "mine");
  tree.writeFile("src/app.py", bytes("print(1)"));
  disk.write(DISK_BLOCK + 5, bytes("on the disk"));
  await logs.append("web.log", bytes("started\n"));
  let released = false;
  const freezeStores = async (): Promise<FrozenStores> => {
    const generation = disk.freeze();
    return {
      ...captureStores(now as never),
      logs: await logs.capture(),
      blocks: disk.writtenBlocks(generation),
      readBlob: (of, offset, length) => blobs.read(of, offset, length),
      release: async () => {
        released = true;
      },
    };
  };
  const running = { guest: new FakeGuest(), checkpoints: { freezeStores } } as unknown as Drydock;
  const file = await packRunning("Shop", running, emptyDisk);
  await records.put("container", "2", { name: "later" });
  tree.writeFile("src/app.py", bytes("print(2)"));
  disk.write(DISK_BLOCK + 5, bytes("overwritten"));
  await blobs.delete(digest);

  const baseDigest = createHash("sha256").update(emptyDisk).digest("hex");
  const files = new MemoryFiles();
  expect(await unpackPlayground(file, { files, base, baseDigest })).toBe("Shop");
  expect(released).toBe(true);
  const inside = await JournalRecordStore.open(files);
  expect(await inside.get("container", "1")).toEqual({ name: "web" });
  expect(await inside.get("container", "2")).toBeUndefined();
  expect(await inside.get("playground", "id")).toBeUndefined();
  const workspace = (await persistTree(inside, files, () => 0)).tree;
  expect(text(workspace.read(workspace.find("src/app.py") ?? workspace.root, 0, 100))).toBe("print(1)");
  expect(text(new SparseDisk(base, await openDiskFiles(files)).read(DISK_BLOCK + 5, 11))).toBe("on the disk");
  expect(await (await FileBlobStore.open(files)).list()).toEqual([{ digest, size: 7 }]);
});
