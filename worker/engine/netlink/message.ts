/** Netlink messages (struct nlmsghdr): what is written into one `netlink` operation of the guest, and what comes back. */
import { concat } from "./attributes.ts";

export const flags = {
  request: 0x1,
  ack: 0x4,
  echo: 0x8,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  append: 0x800,
  dump: 0x300,
  /** Of an NLMSG_ERROR or NLMSG_DONE in a dump that changes disturbed. */
  dumpInterrupted: 0x10,
} as const;

export const controlTypes = { error: 2, done: 3 } as const;
const headerSize = 16;

/** One message; its sequence number is given by {@link sequence}. */
export function message(
  type: number,
  flagBits: number,
  family: Uint8Array,
  attributes: readonly Uint8Array[] = [],
): Uint8Array {
  const body = concat([family, ...attributes]);
  const out = new Uint8Array(headerSize + ((body.length + 3) & ~3));
  const view = new DataView(out.buffer);
  view.setUint32(0, headerSize + body.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flagBits, true);
  out.set(body, headerSize);
  return out;
}

/** Joins messages into the bytes of one operation and numbers them from 1, so that an error can be traced to its message. */
export function sequence(messages: readonly Uint8Array[]): Uint8Array {
  const out = concat(messages);
  const view = new DataView(out.buffer);
  let at = 0;
  let number = 1;
  while (at + headerSize <= out.length) {
    view.setUint32(at + 8, number++, true);
    at += (view.getUint32(at, true) + 3) & ~3;
  }
  return out;
}

export interface ParsedMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** The messages up to the first that is malformed; bytes from the guest are not trusted. */
export function parseMessages(bytes: Uint8Array): readonly ParsedMessage[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out: ParsedMessage[] = [];
  let at = 0;
  while (at + headerSize <= bytes.length) {
    const length = view.getUint32(at, true);
    if (length < headerSize || at + length > bytes.length) break;
    out.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      payload: bytes.subarray(at + headerSize, at + length),
    });
    at += (length + 3) & ~3;
  }
  return out;
}

export interface Acknowledgement {
  readonly sequence: number;
  /** 0 for success, else a positive errno. */
  readonly errno: number;
}

export function parseAcknowledgements(bytes: Uint8Array): readonly Acknowledgement[] {
  return parseMessages(bytes).flatMap(({ type, sequence: number, payload }) => {
    if (type !== controlTypes.error || payload.length < 4) return [];
    const errno = -new DataView(payload.buffer, payload.byteOffset, payload.byteLength).getInt32(0, true);
    return [{ sequence: number, errno: errno === 0 ? 0 : errno }];
  });
}
