/** Connections of a listener, each carried on to another end. */
import type { ByteDuplex } from "./ports/guest.ts";

/** Until the listener closes. What cannot be carried on is closed at once. */
export async function relay(
  connections: ReadableStream<ByteDuplex>,
  connect: () => Promise<ByteDuplex>,
): Promise<void> {
  const reader = connections.getReader();
  for (;;) {
    const { value, done } = await reader.read().catch(() => ({ value: undefined, done: true }));
    if (done || value === undefined) return;
    void carry(value, connect);
  }
}

async function carry(near: ByteDuplex, connect: () => Promise<ByteDuplex>): Promise<void> {
  const far = await connect().catch(() => undefined);
  if (far === undefined) {
    await Promise.allSettled([near.writable.close(), near.readable.cancel()]);
    return;
  }
  await Promise.allSettled([near.readable.pipeTo(far.writable), far.readable.pipeTo(near.writable)]);
}
