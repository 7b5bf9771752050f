/**
 * A stream that nobody waits for, in small pieces and with rests. What takes it (decompression, a tar's index) runs on the thread of the machine,
 * which would otherwise stand still behind it: a layer of 40 MB is seconds of work in JavaScript.
 */
import type { Clock } from "../ports/host.ts";

const piece = 32 << 10;
/** Rest for each unit of work: a third of the time is work. */
const rests = 2;
const longestRest = 250;

export function unhurried(source: ReadableStream<Uint8Array>, clock: Clock): ReadableStream<Uint8Array> {
  const reader = source.getReader();
  let held = new Uint8Array(0) as Uint8Array;
  let given: number | undefined;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (given !== undefined) {
          const worked = clock.monotonic() - given;
          await new Promise<void>((resolve) => clock.after(Math.min(longestRest, worked * rests), resolve));
        }
        while (held.length === 0) {
          const { done, value } = await reader.read();
          if (done) return controller.close();
          held = value;
        }
        controller.enqueue(held.subarray(0, piece));
        held = held.subarray(piece);
        given = clock.monotonic();
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
