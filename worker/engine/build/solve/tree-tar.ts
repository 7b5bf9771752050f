/** The files of a finished stage as a tar, for `--output type=local` and `type=tar`. */
import type { TarType } from "../../tar-format.ts";
import { type TarInput, writeTar } from "../../tar-writer.ts";
import { type RootView, readFileOf, type ViewNode } from "../files/root-view.ts";

export function treeTar(view: RootView): ReadableStream<Uint8Array> {
  return writeTar(members(view, view.root, "", new Map()));
}

/** `named`: files with several names by the first of them, whose contents are written once. */
function* members(
  view: RootView,
  directory: ViewNode | undefined,
  path: string,
  named: Map<ViewNode["node"], string>,
): Generator<TarInput> {
  if (directory === undefined) return;
  for (const [name, child] of view.children(directory)) {
    const { type, mode, uid, gid, mtime, size, linkTarget, major, minor } = child.node;
    if (type === "socket") continue;
    const full = path === "" ? name : `${path}/${name}`;
    const first = named.get(child.node);
    if (first !== undefined) {
      yield { header: { name: full, type: "hardlink", linkName: first, mode, uid, gid, mtime } };
      continue;
    }
    if (type === "file") named.set(child.node, full);
    yield {
      header: {
        name: full,
        type: type as TarType,
        mode,
        uid,
        gid,
        mtime,
        major,
        minor,
        ...(type === "file" ? { size } : {}),
        ...(type === "symlink" ? { linkName: linkTarget } : {}),
      },
      ...(type === "file" ? { body: readFileOf(child) } : {}),
    };
    if (type === "directory") yield* members(view, child, full, named);
  }
}
