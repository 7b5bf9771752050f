/** An entry of a cpio archive in the "newc" format, as the kernel unpacks it (Documentation/driver-api/early-userspace/buffer-format.rst). */
export interface CpioEntry {
  readonly path: string;
  /** With the file type's bits, as in st_mode. */
  readonly mode: number;
  readonly data?: Uint8Array | string;
  /** Of a device. */
  readonly major?: number;
  readonly minor?: number;
}

const encoder = new TextEncoder();

/** The archive's bytes: owners and times are 0, inodes count up, so that equal entries make equal archives. */
export function packCpio(entries: readonly CpioEntry[]): Uint8Array {
  const parts = [...entries, { path: "TRAILER!!!", mode: 0 }].flatMap((entry, index) => encode(entry, index + 1));
  const archive = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    archive.set(part, at);
    at += part.length;
  }
  return archive;
}

function encode({ path, mode, data = "", major = 0, minor = 0 }: CpioEntry, inode: number): readonly Uint8Array[] {
  const content = typeof data === "string" ? encoder.encode(data) : data;
  const name = encoder.encode(`${path}\0`);
  const links = (mode & 0o170000) === 0o040000 ? 2 : 1;
  const fields = [inode, mode, 0, 0, links, 0, content.length, 0, 0, major, minor, name.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
  return [encoder.encode(header), name, padding(header.length + name.length), content, padding(content.length)];
}

function padding(length: number): Uint8Array {
  return new Uint8Array((4 - (length % 4)) % 4);
}
