/** What an image's layers hold, for the page: each file with what it does to those of the layers below. */
import type { Drydock } from "../drydock-model.ts";
import { EngineError } from "../engine/errors.ts";
import type { LayerContents, LayerFile } from "../protocol/index.ts";
import type { DrydockHost } from "../rpc/host.ts";

export interface SourceFile {
  readonly path: string;
  readonly type: string;
  readonly size: number;
  readonly mode: number;
  /** `deleted`: hides a file below; `opaque`: a directory that hides all of the one below. */
  readonly change: "deleted" | "opaque" | undefined;
}

/**
 * Base first. OCI image specification, "Layer changesets": a whiteout removes what lies below, an opaque whiteout all that a
 * directory held; anything else that exists below is changed by being there again.
 */
export function layerChanges(layers: readonly (readonly SourceFile[])[]): readonly (readonly LayerFile[])[] {
  const below = new Set<string>();
  return layers.map((files) => {
    const changes: LayerFile[] = [];
    const here = new Set(files.filter(({ change }) => change !== "deleted").map(({ path }) => path));
    const hide = (prefix: string): void => {
      for (const path of below) if (path.startsWith(prefix)) below.delete(path);
    };
    for (const { path, type, size, mode, change } of files) {
      const kind = type === "file" || type === "directory" || type === "symlink" ? type : "other";
      if (change === "deleted") {
        changes.push({ path, change: "removed", type: "file", size: 0, mode: 0 });
        below.delete(path);
        hide(`${path}/`);
        continue;
      }
      changes.push({ path, change: below.has(path) ? "changed" : "added", type: kind, size, mode });
      if (change === "opaque") {
        for (const hidden of below)
          if (hidden.startsWith(`${path}/`) && !here.has(hidden))
            changes.push({ path: hidden, change: "removed", type: "file", size: 0, mode: 0 });
        hide(`${path}/`);
      }
    }
    for (const path of here) below.add(path);
    return changes;
  });
}

export function hostLayers(drydock: () => Drydock): NonNullable<DrydockHost["layers"]> {
  return {
    async list(reference): Promise<readonly LayerContents[]> {
      const { images } = drydock();
      const summaries = images.layers(reference);
      const files = await Promise.all(summaries.map(({ diffId }) => images.layerFiles(diffId)));
      const changes = layerChanges(files);
      return summaries.map(({ diffId }, index) => ({ index, diffId, files: changes[index] ?? [] }));
    },
    async read(reference, layer, path) {
      const { images, guest } = drydock();
      const image = await images.resolve(reference);
      // Topmost first.
      const root = [...(await images.mountLayers(image))].reverse()[layer];
      if (root === undefined) throw new EngineError("notFound", `${reference} has no layer ${layer + 1}`);
      return guest.readFile(`/${path}`, { root });
    },
  };
}
