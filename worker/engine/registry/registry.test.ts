import { describe, expect, it } from "vitest";
import { streamOfBytes } from "../bytes.ts";
import type { ProgressMessage } from "../images/progress.ts";
import { parseReference } from "../images/reference.ts";
import { FakeRegistry } from "../testing/fake-registry.ts";
import { dockerArchive, gzip, publish, testImage, textFile } from "../testing/image-archives.ts";
import { imageFixture } from "../testing/image-fixture.ts";
import { mediaTypes } from "./manifest.ts";

const signal = new AbortController().signal;
const host = "registry.example";

async function lines(messages: AsyncIterable<ProgressMessage>): Promise<string[]> {
  const out: string[] = [];
  try {
    for await (const { id, status, error, stream } of messages)
      out.push(error ?? stream ?? (id === undefined ? `${status}` : `${id}: ${status}`));
  } catch (error) {
    out.push((error as Error).message);
  }
  return out;
}

const sample = () => testImage([[textFile("a", "1")], [textFile("b", "22")]], { Cmd: ["/a"] });

describe("registries", () => {
  it("are pulled from with a token, and with basic authentication", async () => {
    for (const scheme of ["basic", "bearer"] as const) {
      const registry = new FakeRegistry(host, { auth: { scheme, username: "ann", password: "s3cret" } });
      await publish(registry, "app", "1", await sample());
      const { service } = await imageFixture({ fetch: registry.fetch });
      const reference = parseReference(`${host}/app:1`);
      const refused = await lines(service.pull(reference, { signal }));
      expect(refused.join()).toMatch(/no basic auth credentials|unauthorized: incorrect username or password/);
      const credentials = { username: "ann", password: "s3cret" };
      expect((await lines(service.pull(reference, { signal, credentials }))).at(-1)).toBe(
        `Status: Downloaded newer image for ${host}/app:1`,
      );
    }
  });

  it("resume a layer where the connection broke, with and without ranges", async () => {
    for (const ranges of [true, false]) {
      const registry = new FakeRegistry(host, { ranges });
      const big = await testImage([[textFile("big", "x".repeat(300_000))]]);
      await publish(registry, "app", "1", big);
      const { service } = await imageFixture({ fetch: registry.fetch });
      const pulled = service.pull(parseReference(`${host}/app:1`), { signal });
      // The configuration comes first and is not cut.
      const first = await pulled.next();
      registry.breakAfter.push(100, 150);
      expect(first.done).toBe(false);
      expect((await lines(pulled)).at(-1)).toMatch(/Downloaded newer image/);
      expect(registry.requests.filter((request) => request.includes("/blobs/")).length).toBeGreaterThanOrEqual(3);
    }
  });

  it("cannot pass off other content as a layer", async () => {
    const registry = new FakeRegistry(host);
    const image = await sample();
    await publish(registry, "app", "1", image);
    const other = await gzip((await testImage([[textFile("a", "evil")]])).layers[0] ?? new Uint8Array());
    for (const key of registry.blobs.keys()) {
      const digest = key.split("@")[1] ?? "";
      if (digest !== image.id) registry.forged.set(digest, other);
    }
    const { service, blobs } = await imageFixture({ fetch: registry.fetch });
    const out = await lines(service.pull(parseReference(`${host}/app:1`), { signal }));
    expect(out.at(-1)).toMatch(/^filesystem layer verification failed for digest sha256:/);
    expect(await blobs.list()).toEqual([]);
  });

  it("choose linux/386 of an index, and name what exists where there is none", async () => {
    const registry = new FakeRegistry(host);
    const digest = await publish(registry, "app", "i386", await sample());
    const entry = (platform: object, of = digest) => ({
      mediaType: mediaTypes.ociManifest,
      digest: of,
      size: 1,
      platform,
    });
    const index = (...manifests: object[]) => ({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests });
    const amd64 = entry({ os: "linux", architecture: "amd64" }, `sha256:${"0".repeat(64)}`);
    await registry.putManifest(
      "app",
      "both",
      mediaTypes.ociIndex,
      index(amd64, entry({ os: "linux", architecture: "386" })),
    );
    await registry.putManifest("app", "amd64", mediaTypes.ociIndex, index(amd64));
    const { service } = await imageFixture({ fetch: registry.fetch });
    expect((await lines(service.pull(parseReference(`${host}/app:both`), { signal }))).at(-1)).toMatch(/Downloaded/);
    expect(await lines(service.pull(parseReference(`${host}/app:amd64`), { signal }))).toEqual([
      `no matching manifest for linux/386 in the manifest list entries: ${host}/app:amd64 is published for linux/amd64 only`,
    ]);
  });

  it("take pushes: layers once, mounted from another repository the next time", async () => {
    const registry = new FakeRegistry("localhost:5000");
    const { service, events } = await imageFixture({ guestFetch: registry.fetch });
    const archive = await dockerArchive(await sample(), ["app:1", "localhost:5000/app:1", "localhost:5000/twin:1"]);
    await lines(service.loadArchive(streamOfBytes(archive), { quiet: true, signal }));
    const pushed = await lines(service.push(parseReference("localhost:5000/app:1"), { signal }));
    expect(pushed[0]).toBe("The push refers to repository [localhost:5000/app]");
    expect(pushed.filter((text) => text.endsWith(": Pushed"))).toHaveLength(2);
    expect(pushed.find((text) => text.startsWith("1: digest: sha256:"))).toMatch(/ size: \d+$/);
    const again = await lines(service.push(parseReference("localhost:5000/app:1"), { signal }));
    expect(again.filter((text) => text.endsWith("Layer already exists"))).toHaveLength(2);
    const twin = await lines(service.push(parseReference("localhost:5000/twin:1"), { signal }));
    expect(twin.filter((text) => text.endsWith("Mounted from app"))).toHaveLength(2);
    expect(events.filter((event) => event.startsWith("image push"))).toHaveLength(3);
    const other = await imageFixture({ guestFetch: registry.fetch });
    const back = await lines(other.service.pull(parseReference("localhost:5000/app:1"), { signal }));
    expect(back.at(-1)).toBe("Status: Downloaded newer image for localhost:5000/app:1");
    await expect(other.service.inspect("localhost:5000/app:1")).resolves.toMatchObject({
      Size: 3,
      Config: { Cmd: ["/a"] },
    });
  });

  it("refuse to push what is not there, in Docker's words", async () => {
    const { service } = await imageFixture();
    expect(await lines(service.push(parseReference("localhost:5000/none:1"), { signal }))).toEqual([
      "The push refers to repository [localhost:5000/none]",
      "An image does not exist locally with the tag: localhost:5000/none",
    ]);
  });

  it("check a login", async () => {
    const auth = { scheme: "bearer", username: "ann", password: "s3cret" } as const;
    const registry = new FakeRegistry(host, { auth });
    const { service } = await imageFixture({ fetch: registry.fetch });
    const login = (password: string) => service.login({ username: "ann", password, serveraddress: host });
    await expect(login("s3cret")).resolves.toEqual({ status: "Login Succeeded", identityToken: "" });
    await expect(login("wrong")).rejects.toMatchObject({
      kind: "unauthorized",
      message: expect.stringMatching(/incorrect username or password/),
    });
  });

  it("answer distribution inspect with platforms", async () => {
    const registry = new FakeRegistry(host);
    const digest = await publish(registry, "app", "1", await sample());
    const { service } = await imageFixture({ fetch: registry.fetch });
    expect(await service.inspectDistribution(`${host}/app:1`, { signal })).toMatchObject({
      Descriptor: { digest, mediaType: mediaTypes.ociManifest },
      Platforms: [{ architecture: "386", os: "linux" }],
    });
    await expect(service.inspectDistribution(`${host}/app:2`, { signal })).rejects.toMatchObject({
      kind: "notFound",
      message: "manifest unknown: manifest unknown",
    });
  });

  it("are told apart from mirrors: Docker Hub's names come from a mirror first", async () => {
    const mirror = new FakeRegistry("mirror.example");
    await publish(mirror, "library/thing", "latest", await sample());
    const { service } = await imageFixture({ fetch: mirror.fetch, mirrors: ["https://mirror.example/"] });
    expect((await lines(service.pull(parseReference("thing:latest"), { signal }))).at(-1)).toBe(
      "Status: Downloaded newer image for thing:latest",
    );
  });
});
