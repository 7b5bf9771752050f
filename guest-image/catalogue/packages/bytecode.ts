/**
 * Compiled Python modules. Debian compiles them when a package is installed, which an image put together without running anything cannot;
 * and without them the emulated machine would compile hundreds of modules before pip says its first word. Bytecode is the same on every
 * processor, so that of the modules that are used most lies in guest-image/prebuilt, by the hash of its source: a module that Debian has
 * changed since goes without.
 */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { unpackTar } from "modern-tar";
import { type FileTree, sortedEntries } from "../../debian/file-tree.ts";

/** Where Python 3.11 looks for the bytecode of a module. */
export function bytecodePath(source: string): string {
  const slash = source.lastIndexOf("/") + 1;
  return `${source.slice(0, slash)}__pycache__/${source.slice(slash).replace(/\.py$/, ".cpython-311.pyc")}`;
}

/** Bytecode by the SHA-256 of its source, in hexadecimal. */
export async function readBytecode(prebuiltDirectory: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const path = join(prebuiltDirectory, "python-bytecode.tar.br");
  if (!existsSync(path)) return new Map();
  const entries = await unpackTar(new Uint8Array(brotliDecompressSync(await readFile(path))));
  return new Map(entries.map(({ header, data }) => [header.name, data ?? new Uint8Array()]));
}

/** Puts bytecode beside each module that it was made from. */
export function addBytecode(tree: FileTree, bytecode: ReadonlyMap<string, Uint8Array>): void {
  for (const [path, node] of sortedEntries(tree)) {
    if (node.kind !== "file" || !path.endsWith(".py")) continue;
    const compiled = bytecode.get(createHash("sha256").update(node.data).digest("hex"));
    const target = bytecodePath(path);
    if (compiled !== undefined && tree.get(target) === undefined) tree.file(target, compiled);
  }
}
