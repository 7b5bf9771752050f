/** A Worker that downloads one packed file, unpacks it, and hands over the content as it comes (./unpacker.ts). */
import { MachineError } from "../vm/errors.ts";
import { decompressZstd } from "../vm/zstd.ts";
import { siteDownloads } from "./site.ts";
import type { UnpackerMessage } from "./unpacker.ts";

const tell = (message: UnpackerMessage, transfer: readonly Transferable[] = []): void =>
  self.postMessage(message, { transfer: [...transfer] });

self.onmessage = async ({ data: url }: MessageEvent<string>) => {
  const downloads = siteDownloads((loaded, total) => tell({ type: "progress", loaded, total }));
  try {
    // Each chunk is a buffer of its own.
    for await (const bytes of decompressZstd(await downloads.open(url)))
      tell({ type: "content", bytes }, [bytes.buffer as ArrayBuffer]);
    tell({ type: "end" });
  } catch (error) {
    const { kind, message } =
      error instanceof MachineError
        ? error
        : { kind: "mismatch" as const, message: `The snapshot could not be read: ${error}` };
    tell({ type: "failed", kind, message });
  }
};
