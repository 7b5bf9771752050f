/**
 * A playground as one file: a gzipped tar, written and read as a stream.
 *   playground.json   {"format": 1, "name": …, "disk": SHA-256 of the empty disk that the blocks lie over}
 *   blobs/SHA256      layers, manifests and configurations, each named by its digest
 *   disk/BLOCK        blocks of 64 KiB of the writable disk that differ from the empty one
 *   records/journal, logs/NAME, workspace/INODE
 *   SHA256SUMS        a line for each entry before it, as sha256sum writes them
 * Whoever opens a file believes none of it: names are of this list, digests are compared, and a file without its end is refused.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import type { FrozenStores } from "../checkpoints/stores.ts";
import { decompressAny } from "../engine/compression.ts";
import { EngineError } from "../engine/errors.ts";
import { readTar } from "../engine/tar-reader.ts";
import { type TarInput, writeTar } from "../engine/tar-writer.ts";
import { DISK_BLOCK, type DiskBase, type DiskBlock, openDiskFiles, SparseDisk } from "../storage/disk.ts";
import { type ByteFiles, readBytes } from "../storage/files.ts";

export const archiveFormat = 1;
const metadata = "playground.json";
const sums = "SHA256SUMS";
/** What is read whole: the first and the last entry. */
const smallEntry = 8 << 20;
const piece = 1 << 20;

const entryNames =
  /^(?:blobs\/[0-9a-f]{64}|disk\/\d{1,8}|records\/journal|logs\/[\w-][\w.-]{0,200}|workspace\/\d{1,15})$/;
/** Folders whose files are taken as they are. */
const plainFolders = ["blobs", "records", "logs", "workspace"] as const;

export interface Contents {
  readonly files: ByteFiles;
  readonly base: DiskBase;
  /** SHA-256 of the base, in hexadecimal: blocks over another one would be another disk. */
  readonly baseDigest: string;
}

/** A file that goes into the archive as it is. */
interface Plain {
  readonly path: string;
  readonly size: number;
  read(offset: number, length: number): Uint8Array | Promise<Uint8Array>;
}

/** What an archive is made of; each part is asked for once, one after the other. */
interface Source {
  readonly baseDigest: string;
  plain(): AsyncIterable<Plain>;
  blocks(): AsyncIterable<DiskBlock>;
}

/** The file of a playground that nobody has open. */
export function packPlayground(name: string, { files, base, baseDigest }: Contents): ReadableStream<Uint8Array> {
  return packed(name, {
    baseDigest,
    plain: () => filesIn(files, plainFolders),
    blocks: async function* () {
      const disk = new SparseDisk(base, await openDiskFiles(files));
      const generation = disk.freeze();
      try {
        yield* disk.writtenBlocks(generation);
      } finally {
        disk.forget(generation);
        disk.close();
      }
    },
  });
}

/** The file of a playground that goes on: of the instant at which its stores were frozen. They are released when it is written, or given up. */
export function packFrozen(
  name: string,
  {
    files,
    stores,
    baseDigest,
  }: { readonly files: ByteFiles; readonly stores: FrozenStores; readonly baseDigest: string },
): ReadableStream<Uint8Array> {
  return packed(name, {
    baseDigest,
    plain: async function* () {
      for (const [digest, size] of stores.blobs)
        yield {
          path: `blobs/${digest.slice(digest.indexOf(":") + 1)}`,
          size,
          read: (offset, length) => stores.readBlob(digest, offset, length),
        };
      yield* filesIn(files, plainFolders);
    },
    blocks: async function* () {
      yield* stores.blocks;
    },
  });
}

function packed(name: string, source: Source): ReadableStream<Uint8Array> {
  return writeTar(entries(name, source)).pipeThrough(
    new CompressionStream("gzip") as unknown as TransformStream<Uint8Array, Uint8Array>,
  );
}

async function* filesIn(files: ByteFiles, folders: readonly string[]): AsyncGenerator<Plain> {
  for (const folder of folders)
    for (const { name } of await files.list(folder)) {
      const open = await files.open(`${folder}/${name}`);
      try {
        yield { path: `${folder}/${name}`, size: open.size(), read: (at, length) => readBytes(open, at, length) };
      } finally {
        open.close();
      }
    }
}

async function* entries(name: string, source: Source): AsyncGenerator<TarInput> {
  const digests: string[] = [];
  const entry = function* (path: string, body: Uint8Array): Generator<TarInput> {
    digests.push(`${hex(sha256(body))}  ${path}\n`);
    yield { header: { name: path, type: "file", size: body.length }, body };
  };
  yield* entry(metadata, encode(JSON.stringify({ format: archiveFormat, name, disk: source.baseDigest })));
  for await (const { path, size, read } of source.plain()) {
    if (!entryNames.test(path)) continue;
    const hash = sha256.create();
    let at = 0;
    yield {
      header: { name: path, type: "file", size },
      body: new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            const bytes = await read(at, Math.min(piece, size - at));
            at += bytes.length;
            hash.update(bytes);
            if (bytes.length > 0) controller.enqueue(bytes);
            if (at >= size || bytes.length === 0) controller.close();
          },
        },
        { highWaterMark: 0 },
      ),
    };
    digests.push(`${hex(hash.digest())}  ${path}\n`);
  }
  for await (const block of source.blocks()) yield* entry(`disk/${block.block}`, block.read());
  const body = encode(digests.join(""));
  yield { header: { name: sums, type: "file", size: body.length }, body };
}

