/** Fields of little-endian numbers and bytes, one after the other, as the agent's frames and 9p messages have them. */

/** Builds such fields in a buffer that grows as needed. */
export class LittleEndianWriter {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length: number;

  /** `start`: bytes left free for a header. */
  constructor(start = 0) {
    this.#length = start;
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    const at = this.#room(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.#room(2);
    this.#view.setUint16(at, value, true);
    return this;
  }

  u32(value: number): this {
    const at = this.#room(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  u64(value: number | bigint): this {
    const at = this.#room(8);
    this.#view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true);
    return this;
  }

  raw(bytes: Uint8Array): this {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  patchU8(at: number, value: number): void {
    this.#view.setUint8(at, value);
  }

  patchU16(at: number, value: number): void {
    this.#view.setUint16(at, value, true);
  }

  patchU32(at: number, value: number): void {
    this.#view.setUint32(at, value, true);
  }

  /** Takes back what was written after `length`. */
  cut(length: number): void {
    this.#length = length;
  }

  /** What was written so far; valid until the next write. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Can replace the buffer: take the place first, then the buffer. */
  #room(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
}

/** Reads such fields; what `tooShort` answers is thrown where they end early. */
export class LittleEndianReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #tooShort: (wanted: number, there: number) => Error;
  #at = 0;

  constructor(bytes: Uint8Array, tooShort: (wanted: number, there: number) => Error) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#tooShort = tooShort;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** Rounded beyond 2^53. */
  u64(): number {
    return Number(this.big64());
  }

  big64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  /** Rounded beyond 2^53. */
  i64(): number {
    return Number(this.#view.getBigInt64(this.#take(8), true));
  }

  /** A view into what is read. */
  raw(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.remaining) throw this.#tooShort(length, this.remaining);
    this.#at += length;
    return at;
  }
}
