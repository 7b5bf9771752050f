/** What differs between the file trees of two images or two heights of one, as one layer over the other would say it. */
import type { LayerContents, LayerFile } from "../../worker/protocol/index.ts";

export interface Placed {
  readonly file: LayerFile;
  readonly layer: number;
  readonly diffId: string;
}

/** What a container of the image sees: the layers over each other. */
export function finalFiles(layers: readonly LayerContents[]): ReadonlyMap<string, Placed> {
  const seen = new Map<string, Placed>();
  for (const { index, diffId, files } of layers)
    for (const file of files) {
      if (file.change === "removed") {
        for (const path of [...seen.keys()])
          if (path === file.path || path.startsWith(`${file.path}/`)) seen.delete(path);
      } else seen.set(file.path, { file, layer: index, diffId });
    }
  return seen;
}

/** The layers below a container that an instruction has made, that one included. */
export const upTo = (layers: readonly LayerContents[], height: number | undefined): readonly LayerContents[] =>
  height === undefined ? layers : layers.filter(({ index }) => index <= height);

export interface Comparison {
  readonly changes: readonly LayerFile[];
  /** Files of equal size from different layers: only their bytes tell. */
  readonly unsure: readonly { readonly path: string; readonly before: Placed; readonly after: Placed }[];
}

/** From the first tree to the second. A file that comes from a layer which both have is the same. */
export function compareImages(from: readonly LayerContents[], to: readonly LayerContents[]): Comparison {
  const before = finalFiles(from);
  const after = finalFiles(to);
  const changes: LayerFile[] = [];
  const unsure: Comparison["unsure"][number][] = [];
  for (const [path, placed] of after) {
    const { file, diffId } = placed;
    const old = before.get(path);
    if (old === undefined) changes.push({ ...file, change: "added" });
    else if (old.diffId !== diffId && (file.type !== "directory" || old.file.type !== "directory")) {
      const same = old.file.type === file.type && old.file.size === file.size && old.file.mode === file.mode;
      if (!same) changes.push({ ...file, change: "changed" });
      else if (file.type === "file" && file.size > 0) unsure.push({ path, before: old, after: placed });
    }
  }
  for (const [path, { file }] of before) if (!after.has(path)) changes.push({ ...file, change: "removed" });
  return { changes: sorted(changes), unsure };
}

export const sorted = (files: readonly LayerFile[]): readonly LayerFile[] =>
  [...files].sort((a, b) => a.path.localeCompare(b.path));
