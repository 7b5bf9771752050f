/** Writes tar archives: plain ustar headers where they suffice, pax extended headers where not, as moby does. */
import { type TarHeader, type TarType, tarBlock, tarPadding, xattrPrefix } from "./tar-format.ts";

export interface TarInput {
  /** `size` of a regular file must be the body's length. */
  readonly header: Partial<TarHeader> & Pick<TarHeader, "name" | "type">;
  readonly body?: Uint8Array | ReadableStream<Uint8Array>;
}

const flags: Readonly<Record<TarType, string>> = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  char: "3",
  block: "4",
  directory: "5",
  fifo: "6",
};
const maxOctal7 = 0o7777777;
const maxOctal11 = 0o77777777777;
const encoder = new TextEncoder();

/** The header blocks of an entry: one, or three and more with a pax header in front. */
export function encodeHeader(input: TarInput["header"]): Uint8Array {
  const header = { mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 0, linkName: "", major: 0, minor: 0, ...input };
  const name = header.type === "directory" && !header.name.endsWith("/") ? `${header.name}/` : header.name;
  const pax: [string, string | Uint8Array][] = [];
  const split = splitName(name);
  if (split === undefined) pax.push(["path", name]);
  if (!fits(header.linkName, 100)) pax.push(["linkpath", header.linkName]);
  if (header.size > maxOctal11) pax.push(["size", String(header.size)]);
  if (header.uid > maxOctal7) pax.push(["uid", String(header.uid)]);
  if (header.gid > maxOctal7) pax.push(["gid", String(header.gid)]);
  for (const [key, value] of Object.entries(header.xattrs ?? {})) pax.push([xattrPrefix + key, value]);
  const main = block({ ...header, flag: flags[header.type] }, split ?? { prefix: "", name: cut(name) });
  if (pax.length === 0) return main;
  pax.sort(([a], [b]) => (a < b ? -1 : 1));
  const records = joinBytes(pax.map(([key, value]) => paxRecord(key, value)));
  const base = name.replace(/\/$/, "").split("/").pop() ?? "";
  const paxName = { prefix: "", name: cut(`PaxHeaders.0/${base}`) };
  const front = block(
    { mode: 0, uid: 0, gid: 0, size: records.length, mtime: 0, linkName: "", major: 0, minor: 0, flag: "x" },
    paxName,
  );
  return joinBytes([front, records, new Uint8Array(tarPadding(records.length)), main]);
}

/** An archive of the entries, with its end mark. */
export function writeTar(entries: AsyncIterable<TarInput> | Iterable<TarInput>): ReadableStream<Uint8Array> {
  const chunks = tarChunks(entries);
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await chunks.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

async function* tarChunks(entries: AsyncIterable<TarInput> | Iterable<TarInput>): AsyncGenerator<Uint8Array, void> {
  for await (const { header, body } of entries) {
    const size = header.type === "file" ? (header.size ?? (body instanceof Uint8Array ? body.length : 0)) : 0;
    yield encodeHeader({ ...header, size });
    let written = 0;
    if (body instanceof Uint8Array) {
      written = body.length;
      if (written > 0) yield body;
    } else if (body !== undefined) {
      const reader = body.getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        written += part.value.length;
        if (written > size) throw new RangeError("archive/tar: write too long");
        yield part.value;
      }
    }
    if (written !== size) throw new RangeError(`archive/tar: missed writing ${size - written} bytes`);
    if (tarPadding(size) > 0) yield new Uint8Array(tarPadding(size));
  }
  yield new Uint8Array(2 * tarBlock);
}

interface BlockFields {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly linkName: string;
  readonly major: number;
  readonly minor: number;
  readonly userName?: string;
  readonly groupName?: string;
  readonly flag: string;
}

function block(fields: BlockFields, path: { readonly prefix: string; readonly name: string }): Uint8Array {
  const out = new Uint8Array(tarBlock);
  const put = (text: string, offset: number, length: number): void =>
    void encoder.encodeInto(text, out.subarray(offset, offset + length));
  const octal = (value: number, offset: number, length: number): void =>
    put(
      `${Math.max(0, Math.floor(value))
        .toString(8)
        .padStart(length - 1, "0")}\0`,
      offset,
      length,
    );
  put(path.name, 0, 100);
  octal(fields.mode & 0o7777, 100, 8);
  octal(fields.uid > maxOctal7 ? 0 : fields.uid, 108, 8);
  octal(fields.gid > maxOctal7 ? 0 : fields.gid, 116, 8);
  octal(fields.size > maxOctal11 ? 0 : fields.size, 124, 12);
  octal(fields.mtime, 136, 12);
  put(fields.flag, 156, 1);
  put(fits(fields.linkName, 100) ? fields.linkName : "", 157, 100);
  put("ustar\x0000", 257, 8);
  put(fields.userName ?? "", 265, 32);
  put(fields.groupName ?? "", 297, 32);
  octal(fields.major, 329, 8);
  octal(fields.minor, 337, 8);
  put(path.prefix, 345, 155);
  put("        ", 148, 8);
  const sum = out.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148, 8);
  return out;
}

/** ustar holds ASCII names of up to 100 bytes behind a prefix of up to 155, split at a slash. */
function splitName(name: string): { readonly prefix: string; readonly name: string } | undefined {
  if (fits(name, 100)) return { prefix: "", name };
  if (!fits(name, 256)) return undefined;
  const at = name.lastIndexOf("/", name.endsWith("/") ? name.length - 2 : name.length - 1);
  for (let slash = Math.min(at, 155); slash > 0; slash = name.lastIndexOf("/", slash - 1)) {
    if (name[slash] !== "/") continue;
    const rest = name.slice(slash + 1);
    if (rest.length > 100) return undefined;
    if (rest.length > 0) return { prefix: name.slice(0, slash), name: rest };
  }
  return undefined;
}

const fits = (text: string, length: number): boolean => text.length <= length && /^[\x20-\x7e]*$/.test(text);
const cut = (name: string): string => name.replace(/[^\x20-\x7e]/g, "_").slice(0, 100);

function paxRecord(key: string, value: string | Uint8Array): Uint8Array {
  const body = joinBytes([encoder.encode(` ${key}=`), typeof value === "string" ? encoder.encode(value) : value]);
  let length = body.length + 1;
  length += String(length + String(length).length).length;
  return joinBytes([encoder.encode(String(length)), body, encoder.encode("\n")]);
}

function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