/** Fills an empty store from a playground's file, and answers the name that it carries. Fails with what is wrong with the file. */
export async function unpackPlayground(source: ReadableStream<Uint8Array>, contents: Contents): Promise<string> {
  const seen = new Map<string, string>();
  let name: string | undefined;
  let complete = false;
  const disk = new SparseDisk(contents.base, await openDiskFiles(contents.files));
  try {
    for await (const { entry, body } of readTar(await decompressAny(source))) {
      if (complete) throw refused(`${show(entry.name)} stands behind its end`);
      if (entry.type !== "file") throw refused(`${show(entry.name)} is no plain file`);
      if (name === undefined) {
        if (entry.name !== metadata) throw refused(`it does not begin with ${metadata}`);
        const bytes = await whole(entry.name, body);
        name = nameIn(bytes, contents.baseDigest);
        seen.set(metadata, hex(sha256(bytes)));
      } else if (entry.name === sums) {
        compare(new TextDecoder().decode(await whole(sums, body)), seen);
        complete = true;
      } else {
        if (!entryNames.test(entry.name)) throw refused(`${show(entry.name)} is no part of a playground`);
        if (seen.has(entry.name)) throw refused(`${entry.name} is in it twice`);
        const digest = entry.name.startsWith("disk/")
          ? await takeBlock(disk, Number(entry.name.slice(5)), body)
          : await takeFile(contents.files, entry.name, body);
        if (entry.name.startsWith("blobs/") && entry.name !== `blobs/${digest}`)
          throw refused(`${entry.name} has the digest ${digest}`);
        seen.set(entry.name, digest);
      }
    }
  } catch (error) {
    throw explained(error);
  } finally {
    disk.close();
  }
  if (name === undefined || !complete) throw refused("it ends before its list of digests");
  return name;
}

async function takeFile(files: ByteFiles, path: string, body: ReadableStream<Uint8Array>): Promise<string> {
  const hash = sha256.create();
  const file = await files.open(path);
  try {
    file.truncate(0);
    let at = 0;
    for await (const bytes of chunks(body)) {
      hash.update(bytes);
      file.write(at, bytes);
      at += bytes.length;
    }
    file.flush();
  } finally {
    file.close();
  }
  return hex(hash.digest());
}

async function takeBlock(disk: SparseDisk, block: number, body: ReadableStream<Uint8Array>): Promise<string> {
  const bytes = await whole(`disk/${block}`, body, DISK_BLOCK);
  const offset = block * DISK_BLOCK;
  if (offset + bytes.length > disk.size) throw refused(`disk/${block} lies outside of the disk`);
  disk.write(offset, bytes);
  return hex(sha256(bytes));
}

function nameIn(bytes: Uint8Array, baseDigest: string): string {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw refused(`${metadata} is no JSON`);
  }
  const { format, name, disk } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof format !== "number" || typeof name !== "string") throw refused(`${metadata} lacks its format or its name`);
  if (format !== archiveFormat) throw refused(`it is of format ${format}, and this site reads format ${archiveFormat}`);
  if (disk !== baseDigest) throw refused("its disk was made by another version of this site");
  return name.slice(0, 80);
}

/** Every entry is listed with its digest, and everything listed was there. */
function compare(text: string, seen: ReadonlyMap<string, string>): void {
  const listed = new Map(
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => [line.slice(66), line.slice(0, 64)]),
  );
  for (const [path, digest] of seen) {
    const wanted = listed.get(path);
    if (wanted === undefined) throw refused(`${path} is not in its list of digests`);
    if (wanted !== digest) throw refused(`${path} has the digest ${digest}, and ${show(wanted)} in its list`);
  }
  for (const path of listed.keys()) if (!seen.has(path)) throw refused(`${show(path)} is missing`);
}

async function whole(path: string, body: ReadableStream<Uint8Array>, limit = smallEntry): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const bytes of chunks(body)) {
    parts.push(bytes);
    length += bytes.length;
    if (length > limit) throw refused(`${path} is too large`);
  }
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

async function* chunks(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}

const refused = (why: string): EngineError =>
  new EngineError("invalidParameter", `This file cannot be opened as a playground: ${why}.`);

/** Whatever the parsers say of bytes that are no archive; a storage that is full stays what it is. */
function explained(error: unknown): unknown {
  if (error instanceof EngineError && error.message.startsWith("This file")) return error;
  if (error instanceof DOMException && error.name === "QuotaExceededError")
    return new EngineError("unavailable", "The browser's storage is full: the playground does not fit.");
  return refused(`it is damaged (${error instanceof Error ? error.message : String(error)})`);
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
/** Names come from the file: short, and without control characters. */
const show = (text: string): string => JSON.stringify(text.slice(0, 80));
