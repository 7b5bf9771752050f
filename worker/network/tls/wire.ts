/** TLS's presentation language (RFC 8446, section 3): numbers in network order, vectors behind their length. */
import { concat } from "../../asn1/der.ts";
import { alerts, TlsError } from "./alerts.ts";

export { concat };

export const u8 = (value: number): Uint8Array => Uint8Array.of(value & 255);
export const u16 = (value: number): Uint8Array => Uint8Array.of((value >>> 8) & 255, value & 255);
export const u24 = (value: number): Uint8Array => Uint8Array.of((value >>> 16) & 255, (value >>> 8) & 255, value & 255);

/** A vector whose length takes `width` bytes. */
export function vector(width: 1 | 2 | 3, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(parts);
  return concat([{ 1: u8, 2: u16, 3: u24 }[width](content.length), content]);
}

/** Reads a message from its start; one that is shorter than it says ends the connection. */
export class WireReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  bytes(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw new TlsError(alerts.decodeError, "a message is cut off");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  number(width: 1 | 2 | 3): number {
    return this.bytes(width).reduce((value, byte) => value * 256 + byte, 0);
  }

  vector(width: 1 | 2 | 3): Uint8Array {
    return this.bytes(this.number(width));
  }

  /** The numbers of a vector of numbers. */
  numbers(vectorWidth: 1 | 2, width: 1 | 2): readonly number[] {
    const list = new WireReader(this.vector(vectorWidth));
    const found: number[] = [];
    while (!list.isAtEnd) found.push(list.number(width));
    return found;
  }
}
