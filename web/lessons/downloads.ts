/** How much a recipe or a lesson would download: sizes of the site's own catalogue; of other registries' images nothing is known before they are asked. */
import { spacedSize } from "../engine/format.ts";

export interface Download {
  readonly ref: string;
  /** `here`: the machine has it already. */
  readonly size: number | "here" | undefined;
}

interface CatalogueIndex {
  readonly repositories: readonly {
    readonly name: string;
    readonly tags: readonly { readonly tag: string; readonly size: number }[];
  }[];
}

export async function downloadsOf(refs: readonly string[], present: readonly string[]): Promise<readonly Download[]> {
  if (refs.length === 0) return [];
  const sizes = new Map<string, number>();
  try {
    const response = await fetch(new URL("catalogue/index.json", document.baseURI));
    const index = (await response.json()) as CatalogueIndex;
    for (const { name, tags } of index.repositories)
      for (const { tag, size } of tags) sizes.set(`${name}:${tag}`, size);
  } catch {
    // Without its catalogue the site has no sizes to tell.
  }
  const here = new Set(present.map(fullName));
  return refs.map((ref) => ({ ref, size: here.has(fullName(ref)) ? "here" : sizes.get(fullName(ref)) }));
}

/** "nginx" is "library/nginx:latest" on the default registry. */
function fullName(ref: string): string {
  const plain = ref.replace(/^(docker\.io|index\.docker\.io)\//, "");
  const named = plain.includes("/") ? plain : `library/${plain}`;
  return /:[^/]*$/.test(named) ? named : `${named}:latest`;
}

/** "12.3 MB to download", as far as it is known. */
export function totalOf(downloads: readonly Download[]): string {
  const known = downloads.reduce((sum, { size }) => sum + (typeof size === "number" ? size : 0), 0);
  const unknown = downloads.some(({ size }) => size === undefined);
  if (known === 0) return unknown ? "how much there is to download is not known yet" : "nothing to download";
  return `${unknown ? "at least " : ""}${spacedSize(known)} to download`;
}

/** Of one image. */
export function sizeOf({ size }: Download): string {
  if (size === undefined) return "from another registry, its size is known when it is asked";
  return size === "here" ? "is here already" : spacedSize(size);
}
