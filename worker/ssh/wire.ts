/** The data types of SSH's protocols (RFC 4251, section 5), of which keys, signatures and the agent's messages are made. */
import { concat } from "../asn1/der.ts";

export function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** A text or bytes behind their length. */
export function string(value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  return concat([uint32(bytes.length), bytes]);
}

/** A number that is not negative: no zeros in front, except the one that keeps its first bit from being a sign. */
export function mpint(bytes: Uint8Array): Uint8Array {
  const digits = withoutZeros(bytes);
  return string((digits[0] ?? 0) > 127 ? concat([Uint8Array.of(0), digits]) : digits);
}

export function withoutZeros(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? new Uint8Array(0) : bytes.subarray(first);
}

/** Reads one after the other; throws where the bytes end too early. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) throw new Error("ssh: short read");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
  uint32(): number {
    const four = this.take(4);
    return new DataView(four.buffer, four.byteOffset).getUint32(0);
  }
  string(): Uint8Array {
    return this.take(this.uint32());
  }
  text(): string {
    return new TextDecoder().decode(this.string());
  }
}
