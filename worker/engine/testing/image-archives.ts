/** Small images for tests, as archives and in registries. */
import { collectBytes } from "../bytes.ts";
import type { Digest } from "../ports/storage.ts";
import { mediaTypes } from "../registry/manifest.ts";
import { digestOf } from "../registry/repository-client.ts";
import { type TarInput, writeTar } from "../tar-writer.ts";
import type { FakeRegistry } from "./fake-registry.ts";

const encoder = new TextEncoder();

export const tarOf = (entries: readonly TarInput[]): Promise<Uint8Array> => collectBytes(writeTar(entries));

export const textFile = (name: string, text: string): TarInput => ({
  header: { name, type: "file", mode: 0o644, mtime: 1_600_000_000 },
  body: encoder.encode(text),
});

export const gzip = (bytes: Uint8Array): Promise<Uint8Array> =>
  collectBytes(new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new CompressionStream("gzip")));

export interface TestImage {
  readonly config: Uint8Array;
  readonly id: Digest;
  readonly layers: readonly Uint8Array[];
  readonly diffIds: readonly Digest[];
}

export async function testImage(
  layers: readonly (readonly TarInput[])[],
  config: Readonly<Record<string, unknown>> = {},
  architecture = "386",
): Promise<TestImage> {
  const tars = await Promise.all(layers.map(tarOf));
  const diffIds = await Promise.all(tars.map(digestOf));
  const history = layers.map((_, i) => ({ created: "2024-05-06T07:08:09Z", created_by: `step ${i}` }));
  const value = {
    architecture,
    os: "linux",
    created: "2024-05-06T07:08:09Z",
    config,
    history,
    rootfs: { type: "layers", diff_ids: diffIds },
  };
  const bytes = encoder.encode(JSON.stringify(value));
  return { config: bytes, id: await digestOf(bytes), layers: tars, diffIds };
}

export async function dockerArchive(image: TestImage, tags: readonly string[] | null): Promise<Uint8Array> {
  const manifest = [
    { Config: "config.json", RepoTags: tags, Layers: image.layers.map((_, i) => `layer${i}/layer.tar`) },
  ];
  return await tarOf([
    { header: { name: "config.json", type: "file" }, body: image.config },
    ...image.layers.map((body, i): TarInput => ({ header: { name: `layer${i}/layer.tar`, type: "file" }, body })),
    textFile("manifest.json", JSON.stringify(manifest)),
  ]);
}

/** Puts the image into a registry, its layers gzipped. Answers the manifest's digest. */
export async function publish(
  registry: FakeRegistry,
  repository: string,
  tag: string,
  image: TestImage,
): Promise<Digest> {
  const layers = [];
  for (const layer of image.layers) {
    const bytes = await gzip(layer);
    layers.push({
      mediaType: mediaTypes.ociLayerGzip,
      digest: await registry.putBlob(repository, bytes),
      size: bytes.length,
    });
  }
  const digest = await registry.putBlob(repository, image.config);
  const config = { mediaType: mediaTypes.ociConfig, digest, size: image.config.length };
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers };
  return await registry.putManifest(repository, tag, mediaTypes.ociManifest, manifest);
}
