/** One preview's channel: each `connect` opens a byte stream to the one port that the channel was made for. */
import type { ByteDuplex } from "../engine/ports/guest.ts";
import { type PreviewMessage, portReadable, portWritable, toWireError } from "../protocol/index.ts";

export function servePreview(channel: MessagePort, open: () => Promise<ByteDuplex>): void {
  const answer = (message: PreviewMessage): void => channel.postMessage(message);
  channel.onmessage = async ({ data }: MessageEvent<unknown>) => {
    const request = connectRequest(data);
    if (request === undefined) return;
    try {
      const duplex = await open();
      duplex.readable.pipeTo(portWritable<Uint8Array>(request.readable)).catch(() => {});
      if (request.first !== undefined) await sendFirst(duplex, request.first);
      portReadable<Uint8Array>(request.writable)
        .pipeTo(duplex.writable)
        .catch(() => {});
      answer({ type: "connected", id: request.id });
    } catch (error) {
      answer({ type: "refused", id: request.id, message: toWireError(error).message });
    }
  };
}

async function sendFirst({ writable }: ByteDuplex, bytes: Uint8Array): Promise<void> {
  const writer = writable.getWriter();
  await writer.write(bytes);
  writer.releaseLock();
}

/** The channel leads to an origin that runs a container's page: what it sends is checked. */
function connectRequest(data: unknown): Extract<PreviewMessage, { type: "connect" }> | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const { type, id, readable, writable, first } = data as Readonly<Record<string, unknown>>;
  if (type !== "connect" || typeof id !== "number") return undefined;
  if (!(readable instanceof MessagePort) || !(writable instanceof MessagePort)) return undefined;
  return { type, id, readable, writable, ...(first instanceof Uint8Array ? { first } : {}) };
}
