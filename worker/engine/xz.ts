/**
 * xz, as root file systems are often packed. The decoder (WebAssembly, loaded at the first use) serves one stream at a time, and one
 * that nobody reads to its end would keep all others waiting: a stream is decompressed whole before its first byte is handed on.
 */
import { EngineError } from "./errors.ts";

type Decoder = typeof import("xz-decompress").XzReadableStream;

let loaded: Promise<Decoder> | undefined;

/** Whether Node or a bundler loads the package decides where the exports of a CommonJS module are. */
async function load(): Promise<Decoder> {
  const module: { readonly XzReadableStream?: Decoder; readonly default?: { readonly XzReadableStream: Decoder } } =
    await import("xz-decompress");
  const decoder = module.XzReadableStream ?? module.default?.XzReadableStream;
  if (decoder === undefined) throw new Error("xz-decompress has no XzReadableStream");
  return decoder;
}

export async function unxz(source: ReadableStream<Uint8Array>): Promise<ReadableStream<Uint8Array>> {
  loaded ??= load();
  const XzReadableStream = await loaded;
  try {
    return (
      await new Response(new XzReadableStream(source) as ReadableStream<Uint8Array<ArrayBuffer>>).blob()
    ).stream();
  } catch (cause) {
    throw new EngineError("invalidParameter", "xz: the input is cut off or no xz", { cause });
  }
}
