/** SHA-256 of texts and files. A file's digest is kept with its node: trees are immutable once they are built. */

import { sha256 } from "@noble/hashes/sha2.js";
import type { FileNode } from "../../images/file-tree.ts";
import type { Digest } from "../../ports/storage.ts";
import { readFileOf, type ViewNode } from "./root-view.ts";

const known = new WeakMap<FileNode<unknown>, string>();
const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

export const digestText = (text: string): Digest => `sha256:${hex(sha256(new TextEncoder().encode(text)))}`;
export const digestBytes = (bytes: Uint8Array): Digest => `sha256:${hex(sha256(bytes))}`;

export async function fileDigest(view: ViewNode): Promise<string> {
  const earlier = known.get(view.node);
  if (earlier !== undefined) return earlier;
  const hash = sha256.create();
  const reader = readFileOf(view).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) hash.update(part.value);
  const digest = hex(hash.digest());
  known.set(view.node, digest);
  return digest;
}
