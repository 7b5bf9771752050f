/** An image's layers: the history's instructions matched with the layers that hold files, and the bytes that are wasted. */
import type { LayerContents, LayerFile } from "../../worker/protocol/index.ts";
import type { ImageHistoryItem } from "../engine/types.ts";

export interface Layer {
  /** As in the Dockerfile, where the builder's wording can be undone. */
  readonly instruction: string;
  readonly created: number;
  readonly size: number;
  /** Index into the layers with files, from the base; `undefined` for metadata (ENV, CMD, …). */
  readonly index: number | undefined;
}

/** "/bin/sh -c #(nop)  CMD [\"sh\"]" and "RUN /bin/sh -c make # buildkit" as somebody wrote them. */
export function instructionOf(createdBy: string): string {
  const text = createdBy.replace(/\s*# buildkit\s*$/, "").trim();
  const nop = /^\/bin\/sh -c #\(nop\)\s+(.*)$/s.exec(text);
  if (nop?.[1] !== undefined) return nop[1].trim();
  const run = /^(?:RUN )?\/bin\/sh -c (.*)$/s.exec(text);
  return run?.[1] === undefined ? text : `RUN ${run[1].trim()}`;
}

/** Instructions that never make a layer. */
const metadata = /^(CMD|ENTRYPOINT|ENV|LABEL|EXPOSE|USER|VOLUME|STOPSIGNAL|HEALTHCHECK|SHELL|ONBUILD|MAINTAINER|ARG)\b/;

/** Newest first, as `docker history` lists. `layerCount` is the length of RootFS.Layers. */
export function layersOf(history: readonly ImageHistoryItem[], layerCount: number): readonly Layer[] {
  const oldestFirst = [...history].reverse().map((item) => ({ item, instruction: instructionOf(item.CreatedBy) }));
  const candidates = oldestFirst.filter(({ instruction }) => !metadata.test(instruction));
  // WORKDIR may or may not make a layer: where there are more candidates than layers, those without bytes are left out.
  let surplus = candidates.length - layerCount;
  let index = 0;
  return oldestFirst
    .map(({ item, instruction }): Layer => {
      const common = { instruction, created: item.Created, size: item.Size };
      if (metadata.test(instruction)) return { ...common, index: undefined };
      if (surplus > 0 && item.Size === 0) {
        surplus -= 1;
        return { ...common, index: undefined };
      }
      return index < layerCount ? { ...common, index: index++ } : { ...common, index: undefined };
    })
    .reverse();
}

export interface Waste {
  readonly path: string;
  readonly bytes: number;
  /** Counted from the base, from 1. */
  readonly writtenIn: number;
  readonly hiddenIn: number;
  readonly cause: "changed" | "removed";
}

/** Bytes of files that a later layer replaces or removes: they are in the image, and no container sees them. */
export function wasteOf(contents: readonly LayerContents[]): readonly Waste[] {
  const seen = new Map<string, { readonly file: LayerFile; readonly layer: number }>();
  const wasted: Waste[] = [];
  for (const { index, files } of contents)
    for (const file of files) {
      const hide = (path: string, cause: Waste["cause"]): void => {
        const earlier = seen.get(path);
        if (earlier === undefined || earlier.layer === index) return;
        seen.delete(path);
        if (earlier.file.size > 0)
          wasted.push({ path, bytes: earlier.file.size, writtenIn: earlier.layer + 1, hiddenIn: index + 1, cause });
      };
      if (file.change === "removed") {
        for (const path of seen.keys())
          if (path === file.path || path.startsWith(`${file.path}/`)) hide(path, "removed");
        continue;
      }
      if (file.type !== "directory") hide(file.path, "changed");
      if (file.type === "file") seen.set(file.path, { file, layer: index });
    }
  return wasted.sort((a, b) => b.bytes - a.bytes);
}

export interface TreeNode {
  readonly name: string;
  readonly path: string;
  readonly file: LayerFile | undefined;
  readonly children: readonly TreeNode[];
}

/** The layer's files as a tree; with a filter only what matches, and the directories on the way. */
export function treeOf(files: readonly LayerFile[], filter = ""): readonly TreeNode[] {
  interface Building {
    file: LayerFile | undefined;
    readonly children: Map<string, Building>;
  }
  const root: Building = { file: undefined, children: new Map() };
  const wanted = filter.toLowerCase();
  for (const file of files) {
    if (wanted !== "" && !file.path.toLowerCase().includes(wanted)) continue;
    let at = root;
    for (const name of file.path.split("/").filter((part) => part !== "")) {
      let next = at.children.get(name);
      if (next === undefined) {
        next = { file: undefined, children: new Map() };
        at.children.set(name, next);
      }
      at = next;
    }
    at.file = file;
  }
  const finish = (node: Building, prefix: string): readonly TreeNode[] =>
    [...node.children]
      .map(([name, child]) => ({
        name,
        path: `${prefix}${name}`,
        file: child.file,
        children: finish(child, `${prefix}${name}/`),
      }))
      .sort((a, b) => Number(b.children.length > 0) - Number(a.children.length > 0) || a.name.localeCompare(b.name));
  return finish(root, "");
}
