/**
 * Images of the catalogue that are kept on this device: their manifests and blobs lie in a cache of their own, from which the service worker
 * answers when there is no network. What was pulled is in its playground anyway; this is for the next one, and for a plane.
 */
import { BridgeError } from "../../worker/protocol/index.ts";

const cacheName = "drydock-images";
export interface CatalogueImage {
  readonly name: string;
  readonly description: string;
  readonly tags: readonly { readonly tag: string; readonly digest: string; readonly size: number }[];
}

interface Manifest {
  readonly manifests?: readonly { readonly digest: string }[];
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string }[];
}

const address = (path: string): string => new URL(`./catalogue/${path}`, location.href.replace(/[?#].*/, "")).href;

export async function catalogueImages(): Promise<readonly CatalogueImage[]> {
  const response = await fetch(address("index.json"));
  if (!response.ok)
    throw new BridgeError({
      kind: "download",
      message: `The catalogue could not be read (HTTP status ${response.status}).`,
    });
  const { repositories } = (await response.json()) as { readonly repositories: readonly CatalogueImage[] };
  return repositories;
}

/** The image that a name without a tag means. */
export const latestOf = ({ tags }: CatalogueImage): CatalogueImage["tags"][number] | undefined =>
  tags.find(({ tag }) => tag === "latest") ?? tags[0];

/** Names of the images that are kept, each whole. */
export async function keptImages(): Promise<ReadonlySet<string>> {
  if (!("caches" in globalThis)) return new Set();
  const cache = await caches.open(cacheName);
  const names = new Set<string>();
  // The tag is put in last: it stands for an image that is there whole.
  for (const { url } of await cache.keys()) {
    const name = /\/catalogue\/v2\/(.+)\/manifests\/latest$/.exec(url)?.[1];
    if (name !== undefined) names.add(name);
  }
  return names;
}

/** Keeps `latest` of the image. `onProgress`: bytes so far. */
export async function keepImage(name: string, onProgress: (bytes: number) => void = () => {}): Promise<void> {
  const cache = await caches.open(cacheName);
  let bytes = 0;
  const keep = async (path: string): Promise<Response> => {
    const url = address(`v2/${name}/${path}`);
    const known = await cache.match(url);
    if (known !== undefined) return known;
    const response = await fetch(url);
    if (!response.ok)
      throw new BridgeError({
        kind: "download",
        message: `${path} could not be downloaded (HTTP status ${response.status}).`,
      });
    bytes += Number(response.headers.get("content-length") ?? 0);
    await cache.put(url, response.clone());
    onProgress(bytes);
    return response;
  };
  const follow = async (digest: string): Promise<void> => {
    const { manifests = [], config, layers = [] } = (await (await keep(`manifests/${digest}`)).json()) as Manifest;
    for (const child of manifests) await follow(child.digest);
    for (const blob of config === undefined ? layers : [config, ...layers]) await keep(`blobs/${blob.digest}`);
  };
  const image = (await catalogueImages()).find((each) => each.name === name);
  const latest = image === undefined ? undefined : latestOf(image);
  if (latest === undefined) throw new BridgeError({ kind: "notFound", message: `The catalogue has no image ${name}.` });
  await cache.put(address("index.json"), await fetch(address("index.json")));
  await follow(latest.digest);
  await keep("manifests/latest");
}

export async function dropImage(name: string): Promise<void> {
  const cache = await caches.open(cacheName);
  const prefix = address(`v2/${name}/`);
  for (const request of await cache.keys()) if (request.url.startsWith(prefix)) await cache.delete(request);
}
