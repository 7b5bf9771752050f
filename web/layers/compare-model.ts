/** What differs between the file trees of two images, as one layer over the other would say it. */
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

/**
 * From the first image to the second. A file that comes from a layer which both have is the same; of others size and mode
 * tell, for equal contents of different layers cannot be known without reading them.
 */
export function compareImages(from: readonly LayerContents[], to: readonly LayerContents[]): readonly LayerFile[] {
  const before = finalFiles(from);
  const after = finalFiles(to);
  const changes: LayerFile[] = [];
  for (const [path, { file, diffId }] of after) {
    const old = before.get(path);
    if (old === undefined) changes.push({ ...file, change: "added" });
    else if (old.diffId !== diffId && file.type !== "directory") {
      const same = old.file.type === file.type && old.file.size === file.size && old.file.mode === file.mode;
      if (!same) changes.push({ ...file, change: "changed" });
    }
  }
  for (const [path, { file }] of before) if (!after.has(path)) changes.push({ ...file, change: "removed" });
  return changes.sort((a, b) => a.path.localeCompare(b.path));
}
