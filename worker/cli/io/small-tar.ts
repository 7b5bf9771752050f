/** Tar archives (POSIX ustar, with GNU long names read) of what the client itself packs. */
export interface TarFile {
  readonly path: string;
  readonly data: Uint8Array;
  readonly mode?: number;
}

const block = 512;
const padded = (size: number): number => Math.ceil(size / block) * block;

export interface TarHeader {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  /** "0" file, "5" directory, "2" symbolic link. */
  readonly type: string;
  readonly link?: string;
}

const octal = (value: number, width: number): string =>
  `${Math.trunc(value)
    .toString(8)
    .padStart(width - 1, "0")}\0`;

/** One header block, preceded by a pax record where the path or the link is too long for it. */
export function tarHeader(header: TarHeader): Uint8Array {
  const encoder = new TextEncoder();
  const path = encoder.encode(header.path);
  const link = encoder.encode(header.link ?? "");
  const records: string[] = [];
  if (path.length > 100) records.push(paxRecord("path", header.path));
  if (link.length > 100) records.push(paxRecord("linkpath", header.link ?? ""));
  if (header.size >= 8 ** 11) records.push(paxRecord("size", String(header.size)));
  const main = rawHeader({ ...header, path: path.subarray(0, 100), link: link.subarray(0, 100) });
  if (records.length === 0) return main;
  const data = encoder.encode(records.join(""));
  const pax = rawHeader({
    ...header,
    path: encoder.encode("PaxHeaders.0/entry"),
    link: new Uint8Array(),
    size: data.length,
    type: "x",
  });
  const out = new Uint8Array(block + padded(data.length) + block);
  out.set(pax);
  out.set(data, block);
  out.set(main, block + padded(data.length));
  return out;
}

function paxRecord(key: string, value: string): string {
  const body = ` ${key}=${value}\n`;
  const bytes = new TextEncoder().encode(body).length;
  let length = bytes + String(bytes).length;
  if (String(length).length + bytes !== length) length = bytes + String(length).length;
  return length + body;
}

function rawHeader(
  header: Omit<TarHeader, "path" | "link"> & { readonly path: Uint8Array; readonly link: Uint8Array },
): Uint8Array {
  const out = new Uint8Array(block);
  const text = (at: number, value: string): void => out.set(new TextEncoder().encode(value), at);
  out.set(header.path, 0);
  text(100, octal(header.mode & 0o7777, 8));
  text(108, octal(header.uid, 8));
  text(116, octal(header.gid, 8));
  text(124, octal(header.size % 8 ** 11, 12));
  text(136, octal(header.mtime, 12));
  text(148, "        ");
  text(156, header.type);
  out.set(header.link, 157);
  text(257, "ustar\x0000");
  const sum = out.reduce((total, byte) => total + byte, 0);
  text(148, `${sum.toString(8).padStart(6, "0")}\0 `);
  return out;
}

export const tarPadding = (size: number): Uint8Array => new Uint8Array(padded(size) - size);
export const tarEnd = (): Uint8Array => new Uint8Array(2 * block);

export function tarBytes(files: readonly TarFile[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { path, data, mode = 0o644 } of files)
    parts.push(
      tarHeader({ path, mode, uid: 0, gid: 0, size: data.length, mtime: 0, type: "0" }),
      data,
      tarPadding(data.length),
    );
  parts.push(tarEnd());
  const out = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const field = (bytes: Uint8Array, at: number, length: number): string => {
  const part = bytes.subarray(at, at + length);
  const end = part.indexOf(0);
  return new TextDecoder().decode(end < 0 ? part : part.subarray(0, end));
};

/** Reads a header block; `undefined` at the end of the archive. */
export function parseTarHeader(bytes: Uint8Array): TarHeader | undefined {
  if (bytes.every((b) => b === 0)) return undefined;
  const number = (at: number, length: number): number => {
    if (((bytes[at] ?? 0) & 0x80) === 0) return Number.parseInt(field(bytes, at, length).trim() || "0", 8);
    let value = (bytes[at] ?? 0) & 0x7f;
    for (let i = at + 1; i < at + length; i++) value = value * 256 + (bytes[i] ?? 0);
    return value;
  };
  const prefix = field(bytes, 257, 5) === "ustar" ? field(bytes, 345, 155) : "";
  const name = field(bytes, 0, 100);
  return {
    path: prefix === "" ? name : `${prefix}/${name}`,
    mode: number(100, 8),
    uid: number(108, 8),
    gid: number(116, 8),
    size: number(124, 12),
    mtime: number(136, 12),
    type: String.fromCharCode(bytes[156] || 48),
    link: field(bytes, 157, 100),
  };
}

export function untarFiles(bytes: Uint8Array): readonly TarFile[] {
  const files: TarFile[] = [];
  for (let at = 0; at + block <= bytes.length; ) {
    const header = parseTarHeader(bytes.subarray(at, at + block));
    if (header === undefined) break;
    at += block;
    if (header.type === "0")
      files.push({ path: header.path, data: bytes.slice(at, at + header.size), mode: header.mode });
    at += padded(header.size);
  }
  return files;
}

export function paxValues(data: Uint8Array): Readonly<Record<string, string>> {
  const out: Record<string, string> = {};
  let at = 0;
  while (at < data.length) {
    const space = data.indexOf(32, at);
    if (space < 0) break;
    const length = Number(new TextDecoder().decode(data.subarray(at, space)));
    if (!(length > 0)) break;
    const record = new TextDecoder().decode(data.subarray(space + 1, at + length - 1));
    const equals = record.indexOf("=");
    out[record.slice(0, equals)] = record.slice(equals + 1);
    at += length;
  }
  return out;
}
