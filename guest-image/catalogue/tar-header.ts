/**
 * Tar headers (POSIX ustar, with a PAX header where a field does not fit). The eStargz writer needs them apart from the data, which no
 * tar library offers.
 */

export interface TarFields {
  /** Directories end in "/". */
  readonly name: string;
  readonly type: "file" | "directory" | "symlink" | "hardlink" | "char";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
  readonly linkName?: string;
}

export const BLOCK = 512;
const TYPE_FLAG = { file: "0", hardlink: "1", symlink: "2", char: "3", directory: "5" } as const;
const encoder = new TextEncoder();

export const padding = (size: number): Uint8Array => new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);

/** "name" alone, or "prefix/name" split as ustar wants it; undefined when it fits neither way. */
function splitName(name: string): readonly [prefix: string, name: string] | undefined {
  if (encoder.encode(name).length <= 100) return ["", name];
  for (let slash = name.indexOf("/"); slash > 0; slash = name.indexOf("/", slash + 1)) {
    const prefix = name.slice(0, slash);
    const rest = name.slice(slash + 1);
    if (rest !== "" && encoder.encode(prefix).length <= 155 && encoder.encode(rest).length <= 100)
      return [prefix, rest];
  }
  return undefined;
}

function ustar(fields: TarFields, flag: string, [prefix, name]: readonly [string, string]): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const text = (offset: number, value: string, limit: number): void =>
    block.set(encoder.encode(value).subarray(0, limit), offset);
  const octal = (offset: number, value: number, length: number): void =>
    text(offset, `${value.toString(8).padStart(length - 1, "0")}\0`, length);
  text(0, name, 100);
  octal(100, fields.mode, 8);
  octal(108, fields.uid, 8);
  octal(116, fields.gid, 8);
  octal(124, fields.size, 12);
  octal(136, fields.mtime, 12);
  text(148, "        ", 8);
  text(156, flag, 1);
  text(157, fields.linkName ?? "", 100);
  text(257, "ustar\x0000", 8);
  if (flag === "3") {
    octal(329, 0, 8);
    octal(337, 0, 8);
  }
  text(345, prefix, 155);
  const sum = block.reduce((total, byte) => total + byte, 0);
  text(148, `${sum.toString(8).padStart(6, "0")}\0 `, 8);
  return block;
}

function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = encoder.encode(rest).length;
  // The length counts its own digits.
  let length = bytes + String(bytes).length;
  if (bytes + String(length).length !== length) length = bytes + String(length).length;
  return `${length}${rest}`;
}

export function tarHeader(fields: TarFields): Uint8Array {
  const split = splitName(fields.name);
  const longLink = encoder.encode(fields.linkName ?? "").length > 100;
  const header = ustar(fields, TYPE_FLAG[fields.type], split ?? ["", fields.name]);
  if (split !== undefined && !longLink) return header;
  const records =
    (split === undefined ? paxRecord("path", fields.name) : "") +
    (longLink ? paxRecord("linkpath", fields.linkName ?? "") : "");
  const body = encoder.encode(records);
  const pax: TarFields = { ...fields, name: "PaxHeaders/entry", type: "file", mode: 0o644, size: body.length };
  const { linkName: _, ...withoutLink } = pax;
  const parts = [ustar(withoutLink, "x", ["", pax.name]), body, padding(body.length), header];
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
