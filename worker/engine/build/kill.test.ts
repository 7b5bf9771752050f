/** What a build leaves when it ends before its time: cancelled by its client, or killed with the engine. */
import { expect, it } from "vitest";
import type { Digest } from "../ports/storage.ts";
import { tarOf, textFile } from "../testing/image-archives.ts";
import { MemoryBlobStore, MemoryRecordStore } from "../testing/memory-stores.ts";
import type { BuildMessage, BuildResult } from "./model.ts";
import type { BuildService } from "./service.ts";
import { buildRig } from "./testing/rig.ts";

const dockerfile = "FROM base\nCOPY a /a\nWORKDIR /w\nCOPY b /b\n";

async function start(builds: BuildService): Promise<AsyncGenerator<BuildMessage>> {
  const context = (await tarOf([textFile("a", "A"), textFile("b", "B")])) as Uint8Array<ArrayBuffer>;
  const request = { dockerfile, dockerfileName: "Dockerfile" };
  return builds.build(request, new Blob([context]).stream(), new AbortController().signal);
}
async function finish(builds: BuildService): Promise<BuildResult> {
  for await (const message of await start(builds)) {
    if ("result" in message) return message.result;
    if ("failure" in message) throw new Error(message.failure.message);
  }
  throw new Error("no result");
}

/** What a restart finds: everything that was stored at this moment. */
async function copyOf(blobs: MemoryBlobStore, records: MemoryRecordStore) {
  const copy = { blobs: new MemoryBlobStore(), records: new MemoryRecordStore() };
  for (const kind of [
    "image",
    "image-reference",
    "layer",
    "build-cache",
    "build-cache-use",
    "build-context",
    "build-history",
  ])
    for (const { key, value } of await records.list(kind)) await copy.records.put(kind, key, value);
  // The build goes on meanwhile: what a record names was stored before it.
  for (const { digest } of await blobs.list()) {
    const stat = await blobs.stat(digest);
    if (stat !== undefined) await copy.blobs.ingest(await blobs.read(digest, 0, stat.size));
  }
  return copy;
}

it("leaves a cache that is right, killed at any moment", async () => {
  const expected = await finish((await buildRig()).builds);
  const count = await (async () => {
    let messages = 0;
    for await (const _ of await start((await buildRig()).builds)) messages++;
    return messages;
  })();
  expect(count).toBeGreaterThan(15);
  for (let moment = 1; moment <= count; moment++) {
    const { builds, blobs, records } = await buildRig();
    const going = await start(builds);
    for (let i = 0; i < moment; i++) await going.next();
    const stored = await copyOf(blobs as MemoryBlobStore, records as MemoryRecordStore);
    await going.return(undefined);
    const later = await buildRig(stored);
    const again = await finish(later.builds);
    expect(again.layers).toEqual(expected.layers);
    expect(again.image).toBe(expected.image);
    // Of a context that nobody released, nothing is left.
    expect(await later.records.list("build-context")).toEqual([]);
  }
}, 60_000);

it("leaves neither context nor half a layer, cancelled at any moment", async () => {
  const { builds, blobs } = await buildRig();
  await finish(builds);
  const before = new Set<Digest>((await blobs.list()).map(({ digest }) => digest));
  for (let moment = 1; moment < 12; moment++) {
    const going = await start(builds);
    for (let i = 0; i < moment; i++) await going.next();
    await going.return(undefined);
  }
  expect((await blobs.list()).filter(({ digest }) => !before.has(digest))).toEqual([]);
  expect(builds.history.list().filter(({ status }) => status === "canceled")).toHaveLength(11);
});
