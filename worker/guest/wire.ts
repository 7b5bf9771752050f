/** The fields of the agent's frames (guest-image/agent/wire.c). */
import { LittleEndianReader, LittleEndianWriter } from "../bytes/little-endian.ts";

/** Bytes that break the protocol's rules. */
export class WireError extends Error {
  override readonly name = "WireError";
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: false });

/** Builds a payload. */
export class WireWriter extends LittleEndianWriter {
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
}

/** Reads a payload's fields; throws {@link WireError} at its end. */
export class WireReader extends LittleEndianReader {
  constructor(bytes: Uint8Array) {
    super(bytes, (wanted, there) => new WireError(`${wanted} bytes wanted, ${there} there`));
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

  rest(): Uint8Array {
    return this.raw(this.remaining);
  }

  /** How many elements follow, each at least `size` bytes long: nothing is allocated for more than there are. */
  count(size: number): number {
    const count = this.u32();
    if (count * size > this.remaining) throw new WireError(`${count} elements in ${this.remaining} bytes`);
    return count;
  }
}
