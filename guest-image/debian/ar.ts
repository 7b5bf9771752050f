/**
 * The `ar` container of a .deb file (deb(5)): a global magic, then members with a 60-byte ASCII header each, padded to an even length.
 */

export interface ArMember {
  readonly name: string;
  readonly data: Uint8Array;
}

const MAGIC = "!<arch>\n";
const HEADER_SIZE = 60;

const ascii = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes);

export function readAr(archive: Uint8Array): readonly ArMember[] {
  if (ascii(archive.subarray(0, MAGIC.length)) !== MAGIC) throw new Error("not an ar archive");
  const members: ArMember[] = [];
  let offset = MAGIC.length;
  while (offset < archive.length) {
    const header = ascii(archive.subarray(offset, offset + HEADER_SIZE));
    const size = Number(header.slice(48, 58).trim());
    if (header.length < HEADER_SIZE || header.slice(58) !== "`\n" || !Number.isSafeInteger(size)) {
      throw new Error(`bad ar member header at byte ${offset}`);
    }
    const start = offset + HEADER_SIZE;
    if (start + size > archive.length) throw new Error(`ar member at byte ${offset} is cut short`);
    members.push({ name: header.slice(0, 16).trim().replace(/\/$/, ""), data: archive.subarray(start, start + size) });
    offset = start + size + (size % 2);
  }
  return members;
}
