import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderFetch } from "../testing/file-fetch.node.ts";
import { imageFixture } from "../testing/image-fixture.ts";
import type { ProgressMessage } from "./progress.ts";
import { parseReference } from "./reference.ts";

const prebuilt = join(import.meta.dirname, "../../../guest-image/prebuilt/images");
const catalogue = "http://site/";
const signal = new AbortController().signal;

async function statuses(messages: AsyncIterable<ProgressMessage>): Promise<string[]> {
  const out: string[] = [];
  try {
    for await (const { id, status, error } of messages)
      out.push(error ?? (id === undefined ? `${status}` : `${id}: ${status}`));
  } catch (error) {
    out.push((error as Error).message);
  }
  return out;
}

describe("pulling from the catalogue", () => {
  it("says what Docker says, and is up to date the second time", async () => {
    const { service, events } = await imageFixture({ fetch: folderFetch(prebuilt), catalogue });
    const first = await statuses(service.pull(parseReference("hello-world:latest"), { signal }));
    expect(first[0]).toBe("latest: Pulling from library/hello-world");
    expect(first[1]).toMatch(/^[0-9a-f]{12}: Pulling fs layer$/);
    expect(first.at(-3)).toMatch(/^[0-9a-f]{12}: Pull complete$/);
    expect(first.at(-2)).toMatch(/^Digest: sha256:[0-9a-f]{64}$/);
    expect(first.at(-1)).toBe("Status: Downloaded newer image for hello-world:latest");
    const second = await statuses(service.pull(parseReference("hello-world:latest"), { signal }));
    expect(second).toHaveLength(3);
    expect(second.at(-1)).toBe("Status: Image is up to date for hello-world:latest");
    expect(events).toEqual(["image pull hello-world:latest", "image pull hello-world:latest"]);
  });

  it("mounts the layers of a pulled image once, topmost first", async () => {
    const { service, guest, disk } = await imageFixture({ fetch: folderFetch(prebuilt), catalogue });
    await statuses(service.pull(parseReference("busybox:latest"), { signal }));
    const image = await service.resolve("busybox");
    const paths = await service.mountLayers(image);
    expect(paths).toEqual(["/layers/1"]);
    expect(await service.mountLayers(image)).toEqual(paths);
    expect(guest.opsOf("mount")).toMatchObject([{ target: "/layers/1", type: "erofs", flags: ["ro"] }]);
    expect(disk.attached.size).toBe(1);
  });

  it("survives a restart", async () => {
    const before = await imageFixture({ fetch: folderFetch(prebuilt), catalogue });
    await statuses(before.service.pull(parseReference("hello-world:latest"), { signal }));
    const { blobs, records } = before;
    const after = await imageFixture({ fetch: folderFetch(prebuilt), catalogue, blobs, records });
    const image = await after.service.resolve("hello-world");
    expect(await after.service.mountLayers(image)).toEqual(["/layers/1"]);
  });

  it("names what is missing in Docker's words", async () => {
    const { service } = await imageFixture({ fetch: folderFetch(prebuilt), catalogue });
    expect(await statuses(service.pull(parseReference("no-such-image:latest"), { signal }))).toEqual([
      "pull access denied for no-such-image, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    ]);
    expect(await statuses(service.pull(parseReference("busybox:no-such-tag"), { signal }))).toEqual([
      "manifest for busybox:no-such-tag not found: manifest unknown: manifest unknown",
    ]);
    expect((await statuses(service.pull(parseReference("ubuntu:20.04"), { signal })))[0]).toMatch(/use debian instead/);
  });

  it("reads a lazy layer chunk by chunk, each verified, also from a host without ranges", async () => {
    for (const ranges of [true, false]) {
      const fetch = folderFetch(prebuilt, { ranges });
      const { service, disk } = await imageFixture({ fetch, catalogue });
      await statuses(service.pull(parseReference("busybox:latest"), { signal }));
      const image = await service.resolve("busybox");
      await service.mountLayers(image);
      const [device] = disk.attached.values();
      const whole = await device?.read(0, device.size);
      expect(whole?.length).toBe(device?.size);
      const layer = image.layers[0];
      expect(layer).toBeDefined();
      if (layer === undefined) return;
      expect(service.context.layers.info(layer)?.complete).toBe(!ranges);
      await service.context.layers.complete(layer);
      const again = await device?.read(0, device.size);
      expect(Buffer.compare(again ?? new Uint8Array(), whole ?? new Uint8Array())).toBe(0);
    }
  });
});
