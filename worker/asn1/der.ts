/** The little of DER (X.690) that keys need: tag, length, content. */
export interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
}

export const tags = { integer: 0x02, bits: 0x03, octets: 0x04, nothing: 0x05, id: 0x06, sequence: 0x30 } as const;

export function encode(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(parts);
  const { length } = content;
  const size: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) size.unshift(rest % 256);
  const head = length < 128 ? [length] : [0x80 | size.length, ...size];
  return concat([Uint8Array.of(tag, ...head), content]);
}

/** The elements that stand one behind the other; throws where lengths do not add up. */
export function decode(bytes: Uint8Array): readonly Element[] {
  const elements: Element[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at] ?? 0;
    let length = bytes[at + 1] ?? 0;
    at += 2;
    if (length > 127) {
      const digits = bytes.subarray(at, at + (length & 127));
      at += digits.length;
      length = digits.reduce((sum, digit) => sum * 256 + digit, 0);
    }
    if (at + length > bytes.length) throw new Error("asn1: syntax error: data truncated");
    elements.push({ tag, content: bytes.subarray(at, at + length) });
    at += length;
  }
  return elements;
}

/** The elements of a sequence. */
export function sequence(element: Element | undefined): readonly Element[] {
  if (element?.tag !== tags.sequence) throw new Error("asn1: structure error: tags don't match");
  return decode(element.content);
}

export const smallInteger = (value: number): Uint8Array =>
  encode(tags.integer, value < 128 ? Uint8Array.of(value) : Uint8Array.of(value >> 8, value & 255));

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** An object identifier in dots. */
export function objectId(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc & 127];
    for (let left = arc >> 7; left > 0; left >>= 7) groups.unshift((left & 127) | 128);
    bytes.push(...groups);
  }
  return encode(tags.id, Uint8Array.from(bytes));
}

export const isObjectId = (element: Element | undefined, dotted: string): boolean =>
  element !== undefined && hex(encode(element.tag, element.content)) === hex(objectId(dotted));

export const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
