/** A build context that came as a tar: kept as one blob while the build lasts, read as a layer. */

import { decompressAny } from "../../compression.ts";
import { FileTree } from "../../images/file-tree.ts";
import { indexing, tarFiles } from "../../images/layers/tar-index.ts";
import type { BlobStore, Digest } from "../../ports/storage.ts";
import type { PatternMatcher } from "../dockerfile/index.ts";
import type { Layer } from "../files/root-view.ts";

export interface StoredContext {
  readonly digest: Digest;
  readonly size: number;
  /** By the context's name: "" is the build's own, others are of --build-context. `ignored` is left out. */
  layer(prefix: string, ignored?: PatternMatcher): Layer;
}

/** Files belong to root, as BuildKit takes them over. */
export async function storeContext(source: ReadableStream<Uint8Array>, blobs: BlobStore): Promise<StoredContext> {
  const { stream, index } = indexing(await decompressAny(source));
  const { digest, size } = await blobs.ingest(stream);
  const files = [...tarFiles(index())];
  return {
    digest,
    size,
    layer: (prefix, ignored) => {
      const tree = new FileTree<unknown>();
      for (const file of files) {
        const path = clamped(file.path);
        if (prefix !== "" && !path.startsWith(prefix)) continue;
        // Device nodes and sockets have no place in a context.
        if (file.type === "char" || file.type === "block" || file.type === "fifo") continue;
        const name = path.slice(prefix.length);
        if (ignored?.isEmpty === false && ignored.matches(name.replace(/\/+$/, ""))) continue;
        // A file's further names are of its own context, too.
        const link = file.type === "hardlink" ? { linkTarget: inside(prefix, file.linkTarget ?? "") } : {};
        tree.add({ ...file, ...link, path: name, uid: 0, gid: 0 });
      }
      tree.finish();
      return {
        tree,
        read: (data, offset, length) => blobs.read(digest, (data as { offset: number }).offset + offset, length),
      };
    },
  };
}

/** A name of a context's archive, below its root whatever it says: moby's clients have sent "../file" and "/file". */
function clamped(path: string): string {
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return names.join("/");
}

function inside(prefix: string, path: string): string {
  const name = clamped(path);
  return name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

export const emptyLayer = (): Layer => ({
  tree: new FileTree<unknown>(),
  read: async () => new Uint8Array(),
});
