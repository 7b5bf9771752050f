import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { SnapshotPart } from "./snapshot.ts";
import type { BuildSource } from "./snapshot-parts.ts";
import { decompressZstd } from "./zstd.ts";

/** A build's files in a directory. WebAssembly, which would be run as it is, is checked against the manifest's hashes. */
export function directorySource(directory: string): BuildSource {
  const readBytes = async ({ file, sha256 }: SnapshotPart) => {
    const bytes = new Uint8Array(await readFile(join(directory, file)));
    if (createHash("sha256").update(bytes).digest("hex") !== sha256) throw new Error(`${file} is damaged`);
    return bytes;
  };
  return {
    readText: (file) => readFile(join(directory, file), "utf8"),
    unpack: ({ file }) =>
      decompressZstd(
        Readable.toWeb(
          createReadStream(join(directory, file), { highWaterMark: 1 << 20 }),
        ) as ReadableStream<Uint8Array>,
      ),
    readBytes,
    compile: async (part) => WebAssembly.compile(await readBytes(part)),
  };
}
