/**
 * A file system made of layers, as overlayfs would show it, read without the guest: the layers' trees are in memory, their data in the
 * store. Links never lead out of it.
 */
import type { FileNode } from "../../images/file-tree.ts";
import type { LayerContent } from "../../images/layers/layer-content.ts";
import { cleanPath, DockerfileError } from "../dockerfile/index.ts";

export type Layer = LayerContent;

/** A file or directory as it shows through the layers. */
export interface ViewNode {
  readonly node: FileNode<unknown>;
  readonly layer: Layer;
  /** Of a directory: the same directory in the layers, topmost first, down to an opaque one. */
  readonly parts: readonly { readonly node: FileNode<unknown>; readonly layer: Layer }[];
}
export interface Found extends ViewNode {
  /** Absolute, links resolved. */
  readonly path: string;
}

interface Passed {
  readonly name: string;
  readonly view: ViewNode;
}

/** Linux's limit (ELOOP). */
const maxFollowed = 40;
const opaque = "trusted.overlay.opaque";

export class RootView {
  readonly #root: ViewNode | undefined;

  /** Base first. */
  constructor(layers: readonly Layer[]) {
    const parts = layers.toReversed().map((layer) => ({ node: layer.tree.root, layer }));
    const [top] = parts;
    this.#root = top && { ...top, parts };
  }

  get root(): ViewNode | undefined {
    return this.#root;
  }

  child(directory: ViewNode, name: string): ViewNode | undefined {
    let top: { readonly node: FileNode<unknown>; readonly layer: Layer } | undefined;
    const parts: { readonly node: FileNode<unknown>; readonly layer: Layer }[] = [];
    for (const { node: parent, layer } of directory.parts) {
      const node = parent.children?.get(name);
      if (node === undefined) continue;
      if (node.type === "char" && node.major === 0 && node.minor === 0) break;
      if (node.type !== "directory") {
        top ??= { node, layer };
        break;
      }
      top ??= { node, layer };
      parts.push({ node, layer });
      if (node.xattrs?.[opaque] !== undefined) break;
    }
    return top && { ...top, parts };
  }

  /** In the order of their names. */
  children(directory: ViewNode): readonly (readonly [name: string, child: ViewNode])[] {
    const names = new Set(directory.parts.flatMap(({ node }) => [...(node.children?.keys() ?? [])]));
    return [...names].sort(byBytes).flatMap((name) => {
      const child = this.child(directory, name);
      return child === undefined ? [] : [[name, child] as const];
    });
  }

  /** `undefined` where there is nothing. `follow`: a link at the end is followed too. */
  find(path: string, follow: boolean = true): Found | undefined {
    const { trail, rest } = this.#walk(path, follow);
    const view = trail.at(-1)?.view ?? this.#root;
    if (rest.length > 0 || view === undefined) return undefined;
    return { ...view, path: `/${trail.map(({ name }) => name).join("/")}` };
  }

  /** Where a path that need not exist leads: links on the way resolved, one that leads to nothing too; the rest as it is. */
  resolve(path: string): string {
    const { trail, rest } = this.#walk(path, true);
    return cleanPath(`/${[...trail.map(({ name }) => name), ...rest].join("/")}`);
  }

  /** As far as there is something; `rest`: names of nothing. */
  #walk(path: string, follow: boolean): { readonly trail: readonly Passed[]; readonly rest: readonly string[] } {
    const names = path.split("/").filter((name) => name !== "" && name !== ".");
    if (this.#root === undefined) return { trail: [], rest: names };
    let trail: Passed[] = [];
    let view = this.#root;
    for (let followed = 0; names.length > 0; ) {
      const name = names.shift() ?? "";
      if (name === "..") {
        trail = trail.slice(0, -1);
        view = trail.at(-1)?.view ?? this.#root;
        continue;
      }
      if (name === "" || name === ".") continue;
      const next = view.node.type === "directory" ? this.child(view, name) : undefined;
      if (next === undefined) return { trail, rest: [name, ...names] };
      if (next.node.type === "symlink" && (follow || names.length > 0)) {
        if (++followed > maxFollowed) throw new DockerfileError(`${path}: too many levels of symbolic links`);
        if (next.node.linkTarget.startsWith("/")) {
          trail = [];
          view = this.#root;
        }
        names.unshift(...next.node.linkTarget.split("/"));
        continue;
      }
      trail.push({ name, view: next });
      view = next;
    }
    return { trail, rest: [] };
  }
}

export function readFileOf({ node, layer }: ViewNode): ReadableStream<Uint8Array> {
  const piece = 1 << 20;
  let at = 0;
  return new ReadableStream(
    {
      async pull(controller) {
        if (at >= node.size) return controller.close();
        const part = await readPart({ node, layer }, at, Math.min(piece, node.size - at));
        at += part.length;
        if (part.length === 0) return controller.error(new RangeError("unexpected end of a file in a layer"));
        controller.enqueue(part);
      },
    },
    { highWaterMark: 0 },
  );
}

export async function readPart(
  { node, layer }: Pick<ViewNode, "node" | "layer">,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  if (length === 0) return new Uint8Array();
  return node.data instanceof Uint8Array
    ? node.data.subarray(offset, offset + length)
    : await layer.read(node.data, offset, length);
}

export async function readText(view: ViewNode | undefined): Promise<string> {
  if (view === undefined || view.node.type !== "file") return "";
  return new TextDecoder().decode(await readPart(view, 0, view.node.size));
}

export const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
