/**
 * Tar archives: the ustar format of POSIX with pax extended headers, and GNU's long names and base-256 numbers, as Go's
 * archive/tar reads and writes them for Docker.
 */
import { EngineError } from "./errors.ts";

export type TarType = "file" | "hardlink" | "symlink" | "char" | "block" | "directory" | "fifo";

export interface TarHeader {
  readonly name: string;
  readonly type: TarType;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of regular files; 0 for all others. */
  readonly size: number;
  /** Seconds since 1970, with a fraction. */
  readonly mtime: number;
  readonly linkName: string;
  readonly major: number;
  readonly minor: number;
  readonly userName?: string;
  readonly groupName?: string;
  readonly xattrs?: Readonly<Record<string, Uint8Array>>;
}
/** As found in an archive: `offset` is where the data begins. */
export interface TarEntry extends TarHeader {
  readonly offset: number;
}

export const tarBlock = 512;
export const tarPadding = (size: number): number => (tarBlock - (size % tarBlock)) % tarBlock;

export const xattrPrefix = "SCHILY.xattr.";

const decoder = new TextDecoder();

export const tarError = (message: string): EngineError => new EngineError("invalidParameter", message);

/** Go's archive/tar.ErrHeader, as Docker's answers quote it. */
export const invalidHeader = (): EngineError => tarError("archive/tar: invalid tar header");

export function readText(block: Uint8Array, offset: number, length: number): string {
  const field = block.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return decoder.decode(end < 0 ? field : field.subarray(0, end));
}

/** An octal number, or GNU's base-256 one. */
export function readNumber(block: Uint8Array, offset: number, length: number): number {
  const first = block[offset] ?? 0;
  if ((first & 0x80) !== 0) {
    const negative = (first & 0x40) !== 0;
    let value = negative ? first - 0x100 : first & 0x7f;
    for (let i = 1; i < length; i++) value = value * 256 + (block[offset + i] ?? 0);
    if (!Number.isSafeInteger(value)) throw invalidHeader();
    return value;
  }
  const text = readText(block, offset, length).trim();
  if (text === "") return 0;
  if (!/^[0-7]+$/.test(text)) throw invalidHeader();
  return Number.parseInt(text, 8);
}

/** The sum over the block with the checksum field as spaces; old writers summed signed bytes. */
export function checksumMatches(block: Uint8Array): boolean {
  let unsigned = 0;
  let signed = 0;
  for (let i = 0; i < tarBlock; i++) {
    const byte = i >= 148 && i < 156 ? 32 : (block[i] ?? 0);
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  const stored = readNumber(block, 148, 8);
  return stored === unsigned || stored === signed;
}

/** Records "length key=value\n". Values stay bytes: those of extended attributes are binary. */
export function parsePax(data: Uint8Array): Map<string, Uint8Array> {
  const records = new Map<string, Uint8Array>();
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(32, at);
    const length = space < 0 ? Number.NaN : Number(decoder.decode(data.subarray(at, space)));
    const end = at + length;
    if (!Number.isSafeInteger(length) || end > data.length || end <= space || data[end - 1] !== 10)
      throw invalidHeader();
    const equals = data.indexOf(61, space);
    if (equals < 0 || equals >= end) throw invalidHeader();
    records.set(decoder.decode(data.subarray(space + 1, equals)), data.slice(equals + 1, end - 1));
    at = end;
  }
  return records;
}

export const tarTypes: Readonly<Record<string, TarType>> = {
  "\0": "file",
  "0": "file",
  "7": "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "char",
  "4": "block",
  "5": "directory",
  "6": "fifo",
};
