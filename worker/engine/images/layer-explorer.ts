/** The layers of an image and their files, for those who look into an image without running it. */
import type { Digest } from "../ports/storage.ts";
import { type ImageContext, resolveImage } from "./context.ts";
import type { FileNode, FileType } from "./file-tree.ts";

export interface LayerSummary {
  readonly diffId: Digest;
  /** Sum of its files' sizes. */
  readonly size: number;
  /** All of its bytes are here. */
  readonly complete: boolean;
  /** The step that made it. */
  readonly createdBy: string;
}

export interface LayerFile {
  readonly path: string;
  readonly type: FileType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly linkTarget: string;
  /** `deleted`: hides a file of a layer below; `opaque`: a directory that hides all of the one below. */
  readonly change: "deleted" | "opaque" | undefined;
}

/** Base first. */
export function layerSummaries(context: ImageContext, name: string): readonly LayerSummary[] {
  const image = resolveImage(context, name);
  const steps = image.history.filter((step) => step.empty_layer !== true);
  return image.layers.map((diffId, i) => {
    const info = context.layers.info(diffId);
    return {
      diffId,
      size: info?.size ?? 0,
      complete: info?.complete ?? false,
      createdBy: steps[i]?.created_by ?? steps[i]?.comment ?? "",
    };
  });
}

/** All files of a layer, parents before their content. */
export async function layerFiles(context: ImageContext, diffId: Digest): Promise<readonly LayerFile[]> {
  const { tree } = await context.layers.content(diffId);
  const files: LayerFile[] = [];
  const visit = (node: FileNode<unknown>, path: string): void => {
    for (const [name, child] of [...(node.children ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const childPath = path === "" ? name : `${path}/${name}`;
      files.push(describe(child, childPath));
      visit(child, childPath);
    }
  };
  visit(tree.root, "");
  return files;
}

function describe(node: FileNode<unknown>, path: string): LayerFile {
  const { type, mode, uid, gid, size, mtime, linkTarget } = node;
  const isWhiteout = type === "char" && node.major === 0 && node.minor === 0;
  const isOpaque = node.xattrs?.["trusted.overlay.opaque"] !== undefined;
  const change = isWhiteout ? "deleted" : isOpaque ? "opaque" : undefined;
  return { path, type, mode, uid, gid, size, mtime, linkTarget, change };
}
