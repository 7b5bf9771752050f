import { expect, it } from "vitest";
import { run } from "../cli/testing/scripted.ts";
import { Registries } from "../engine/registry/endpoints.ts";
import { mediaTypes } from "../engine/registry/manifest.ts";
import { FakeRegistry } from "../engine/testing/fake-registry.ts";
import { clientNetwork } from "./client-network.ts";

const nothing = (): undefined => undefined;
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

async function registryWithImages(): Promise<FakeRegistry> {
  const registry = new FakeRegistry("localhost:5000");
  for (const architecture of ["386", "arm"]) {
    const content = bytes({ architecture, os: "linux" });
    const digest = await registry.putBlob(`app-${architecture}`, content);
    const config = { mediaType: mediaTypes.dockerConfig, size: content.length, digest };
    const manifest = { schemaVersion: 2, mediaType: mediaTypes.dockerManifest, config, layers: [] };
    await registry.putManifest(`app-${architecture}`, "1", mediaTypes.dockerManifest, manifest);
  }
  return registry;
}

it("lets docker manifest put a list of two images together, annotate it, push it and look at it there", async () => {
  const registry = await registryWithImages();
  const network = clientNetwork(new Registries({ fetch: registry.fetch }));
  let files: Readonly<Record<string, string>> = {};
  const manifest = async (...args: readonly string[]) => {
    const ended = await run(["manifest", ...args], nothing, { network, files });
    files = Object.fromEntries(ended.files);
    return ended;
  };
  const [list, one, other] = ["localhost:5000/app:1", "localhost:5000/app-386:1", "localhost:5000/app-arm:1"] as const;
  expect((await manifest("create", list, one)).stderr).toBe(`no such manifest: ${one}\n`);
  expect(await manifest("create", "--insecure", list, one, other)).toMatchObject({
    stdout: `Created manifest list ${list}\n`,
    code: 0,
  });
  await manifest("annotate", "--variant", "v7", list, other);
  const shown = JSON.parse((await manifest("inspect", list)).stdout);
  expect(shown.manifests.map(({ platform }: { platform: object }) => platform)).toEqual([
    { architecture: "386", os: "linux" },
    { architecture: "arm", os: "linux", variant: "v7" },
  ]);
  const pushed = await manifest("push", "--insecure", "--purge", list);
  expect(pushed.stdout).toMatch(
    /^(Pushed ref localhost:5000\/app@sha256:\w{64} with digest: sha256:\w{64}\n){2}sha256:\w{64}\n$/,
  );
  expect(Object.keys(files)).toEqual([]);
  expect(JSON.parse((await manifest("inspect", "--insecure", list)).stdout)).toEqual(shown);
});
