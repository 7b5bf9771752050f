/** SizeRw and SizeRootFs: what a container has written, and that with its image. */
import type { TreeEntry } from "../ports/guest.ts";
import type { Container } from "./container.ts";
import type { ContainerDependencies } from "./dependencies.ts";
import { upperDirectory } from "./paths.ts";

export interface Sizes {
  readonly rw: number;
  readonly rootFs: number;
}

const imageSizes = new WeakMap<object, Promise<number>>();

function sumOf(entries: readonly TreeEntry[]): number {
  const seen = new Set<number>();
  let total = 0;
  for (const { type, size, links, inode } of entries) {
    if (type !== "file") continue;
    if (links > 1 && seen.has(inode)) continue;
    seen.add(inode);
    total += size;
  }
  return total;
}

async function treeSize(d: ContainerDependencies, path: string): Promise<number> {
  const [entries] = await d.guest.batch([{ op: "walk", path, ignore: ["ENOENT"] }]);
  return entries === undefined ? 0 : sumOf(entries as readonly TreeEntry[]);
}

export async function measureSizes(d: ContainerDependencies, container: Container): Promise<Sizes> {
  const rw = await treeSize(d, upperDirectory(container.id));
  const image = d.images.get(container.record.image);
  if (image === undefined) return { rw, rootFs: rw };
  let size = imageSizes.get(image);
  if (size === undefined) {
    size = d.images
      .mountLayers(image)
      .then(async (layers) => (await Promise.all(layers.map((l) => treeSize(d, l)))).reduce((a, b) => a + b, 0));
    imageSizes.set(image, size);
    size.catch(() => imageSizes.delete(image));
  }
  return { rw, rootFs: rw + (await size) };
}
