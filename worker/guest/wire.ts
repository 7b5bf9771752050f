/** Bytes that break the protocol's rules. */
export class WireError extends Error {
  override readonly name = "WireError";
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false });

/** Builds a payload of little-endian fields; grows as needed. */
export class WireWriter {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

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

  /** A string with its length and a NUL. A NUL inside cannot be meant: the kernel would see another string. */
  string(value: string): this {
    const bytes = encoder.encode(value);
    if (bytes.length > 0xffff) throw new WireError("string too long");
    if (bytes.includes(0)) throw new WireError("NUL in string");
    return this.u16(bytes.length).raw(bytes).u8(0);
  }

  data(value: Uint8Array | string): this {
    const bytes = typeof value === "string" ? encoder.encode(value) : value;
    return this.u32(bytes.length).raw(bytes);
  }

  raw(bytes: Uint8Array): this {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** What was written so far; valid until the next write. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

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

/** Reads a payload's fields; throws {@link WireError} at its end. */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
    return Number(this.#view.getBigUint64(this.#take(8), true));
  }

  i64(): number {
    return Number(this.#view.getBigInt64(this.#take(8), true));
  }

  string(): string {
    const length = this.u16();
    const text = decoder.decode(this.raw(length));
    if (this.u8() !== 0) throw new WireError("string without its end");
    return text;
  }

  /** A copy, so that it does not hold the frame in memory. */
  data(): Uint8Array {
    return this.raw(this.u32()).slice();
  }

  /** A view into the frame. */
  raw(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  rest(): Uint8Array {
    return this.raw(this.remaining);
  }

  /** How many elements follow, each at least `size` bytes long: nothing is allocated for more than there are. */
  count(size: number): number {
    const count = this.u32();
    if (count * size > this.remaining) throw new WireError(`${count} elements in ${this.remaining} bytes`);
    return count;
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.remaining) throw new WireError(`${length} bytes wanted, ${this.remaining} there`);
    this.#at += length;
    return at;
  }
}
