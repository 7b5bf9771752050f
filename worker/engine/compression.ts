/** Streams of gzip, zstd and xz, told by their first bytes. */
import { Gunzip } from "fflate";
import { Decompress as ZstdDecompress } from "fzstd";
import { EngineError } from "./errors.ts";
import { unxz } from "./xz.ts";

export type Compression = "none" | "gzip" | "zstd" | "bzip2" | "xz";

const magics: readonly { readonly compression: Compression; readonly bytes: readonly number[] }[] = [
  { compression: "gzip", bytes: [0x1f, 0x8b, 0x08] },
  { compression: "zstd", bytes: [0x28, 0xb5, 0x2f, 0xfd] },
  { compression: "bzip2", bytes: [0x42, 0x5a, 0x68] },
  { compression: "xz", bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00] },
];

export function detectCompression(start: Uint8Array): Compression {
  return magics.find(({ bytes }) => bytes.every((byte, i) => start[i] === byte))?.compression ?? "none";
}

/** The uncompressed bytes of a stream, whatever it is compressed with. Cut off or broken input fails. */
export async function decompressAny(source: ReadableStream<Uint8Array>): Promise<ReadableStream<Uint8Array>> {
  const { start, stream } = await peek(source, 6);
  return decompress(stream, detectCompression(start));
}

export async function decompress(
  source: ReadableStream<Uint8Array>,
  compression: Compression,
): Promise<ReadableStream<Uint8Array>> {
  switch (compression) {
    case "none":
      return source;
    case "gzip":
      return (await nativeTakesMembers())
        ? source.pipeThrough(new DecompressionStream("gzip") as unknown as TransformStream<Uint8Array, Uint8Array>)
        : pushThrough(source, "gzip");
    case "zstd":
      return pushThrough(source, "zstd");
    case "xz":
      return await unxz(source);
    case "bzip2":
      throw new EngineError(
        "invalidParameter",
        "archives compressed with bzip2 are not supported; use gzip, xz or zstd",
      );
  }
}

/** The first bytes of a stream, and the stream with them still in front. */
export async function peek(
  source: ReadableStream<Uint8Array>,
  length: number,
): Promise<{ readonly start: Uint8Array; readonly stream: ReadableStream<Uint8Array> }> {
  const reader = source.getReader();
  const held: Uint8Array[] = [];
  let size = 0;
  while (size < length) {
    const { done, value } = await reader.read();
    if (done) break;
    held.push(value);
    size += value.length;
  }
  const start = new Uint8Array(size);
  let at = 0;
  for (const part of held) {
    start.set(part, at);
    at += part.length;
  }
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = held.shift();
        if (next !== undefined) {
          controller.enqueue(next);
          return;
        }
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return { start: start.subarray(0, length), stream };
}

/** The first `length` bytes that gzip members hold; they may be followed by other members. */
export function gunzipPrefix(data: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let filled = 0;
  const gunzip = new Gunzip((part) => {
    const taken = part.subarray(0, length - filled);
    out.set(taken, filled);
    filled += taken.length;
  });
  gunzip.push(data, true);
  if (filled < length) throw new EngineError("system", `gzip: ${filled} of ${length} bytes`);
  return out;
}

interface Pusher {
  push(chunk: Uint8Array, final: boolean): void;
}

function gunzipPusher(emit: (data: Uint8Array) => void): Pusher {
  const gunzip = new Gunzip((data) => emit(data));
  return { push: (chunk, final) => gunzip.push(chunk, final) };
}

function zstdPusher(emit: (data: Uint8Array) => void): Pusher {
  const zstd = new ZstdDecompress((data) => emit(data));
  return { push: (chunk, final) => void zstd.push(chunk, final) };
}

/** What the libraries throw at broken input, in part out of the middle of their arithmetic, in the words of Go's. */
function corrupt(compression: "gzip" | "zstd", cause: unknown): EngineError {
  const isCut = cause instanceof Error && /unexpected EOF/.test(cause.message);
  const words = isCut ? "unexpected EOF" : compression === "gzip" ? "flate: corrupt input" : "zstd: corrupt input";
  return new EngineError("invalidParameter", words, { cause });
}

const pushers = { gzip: gunzipPusher, zstd: zstdPusher } as const;

function pushThrough(
  source: ReadableStream<Uint8Array>,
  compression: keyof typeof pushers,
): ReadableStream<Uint8Array> {
  let controller: TransformStreamDefaultController<Uint8Array> | undefined;
  const pusher = pushers[compression]((data) => {
    if (data.length > 0) controller?.enqueue(data);
  });
  const push = (chunk: Uint8Array, final: boolean): void => {
    try {
      pusher.push(chunk, final);
    } catch (cause) {
      throw corrupt(compression, cause);
    }
  };
  return source.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      start(c) {
        controller = c;
      },
      transform: (chunk) => push(chunk, false),
      flush: () => push(new Uint8Array(0), true),
    }),
  );
}

let nativeProbe: Promise<boolean> | undefined;

/**
 * Whether DecompressionStream reads several gzip members in a row, as eStargz layers and pigz have them. Node does;
 * the Compression Streams specification asks for an error, and browsers comply.
 */
function nativeTakesMembers(): Promise<boolean> {
  nativeProbe ??= (async () => {
    const empty = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    try {
      const twice = new Blob([new Uint8Array([...empty, ...empty])]);
      await new Response(twice.stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
      return true;
    } catch {
      return false;
    }
  })();
  return nativeProbe;
}
