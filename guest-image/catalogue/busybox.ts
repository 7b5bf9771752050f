/** The names that busybox answers to, as its images offer them: hard links to the one program. */

import type { FileTree } from "../debian/file-tree.ts";

/**
 * busybox keeps its applets' names as one table of NUL-terminated strings in the order of their code points, "[" first
 * (applet_tables.h of its build).
 */
export function appletNames(program: Uint8Array): readonly string[] {
  const text = Buffer.from(program.buffer, program.byteOffset, program.byteLength).toString("latin1");
  const start = text.indexOf("\0[\0[[\0") + 1;
  if (start === 0) throw new Error("no table of applets in this busybox");
  const names: string[] = [];
  for (let at = start; ; ) {
    const end = text.indexOf("\0", at);
    const name = text.slice(at, end);
    const last = names.at(-1);
    if (!/^[A-Za-z0-9[_.+-]+$/.test(name) || (last !== undefined && name <= last)) return names;
    names.push(name);
    at = end + 1;
  }
}

export function busyboxLinks(tree: FileTree, program: string): void {
  const node = tree.get(program);
  if (node?.kind !== "file") throw new Error(`${program}: no busybox there`);
  const directory = program.slice(0, program.lastIndexOf("/"));
  for (const name of appletNames(node.data)) {
    if (tree.get(`${directory}/${name}`) === undefined) tree.link(`${directory}/${name}`, program);
  }
}
