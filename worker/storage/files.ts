/**
 * The files on which everything durable stands: the browser's origin-private file system in a Worker, a directory in Node, memory in
 * tests and in private windows. Opening is asynchronous; what is open is read and written at once (see ./byte-file.ts).
 * Names are relative paths of plain segments ([A-Za-z0-9._-]); folders come into being as needed.
 */
import type { ByteFile } from "./byte-file.ts";
import type { Received } from "./receive.ts";

export type { ByteFile };

export interface ByteFiles {
  /** Opens the file, made empty where there is none. A file is open once at a time. */
  open(name: string): Promise<ByteFile>;
  exists(name: string): Promise<boolean>;
  rename(from: string, to: string): Promise<void>;
  /** A missing file is no error. */
  delete(name: string): Promise<void>;
  /** Makes a file of a stream away from this thread, where there is a place for that; answers when it is on the disk. */
  receive?(name: string, source: ReadableStream<Uint8Array>): Promise<Received>;
  /** Names and sizes of the files directly in a folder. */
  list(folder: string): Promise<readonly { readonly name: string; readonly size: number }[]>;
}

const segment = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/** Splits a name into its segments; throws on anything that could lead out of the store. */
export function segments(name: string): readonly string[] {
  const parts = name.split("/");
  if (!parts.every((part) => segment.test(part))) throw new Error(`not a file name of the store: ${name}`);
  return parts;
}

/** Bytes of a file; fewer than asked for only at its end. */
export function readBytes(file: ByteFile, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, Math.min(length, file.size() - at)));
  return bytes.subarray(0, file.read(at, bytes));
}
