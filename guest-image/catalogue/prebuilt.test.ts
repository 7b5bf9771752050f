import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { unpackTar } from "modern-tar";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PackageCache } from "../debian/package-cache.ts";
import { LayerBuilder } from "./layer-builder.ts";
import { filesOf, type Lock, readLock } from "./lock.ts";
import { lockPath, prebuiltDirectory, prebuiltImages } from "./paths.ts";
import { debianRecipes, prebuiltRecipes } from "./recipes/index.ts";
import { type CatalogueIndex, writeImage } from "./registry-layout.ts";
import { lockedStacks } from "./stacks.ts";

let lock: Lock;
let directory: string;

beforeAll(async () => {
  lock = await readLock(lockPath);
  directory = await mkdtemp(join(tmpdir(), "catalogue-"));
});
afterAll(() => rm(directory, { recursive: true }));

const json = async (path: string) => JSON.parse(await readFile(path, "utf8"));
const digestOf = (data: Uint8Array): string => `sha256:${createHash("sha256").update(data).digest("hex")}`;

test("the lock file has every layer's packages, and names no host", async () => {
  for (const stack of lockedStacks) for (const layer of stack) expect(filesOf(lock, layer)).toBeDefined();
  expect(await readFile(lockPath, "utf8")).not.toContain("://");
});

test("image names and tags are unique", () => {
  const names = [...prebuiltRecipes, ...debianRecipes].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { tags } of [...prebuiltRecipes, ...debianRecipes]) {
    expect(new Set(tags).size).toBe(tags.length);
    expect(tags).toContain("latest");
  }
});

test.each(["hello-world", "busybox"])(
  "the committed %s is whole: every digest matches, down to the uncompressed layers",
  async (name) => {
    const repository = join(prebuiltImages, "v2/library", name);
    const read = async (kind: string, digest: string): Promise<Uint8Array> => {
      const data = await readFile(join(repository, kind, digest));
      expect(digestOf(data)).toBe(digest);
      return data;
    };
    const parse = (data: Uint8Array) => JSON.parse(new TextDecoder().decode(data));
    const index = await json(join(repository, "manifests/latest"));
    const manifest = parse(await read("manifests", index.manifests[0].digest));
    const config = parse(await read("blobs", manifest.config.digest));
    expect(config).toMatchObject({ architecture: "386", os: "linux" });
    for (const [i, { digest, size }] of manifest.layers.entries()) {
      const blob = await read("blobs", digest);
      expect(blob.length).toBe(size);
      expect(digestOf(gunzipSync(blob))).toBe(config.rootfs.diff_ids[i]);
    }
    const { repositories } = (await json(join(prebuiltImages, "index.json"))) as CatalogueIndex;
    const recipe = prebuiltRecipes.find((one) => one.name === name);
    expect(repositories.find((one) => one.name === `library/${name}`)?.tags.map(({ tag }) => tag)).toEqual(
      recipe?.tags,
    );
  },
);

test("an image is written as plain files at the pull URLs of the distribution specification", async () => {
  const recipe = prebuiltRecipes[0];
  if (recipe?.name !== "hello-world") throw new Error("the first prebuilt image is another");
  const builder = new LayerBuilder({
    lock,
    packages: new PackageCache(directory, [], () => {}),
    prebuiltDirectory,
    cacheDirectory: join(directory, "layers"),
    builder: "test",
    aptKey: new Uint8Array(),
    bytecode: new Map(),
    log: () => {},
  });
  const layer = await builder.build(recipe.layers);
  const entry = await writeImage(join(directory, "out"), {
    recipe,
    layers: [layer],
    labels: {},
    history: ["hello"],
    created: "2026-01-01T00:00:00Z",
  });
  const repository = join(directory, "out/v2", entry.name);
  for (const path of [`blobs/${layer.digest}`, "manifests/latest", `manifests/${entry.tags[0]?.digest}`, "tags/list"]) {
    expect(existsSync(join(repository, path))).toBe(true);
  }
});

test("the committed hello-world holds the committed program", async () => {
  const repository = join(prebuiltImages, "v2/library/hello-world");
  const index = await json(join(repository, "manifests/latest"));
  const manifest = await json(join(repository, "manifests", index.manifests[0].digest));
  const entries = await unpackTar(gunzipSync(await readFile(join(repository, "blobs", manifest.layers[0].digest))));
  const hello = entries.find(({ header }) => header.name === "hello");
  expect(hello?.header.mode).toBe(0o755);
  expect(Buffer.from(hello?.data ?? []).equals(await readFile(join(prebuiltDirectory, "hello")))).toBe(true);
});
