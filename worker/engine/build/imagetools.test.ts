import { describe, expect, it } from "vitest";
import { parseReference } from "../images/reference.ts";
import { FakeRegistry } from "../testing/fake-registry.ts";
import { buildRig } from "./testing/rig.ts";

const { signal } = new AbortController();
const host = "127.0.0.1:5000";

async function rig() {
  const registry = new FakeRegistry(host);
  const { builds, images } = await buildRig({ fetch: registry.fetch });
  for (const name of [`${host}/one:1`, `${host}/two:1`]) {
    const dockerfile = `FROM base\nLABEL n=${name}\n`;
    for await (const message of builds.build(
      { dockerfile, dockerfileName: "Dockerfile", tags: [name] },
      undefined,
      signal,
    ))
      if ("failure" in message) throw new Error(message.failure.message);
    for await (const { error } of images.push(parseReference(name), { signal })) expect(error).toBeUndefined();
  }
  const create = (sources: readonly string[], more: object = {}) =>
    builds.createIndex({
      sources,
      tags: [`${host}/all:x`],
      platforms: [],
      annotations: {},
      preferIndex: true,
      signal,
      ...more,
    });
  return { registry, builds, create };
}

describe("imagetools", () => {
  it("shows a manifest without pulling its image", async () => {
    const { builds } = await rig();
    const inspected = await builds.inspectManifest(`${host}/one:1`, { configs: true, signal });
    expect(inspected).toMatchObject({
      name: `${host}/one:1`,
      mediaType: "application/vnd.docker.distribution.manifest.v2+json",
      manifests: [],
    });
    expect(JSON.parse(inspected.raw)).toMatchObject({ schemaVersion: 2 });
    expect(inspected.images).toMatchObject({ "linux/386": { config: { Labels: { n: `${host}/one:1` } } } });
    await expect(builds.inspectManifest(`${host}/none`, { signal })).rejects.toMatchObject({ kind: "notFound" });
  });

  it("puts images together, and copies what the new name's repository lacks", async () => {
    const { builds, create, registry } = await rig();
    const { digest, log } = await create([`${host}/one:1`, `${host}/two:1`], { annotations: { a: "b" } });
    expect(log).toHaveLength(3);
    const all = await builds.inspectManifest(`${host}/all:x`, { configs: true, signal });
    expect(all.digest).toBe(digest);
    expect(all.manifests.map(({ platform }) => platform)).toEqual([
      { architecture: "386", os: "linux" },
      { architecture: "386", os: "linux" },
    ]);
    expect(JSON.parse(all.raw)).toMatchObject({ annotations: { a: "b" } });
    expect([...registry.blobs.keys()].filter((key) => key.startsWith("all@")).length).toBeGreaterThan(2);
  });

  it("copies one source as it is, and refuses what fits nothing", async () => {
    const { builds, create } = await rig();
    const source = await builds.inspectManifest(`${host}/one:1`, { signal });
    expect((await create([`${host}/one:1`], { preferIndex: false })).digest).toBe(source.digest);
    expect(JSON.parse((await create([`${host}/one:1`], { tags: [] })).raw).manifests).toHaveLength(1);
    await expect(create([`${host}/one:1`], { platforms: ["linux/arm64"] })).rejects.toThrow("no matching platforms");
  });
});
