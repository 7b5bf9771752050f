/**
 * Layers as eStargz (stargz-snapshotter, docs/estargz.md): a gzip'd tar that any registry and engine takes, in which each file, or chunk of
 * a large file, is a gzip member of its own; an index at the end (the TOC) says where each lies and what it hashes to, so that a reader can
 * fetch a layer file by file.
 */

import { createHash } from "node:crypto";
import { crc32, deflateRawSync } from "node:zlib";
import { BLOCK, padding, type TarFields, tarHeader } from "./tar-header.ts";

export interface LayerEntry extends TarFields {
  /** For type "file". */
  readonly data?: Uint8Array;
}

/** One entry of the TOC, with the specification's own names. */
export interface TocEntry {
  readonly name: string;
  readonly type: "dir" | "reg" | "symlink" | "hardlink" | "char" | "chunk";
  readonly size?: number;
  readonly modtime?: string;
  readonly linkName?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly devMajor?: number;
  readonly devMinor?: number;
  readonly digest?: string;
  readonly offset?: number;
  readonly chunkOffset?: number;
  readonly chunkSize?: number;
  readonly chunkDigest?: string;
}

export interface Layer {
  readonly blob: Uint8Array;
  readonly digest: string;
  readonly diffId: string;
  readonly uncompressedSize: number;
  readonly tocDigest: string;
}

export const TOC_NAME = "stargz.index.json";
export const TOC_DIGEST_ANNOTATION = "containerd.io/snapshot/stargz/toc.digest";
export const UNCOMPRESSED_SIZE_ANNOTATION = "io.containers.estargz.uncompressed-size";
export const FOOTER_SIZE = 51;
const PREFETCH_LANDMARK = ".prefetch.landmark";
const NO_PREFETCH_LANDMARK = ".no.prefetch.landmark";
/** Small enough that reading the head of a big library does not fetch all of it. */
const CHUNK_SIZE = 512 * 1024;

const TOC_TYPE = { file: "reg", directory: "dir", symlink: "symlink", hardlink: "hardlink", char: "char" } as const;
const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);

const sha256 = (data: Uint8Array): string => `sha256:${createHash("sha256").update(data).digest("hex")}`;

/** A gzip member with nothing in its header that depends on the machine. */
function gzipMember(data: Uint8Array): Uint8Array {
  // Higher levels take half as long again for a thousandth less.
  const body = deflateRawSync(data, { level: 6 });
  const member = new Uint8Array(GZIP_HEADER.length + body.length + 8);
  member.set(GZIP_HEADER);
  member.set(body, GZIP_HEADER.length);
  const trailer = new DataView(member.buffer, GZIP_HEADER.length + body.length);
  trailer.setUint32(0, crc32(data), true);
  trailer.setUint32(4, data.length >>> 0, true);
  return member;
}

/** An empty gzip member whose extra field holds the TOC's offset. */
function footer(tocOffset: number): Uint8Array {
  const extra = new TextEncoder().encode(`${tocOffset.toString(16).padStart(16, "0")}STARGZ`);
  const bytes = new Uint8Array(FOOTER_SIZE);
  bytes.set([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 26, 0, 0x53, 0x47, extra.length, 0]);
  bytes.set(extra, 16);
  bytes.set([1, 0, 0, 0xff, 0xff], 16 + extra.length);
  return bytes;
}

class LayerWriter {
  readonly #members: Uint8Array[] = [];
  readonly #pending: Uint8Array[] = [];
  readonly #tar = createHash("sha256");
  readonly #toc: TocEntry[] = [];
  #offset = 0;
  #uncompressed = 0;

  /** Headers and padding between two files' payloads share a member. */
  #queue(data: Uint8Array): void {
    if (data.length > 0) this.#pending.push(data);
  }

  #member(data: Uint8Array): void {
    this.#tar.update(data);
    this.#uncompressed += data.length;
    const member = gzipMember(data);
    this.#members.push(member);
    this.#offset += member.length;
  }

  #flush(): void {
    if (this.#pending.length === 0) return;
    this.#member(Buffer.concat(this.#pending));
    this.#pending.length = 0;
  }

  add({ data = new Uint8Array(), ...fields }: LayerEntry): void {
    this.#queue(tarHeader(fields));
    const common: TocEntry = {
      name: fields.name,
      type: TOC_TYPE[fields.type],
      modtime: new Date(fields.mtime * 1000).toISOString().replace(".000Z", "Z"),
      mode: fields.mode,
      uid: fields.uid,
      gid: fields.gid,
      ...(fields.linkName !== undefined && { linkName: fields.linkName }),
      ...(fields.type === "char" && { devMajor: 0, devMinor: 0 }),
    };
    if (fields.type !== "file" || data.length === 0) {
      this.#toc.push(common);
      return;
    }
    this.#flush();
    const digest = sha256(data);
    for (let start = 0; start < data.length; start += CHUNK_SIZE) {
      const chunk = data.subarray(start, start + CHUNK_SIZE);
      const isLast = start + CHUNK_SIZE >= data.length;
      const place = {
        offset: this.#offset,
        ...(start > 0 && { chunkOffset: start }),
        // The specification wants 0 for the last or only chunk, and zero values are left out of the JSON.
        ...(!isLast && { chunkSize: chunk.length }),
        chunkDigest: data.length <= CHUNK_SIZE ? digest : sha256(chunk),
      };
      this.#toc.push(
        start === 0
          ? { ...common, size: data.length, digest, ...place }
          : { name: fields.name, type: "chunk", ...place },
      );
      this.#member(chunk);
    }
    this.#queue(padding(data.length));
  }

  finish(): Layer {
    this.#flush();
    const toc = new TextEncoder().encode(JSON.stringify({ version: 1, entries: this.#toc }));
    const tocOffset = this.#offset;
    const header = tarHeader({
      name: TOC_NAME,
      type: "file",
      mode: 0o444,
      uid: 0,
      gid: 0,
      size: toc.length,
      mtime: 0,
    });
    this.#member(Buffer.concat([header, toc, padding(toc.length), new Uint8Array(2 * BLOCK)]));
    this.#members.push(footer(tocOffset));
    const blob = Buffer.concat(this.#members);
    return {
      blob,
      digest: sha256(blob),
      diffId: `sha256:${this.#tar.digest("hex")}`,
      uncompressedSize: this.#uncompressed,
      tocDigest: sha256(toc),
    };
  }
}

/** The same entries give the same bytes. `prefetch` are the names that a reader should have before the image is used, in order. */
export function writeEstargz(entries: readonly LayerEntry[], prefetch: readonly string[] = []): Layer {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const fileOf = (name: string): LayerEntry | undefined => {
    const entry = byName.get(name);
    return entry?.type === "hardlink" ? byName.get(entry.linkName ?? "") : entry;
  };
  const first = [...new Set(prefetch.flatMap((name) => fileOf(name) ?? []))].filter(({ type }) => type === "file");
  const isFirst = new Set(first);
  const landmark: LayerEntry = {
    name: first.length > 0 ? PREFETCH_LANDMARK : NO_PREFETCH_LANDMARK,
    type: "file",
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: 1,
    mtime: 0,
    data: Uint8Array.of(0xf),
  };
  const writer = new LayerWriter();
  for (const entry of [...first, landmark]) writer.add(entry);
  for (const entry of entries) if (!isFirst.has(entry)) writer.add(entry);
  return writer.finish();
}
