/** What is kept on the device without being asked: the machine's programs, all of them, and the images that a first lesson needs. */
import { catalogueImages, keepImage, keptImages } from "./kept-images.ts";

const images: ReadonlySet<string> = new Set(["library/hello-world", "library/busybox", "library/debian"]);

const userlandCache = "drydock-userland";
const userland = new URL("./userland/", location.href).href;

/** The programs lie in pieces that are named by their content; those of earlier builds are given up. */
export async function keepUserland(): Promise<void> {
  const manifest = new URL("manifest.json", userland).href;
  const { chunks } = (await (await fetch(manifest)).json()) as { readonly chunks: readonly (string | null)[] };
  const wanted = new Set(chunks.flatMap((name) => (name === null ? [] : [new URL(`chunks/${name}`, userland).href])));
  const cache = await caches.open(userlandCache);
  const known = new Set((await cache.keys()).map(({ url }) => url));
  for (const url of known) if (!wanted.has(url)) await cache.delete(url);
  for (const url of wanted) if (!known.has(url)) await cache.add(url);
}

export async function keepFirstImages(): Promise<void> {
  const kept = await keptImages();
  for (const { name } of await catalogueImages()) if (images.has(name) && !kept.has(name)) await keepImage(name);
}
