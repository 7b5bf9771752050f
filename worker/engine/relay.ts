/** Connections of a listener, each served at once, or carried on to another end. */
import type { ByteDuplex } from "./ports/guest.ts";

/** Until the listener closes. */
export async function serveEach(
  connections: ReadableStream<ByteDuplex>,
  serve: (connection: ByteDuplex) => Promise<void>,
): Promise<void> {
  const reader = connections.getReader();
  for (;;) {
    const { value, done } = await reader.read().catch(() => ({ value: undefined, done: true }));
    if (done || value === undefined) return;
    void serve(value);
  }
}

/** What cannot be carried on is closed at once. */
export const relay = (connections: ReadableStream<ByteDuplex>, connect: () => Promise<ByteDuplex>): Promise<void> =>
  serveEach(connections, (near) => carry(near, connect));

async function carry(near: ByteDuplex, connect: () => Promise<ByteDuplex>): Promise<void> {
  const far = await connect().catch(() => undefined);
  if (far === undefined) {
    await Promise.allSettled([near.writable.close(), near.readable.cancel()]);
    return;
  }
  await Promise.allSettled([near.readable.pipeTo(far.writable), far.readable.pipeTo(near.writable)]);
}
