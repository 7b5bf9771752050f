import { describe, expect, it } from "vitest";
import { collectBytes } from "../../bytes.ts";
import { readTar } from "../../tar-reader.ts";
import { FakeRegistry } from "../../testing/fake-registry.ts";
import { tarOf, textFile } from "../../testing/image-archives.ts";
import type { BuildRequest, BuildResult } from "../model.ts";
import type { BuildService } from "../service.ts";
import { buildRig } from "../testing/rig.ts";

const dockerfile = "FROM base AS one\nCOPY a /a\nFROM scratch\nCOPY --from=one /a /b\nWORKDIR /w\n";
type Members = Parameters<typeof tarOf>[0];

async function build(builds: BuildService, request: Partial<BuildRequest>, more: Members = []) {
  const context = (await tarOf([textFile("context/a", "A"), ...more])) as Uint8Array<ArrayBuffer>;
  let result: BuildResult | undefined;
  const whole = { dockerfile, dockerfileName: "Dockerfile", contextPrefix: "context/", ...request };
  for await (const message of builds.build(whole, new Blob([context]).stream(), new AbortController().signal)) {
    if ("failure" in message) throw new Error(message.failure.message);
    if ("result" in message) result = message.result;
  }
  if (result === undefined) throw new Error("no result");
  return result;
}
const cached = ({ steps }: BuildResult): readonly boolean[] =>
  steps.toSorted((a, b) => (a.title < b.title ? -1 : 1)).map((step) => step.cached);

describe("a cache outside of the engine", () => {
  it("goes to a registry and comes from there, all of it or the result's own steps", async () => {
    for (const [mode, expected] of [
      ["max", [true, true, true]],
      ["min", [false, true, true]],
    ] as const) {
      const registry = new FakeRegistry("127.0.0.1:5000");
      const first = await buildRig({ fetch: registry.fetch });
      const ref = "127.0.0.1:5000/team/cache";
      const made = await build(first.builds, { cacheTo: [{ type: "registry", mode, ref }] });
      const second = await buildRig({ fetch: registry.fetch });
      const again = await build(second.builds, { cacheFrom: [{ type: "registry", ref }] });
      expect(cached(again)).toEqual(expected);
      expect(again.layers).toEqual(made.layers);
      const given = again.steps.map(({ cached, reasons }) => [cached, reasons.at(-1)?.text]);
      expect(given).toContainEqual([true, "from a cache that was given (--cache-from)"]);
      if (mode === "min") expect(given).toContainEqual([false, "no cache that was given has it (--cache-from)"]);
    }
  });

  it("is part of an image that carries it", async () => {
    const registry = new FakeRegistry("127.0.0.1:5000");
    const ref = "127.0.0.1:5000/app:1";
    const first = await buildRig({ fetch: registry.fetch });
    await build(first.builds, { tags: [ref], cacheTo: [{ type: "inline" }] });
    const { parseReference } = await import("../../images/reference.ts");
    for await (const { error } of first.images.push(parseReference(ref), { signal: new AbortController().signal }))
      expect(error).toBeUndefined();
    const second = await buildRig({ fetch: registry.fetch });
    expect(cached(await build(second.builds, { cacheFrom: [{ type: "registry", ref }] }))).toEqual([false, true, true]);
  });

  it("is a folder with an OCI layout", async () => {
    const first = await buildRig();
    const { ref } = await build(first.builds, { cacheTo: [{ type: "local", mode: "max", tag: "latest" }] });
    const members = [];
    for await (const { entry, body } of readTar(await first.builds.exportedCache(ref, "latest")))
      if (entry.type === "file")
        members.push({ header: { ...entry, name: `c/${entry.name}` }, body: await collectBytes(body) });
    const second = await buildRig();
    const from = { cacheFrom: [{ type: "local", prefix: "c/", tag: "latest" }] } as const;
    expect(cached(await build(second.builds, from, members as Members))).toEqual([true, true, true]);
  });

  it("is no reason to stop when it is not there or does not hold what it promises", async () => {
    const registry = new FakeRegistry("127.0.0.1:5000");
    const { builds } = await buildRig({ fetch: registry.fetch });
    const missing = await build(builds, { cacheFrom: [{ type: "registry", ref: "127.0.0.1:5000/none" }] });
    expect(cached(missing)).toEqual([false, false, false]);
    const ref = "127.0.0.1:5000/c";
    await build(builds, { cacheTo: [{ type: "registry", mode: "max", ref }] });
    for (const name of registry.blobs.keys())
      registry.forged.set(name.slice(name.indexOf("@") + 1), new Uint8Array([1, 2, 3]));
    const forged = await buildRig({ fetch: registry.fetch });
    expect(cached(await build(forged.builds, { cacheFrom: [{ type: "registry", ref }] }))).toEqual([
      false,
      false,
      false,
    ]);
  });
});
