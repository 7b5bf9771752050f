/** The compressions that Debian's archive uses, told apart by file name: none, gzip, xz and zstd. */

import { createRequire } from "node:module";
import { gunzipSync } from "node:zlib";
import { decompress as unzstd } from "fzstd";

// The package is CommonJS whose exports Node cannot see by name.
const { XzReadableStream } = createRequire(import.meta.url)("xz-decompress") as typeof import("xz-decompress");

async function unxz(data: Uint8Array): Promise<Uint8Array> {
  const source = new Blob([data as Uint8Array<ArrayBuffer>]).stream();
  return new Uint8Array(await new Response(new XzReadableStream(source)).arrayBuffer());
}

export async function decompress(name: string, data: Uint8Array): Promise<Uint8Array> {
  if (name.endsWith(".xz")) return unxz(data);
  if (name.endsWith(".zst")) return unzstd(data);
  if (name.endsWith(".gz")) return gunzipSync(data);
  if (/\.(bz2|lzma)$/.test(name)) throw new Error(`${name}: compression not supported`);
  return data;
}
