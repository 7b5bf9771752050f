/** 9P2000.L messages: little-endian numbers, strings of a 16-bit length. */
import { LittleEndianReader, LittleEndianWriter } from "../../bytes/little-endian.ts";

/** Bytes of a message's size, type and tag. */
const HEADER = 7;

/** Reads a message's body; throws RangeError at its end. */
export class MessageReader extends LittleEndianReader {
  constructor(body: Uint8Array) {
    super(body, () => new RangeError("9p message is cut off"));
  }

  string(): string {
    return new TextDecoder().decode(this.raw(this.u16()));
  }
}

export class MessageWriter extends LittleEndianWriter {
  constructor() {
    super(HEADER);
  }

  string(value: string): this {
    const bytes = new TextEncoder().encode(value);
    return this.u16(bytes.length).raw(bytes);
  }

  /** The whole message: size, type, tag, then what was written. */
  finish(kind: number, tag: number): Uint8Array {
    this.patchU32(0, this.length);
    this.patchU8(4, kind);
    this.patchU16(5, tag);
    return this.bytes();
  }
}
