/** A watch as it stands on the wire: what is asked for, and the one byte that answers. guest-image/agent/watch.c is the other end. */
import type { WatchedKind, WatchSpec } from "../engine/ports/guest.ts";
import { WireError, WireWriter } from "./wire.ts";

const bits: readonly (readonly [WatchedKind, number])[] = [
  ["files", 1],
  ["processes", 2],
  ["listening", 4],
];
/** More are refused by the agent. */
const mostFiles = 64;

export function writeWatch({ files = [], processes = false, listening = false }: WatchSpec): Uint8Array {
  if (files.length > mostFiles) throw new WireError(`${files.length} files to watch`);
  const writer = new WireWriter().u8((processes ? 2 : 0) + (listening ? 4 : 0)).u16(files.length);
  for (const { path, context } of files)
    writer
      .u32(context?.pid ?? 0)
      .string(context?.root ?? "")
      .string(path);
  return writer.bytes();
}

export function readKinds(stream: ReadableStream<Uint8Array>): ReadableStream<ReadonlySet<WatchedKind>> {
  return stream.pipeThrough(
    new TransformStream<Uint8Array, ReadonlySet<WatchedKind>>({
      transform(bytes, controller) {
        const mask = bytes[0] ?? 0;
        controller.enqueue(new Set(bits.flatMap(([kind, bit]) => ((mask & bit) === 0 ? [] : [kind]))));
      },
    }),
  );
}
