/** The small part of WebAssembly's binary format (core specification, chapter 5) that the emulator's generated modules use. */

export class WasmReader {
  at = 0;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw new Error("WebAssembly ends early");
    return value;
  }

  /** Unsigned LEB128 of at most 32 bits. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new Error("WebAssembly number too long");
  }

  skipLeb(): void {
    while (this.byte() >= 0x80);
  }

  take(length: number): Uint8Array {
    const end = this.at + length;
    if (end > this.bytes.length) throw new Error("WebAssembly ends early");
    const taken = this.bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }

  name(): string {
    return new TextDecoder().decode(this.take(this.u32()));
  }
}

export function unsignedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

export function signedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) {
      bytes.push(low);
      return bytes;
    }
    bytes.push(low | 0x80);
  }
}

export function nameBytes(name: string): number[] {
  const text = new TextEncoder().encode(name);
  return [...unsignedLeb(text.length), ...text];
}

/** Calls back for each `call` of a function body: where its index stands, how long it is, which function it names. */
export function eachCall(body: Uint8Array, found: (offset: number, length: number, index: number) => void): void {
  const reader = new WasmReader(body);
  for (let groups = reader.u32(); groups > 0; groups--) {
    reader.skipLeb();
    reader.byte();
  }
  while (!reader.done) {
    const opcode = reader.byte();
    if (opcode === 0x10) {
      const offset = reader.at;
      const index = reader.u32();
      found(offset, reader.at - offset, index);
    } else {
      skipImmediates(reader, opcode);
    }
  }
}

function skipImmediates(reader: WasmReader, opcode: number): void {
  if (opcode >= 0x02 && opcode <= 0x04) {
    reader.skipLeb(); // block, loop, if: a block type, which is a signed LEB128 number
  } else if (opcode === 0x0c || opcode === 0x0d) {
    reader.skipLeb(); // br, br_if
  } else if (opcode === 0x0e) {
    for (let labels = reader.u32(); labels >= 0; labels--) reader.skipLeb(); // br_table, and its default
  } else if (opcode === 0x11) {
    reader.skipLeb(); // call_indirect
    reader.skipLeb();
  } else if (opcode >= 0x20 && opcode <= 0x24) {
    reader.skipLeb(); // local.*, global.*
  } else if (opcode >= 0x28 && opcode <= 0x3e) {
    reader.skipLeb(); // loads and stores: alignment, offset
    reader.skipLeb();
  } else if (opcode === 0x3f || opcode === 0x40) {
    reader.byte(); // memory.size, memory.grow
  } else if (opcode === 0x41 || opcode === 0x42) {
    reader.skipLeb(); // i32.const, i64.const
  } else if (opcode === 0x43) {
    reader.take(4);
  } else if (opcode === 0x44) {
    reader.take(8);
  } else if (opcode === 0xfc) {
    const operation = reader.u32();
    if (operation > 7) throw new Error(`WebAssembly operation fc ${operation} is not expected here`);
  } else if (opcode > 0xc4) {
    throw new Error(`WebAssembly opcode ${opcode} is not expected here`);
  }
}
