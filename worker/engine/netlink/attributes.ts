/**
 * Netlink attributes (struct nlattr): type, length, payload, padded to four bytes. Numbers are in the guest's byte order,
 * little-endian, but for nf_tables, whose attributes are big-endian.
 */

const nestedFlag = 0x8000;
const typeMask = 0x3fff;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function attribute(type: number, payload: Uint8Array): Uint8Array {
  const length = payload.length + 4;
  const out = new Uint8Array((length + 3) & ~3);
  const view = new DataView(out.buffer);
  view.setUint16(0, length, true);
  view.setUint16(2, type, true);
  out.set(payload, 4);
  return out;
}

/** With NLA_F_NESTED, which nf_tables wants. */
export const nested = (type: number, ...attributes: readonly Uint8Array[]): Uint8Array =>
  attribute(type | nestedFlag, concat(attributes));
/** Without NLA_F_NESTED, as rtnetlink's link attributes are written by iproute2. */
export const group = (type: number, ...attributes: readonly Uint8Array[]): Uint8Array =>
  attribute(type, concat(attributes));
/** A string with its final NUL. */
export const text = (type: number, value: string): Uint8Array => attribute(type, encoder.encode(`${value}\0`));
export const u8 = (type: number, value: number): Uint8Array => attribute(type, Uint8Array.of(value));

export function u16(type: number, value: number): Uint8Array {
  const bytes = new Uint8Array(2);
  new DataView(bytes.buffer).setUint16(0, value, true);
  return attribute(type, bytes);
}
export function u32(type: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return attribute(type, bytes);
}
export function u16be(type: number, value: number): Uint8Array {
  return attribute(type, Uint8Array.of(value >> 8, value & 0xff));
}
export function u32be(type: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value >>> 0, false);
  return attribute(type, bytes);
}
export function u64be(type: number, value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, false);
  return attribute(type, bytes);
}

export interface ParsedAttribute {
  readonly type: number;
  readonly payload: Uint8Array;
}

/** The attributes up to the first that is malformed. Answers come from the guest and are not trusted. */
export function parseAttributeList(bytes: Uint8Array): readonly ParsedAttribute[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const out: ParsedAttribute[] = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > bytes.length) break;
    out.push({ type: view.getUint16(at + 2, true) & typeMask, payload: bytes.subarray(at + 4, at + length) });
    at += (length + 3) & ~3;
  }
  return out;
}

/** By type; of a repeated attribute the last. */
export class Attributes {
  readonly #byType = new Map<number, Uint8Array>();
  constructor(bytes: Uint8Array | undefined) {
    for (const { type, payload } of parseAttributeList(bytes ?? new Uint8Array())) this.#byType.set(type, payload);
  }
  bytes(type: number): Uint8Array | undefined {
    return this.#byType.get(type);
  }
  nested(type: number): Attributes {
    return new Attributes(this.#byType.get(type));
  }
  /** Up to the first NUL. */
  text(type: number): string | undefined {
    const payload = this.#byType.get(type);
    if (payload === undefined) return undefined;
    const end = payload.indexOf(0);
    return decoder.decode(end < 0 ? payload : payload.subarray(0, end));
  }
  u8(type: number): number | undefined {
    return this.#byType.get(type)?.[0];
  }
  u16(type: number): number | undefined {
    return this.#view(type, 2)?.getUint16(0, true);
  }
  u16be(type: number): number | undefined {
    return this.#view(type, 2)?.getUint16(0, false);
  }
  u32(type: number): number | undefined {
    return this.#view(type, 4)?.getUint32(0, true);
  }
  u32be(type: number): number | undefined {
    return this.#view(type, 4)?.getUint32(0, false);
  }
  u64be(type: number): bigint | undefined {
    return this.#view(type, 8)?.getBigUint64(0, false);
  }
  #view(type: number, size: number): DataView | undefined {
    const payload = this.#byType.get(type);
    if (payload === undefined || payload.length < size) return undefined;
    return new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  }
}
