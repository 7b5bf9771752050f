import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FakeRegistry } from "../testing/fake-registry.ts";
import { folderFetch } from "../testing/file-fetch.node.ts";
import { publish, testImage, textFile } from "../testing/image-archives.ts";
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

  it("never hands a lazy layer's bytes to the guest that do not match their digests", async () => {
    const site = folderFetch(prebuilt);
    let forge = false;
    const { service, disk } = await imageFixture({
      catalogue,
      fetch: async (url, init) => {
        const response = await site(url, init);
        if (!forge || response.status !== 206) return response;
        const bytes = new Uint8Array(await response.arrayBuffer());
        const middle = bytes.length >> 1;
        bytes[middle] = (bytes[middle] ?? 0) ^ 0xff;
        return new Response(bytes, { status: 206 });
      },
    });
    forge = true;
    expect((await statuses(service.pull(parseReference("busybox:latest"), { signal }))).at(-1)).toMatch(
      /does not match its digest|gzip|unexpected|invalid/,
    );
    forge = false;
    await statuses(service.pull(parseReference("busybox:latest"), { signal }));
    await service.mountLayers(await service.resolve("busybox"));
    const [device] = disk.attached.values();
    forge = true;
    await expect((async () => device?.read(0, device.size))()).rejects.toThrow();
    forge = false;
    expect((await device?.read(0, device.size))?.length).toBe(device?.size);
  });

  it("takes debian for ubuntu, under that name and labelled so", async () => {
    const debian = await testImage([[textFile("etc/os-release", "debian")]], { Labels: { a: "b" } });
    const hub = new FakeRegistry("registry-1.docker.io");
    await publish(hub, "library/debian", "latest", debian);
    const { service } = await imageFixture({ fetch: hub.fetch });
    const out = await statuses(service.pull(parseReference("ubuntu:latest"), { signal }));
    expect(out[0]).toBe(
      "ubuntu is not published for this 32-bit machine (linux/386): taking debian:latest under the name ubuntu:latest",
    );
    expect(await service.inspect("ubuntu")).toMatchObject({
      RepoTags: ["ubuntu:latest"],
      Config: { Labels: { a: "b", "io.drydock.substitute.for": "ubuntu:latest" } },
    });
    expect((await service.resolve("ubuntu")).layers).toEqual(debian.diffIds);
  });

  it("searches the catalogue", async () => {
    const index = {
      schemaVersion: 1,
      repositories: [{ name: "library/nginx", description: "A web server.", tags: [] }],
    };
    const fetch = async (url: string) => {
      if (url !== "http://site/index.json") throw new TypeError("no such host");
      return new Response(JSON.stringify(index));
    };
    const { service } = await imageFixture({ catalogue, fetch });
    const search = (term: string) => service.search(term, { filters: {}, signal });
    expect(await search("ngi")).toEqual([
      { star_count: 0, is_official: true, name: "nginx", is_automated: false, description: "A web server." },
    ]);
    expect(await search("web server")).toHaveLength(1);
    expect(await search("redis")).toEqual([]);
  });
});
