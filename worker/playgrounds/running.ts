/** The file of a playground while its machine runs. */
import { sha256 } from "@noble/hashes/sha2.js";
import { asFiles } from "../checkpoints/stores.ts";
import type { Drydock } from "../drydock-model.ts";
import { packFrozen } from "./archive.ts";

/**
 * Of one instant, at which the machine pauses for a moment. Programs in the guest have their files written first; what runs in containers is
 * not in it: in the copy they have ended, as after a power cut.
 */
export async function packRunning(
  name: string,
  { guest, checkpoints }: Pick<Drydock, "guest" | "checkpoints">,
  disk: Uint8Array,
): Promise<ReadableStream<Uint8Array>> {
  await guest.batch([{ op: "sync" }]);
  const stores = await checkpoints.freezeStores();
  const baseDigest = [...sha256(disk)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const file = packFrozen(name, { files: await asFiles(stores), stores, baseDigest });
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  // A reader that goes away ends the pipe; there is nobody left to tell.
  void file
    .pipeTo(writable)
    .catch(() => {})
    .finally(() => void stores.release());
  return readable;
}
