/** The index of a layer's tar: its entries and where their data lies, so that files are read without reading the archive. */
import type { TarEntry } from "../../tar-format.ts";
import { TarParser } from "../../tar-reader.ts";
import type { FileEntry } from "../file-tree.ts";

/** Where a file's data begins in the uncompressed tar. */
export interface TarData {
  readonly offset: number;
}

export interface TarIndex {
  readonly entries: readonly TarEntry[];
  /** Sum of the files' sizes, which Docker calls the layer's size. */
  readonly size: number;
}

/** Passes a stream through and indexes it on the way. `index` is complete when the stream has ended. */
export function indexing(source: ReadableStream<Uint8Array>): {
  readonly stream: ReadableStream<Uint8Array>;
  readonly index: () => TarIndex;
} {
  const collector = new TarIndexer();
  return {
    stream: source.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          collector.push(chunk);
          controller.enqueue(chunk);
        },
        flush: () => collector.finish(),
      }),
    ),
    index: () => collector.index(),
  };
}

export class TarIndexer {
  readonly #entries: TarEntry[] = [];
  #size = 0;
  readonly #parser = new TarParser({
    entry: (entry) => {
      this.#entries.push(entry);
      this.#size += entry.size;
    },
  });
  push(chunk: Uint8Array): void {
    this.#parser.push(chunk);
  }
  finish(): void {
    this.#parser.finish();
  }
  index(): TarIndex {
    return { entries: this.#entries, size: this.#size };
  }
}

export function* tarFiles(index: TarIndex): Generator<FileEntry<TarData>> {
  for (const entry of index.entries)
    yield {
      path: entry.name,
      type: entry.type,
      mode: entry.mode,
      uid: entry.uid,
      gid: entry.gid,
      mtime: entry.mtime,
      size: entry.size,
      data: { offset: entry.offset },
      linkTarget: entry.linkName,
      major: entry.major,
      minor: entry.minor,
      ...(entry.xattrs === undefined ? {} : { xattrs: entry.xattrs }),
    };
}

/** As JSON in UTF-8; extended attributes in base64. */
export function encodeTarIndex(index: TarIndex): Uint8Array {
  const entries = index.entries.map(({ userName: _user, groupName: _group, xattrs, ...entry }) =>
    xattrs === undefined
      ? entry
      : { ...entry, xattrs: Object.fromEntries(Object.entries(xattrs).map(([k, v]) => [k, toBase64(v)])) },
  );
  return new TextEncoder().encode(JSON.stringify({ size: index.size, entries }));
}

export function decodeTarIndex(bytes: Uint8Array): TarIndex {
  const { size, entries } = JSON.parse(new TextDecoder().decode(bytes)) as {
    size: number;
    entries: (Omit<TarEntry, "xattrs"> & { xattrs?: Record<string, string> })[];
  };
  return {
    size,
    entries: entries.map(({ xattrs, ...entry }) =>
      xattrs === undefined
        ? entry
        : { ...entry, xattrs: Object.fromEntries(Object.entries(xattrs).map(([k, v]) => [k, fromBase64(v)])) },
    ),
  };
}

export const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
export const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
