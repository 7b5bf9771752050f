/** Frames of RFC 6455, client side: sent ones are masked, received ones joined to whole messages. */
export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** A message larger than this is refused: the page would have to hold it whole. */
const messageLimit = 64 * 1024 * 1024;

export function encodeFrame(opcode: number, payload: Uint8Array): Uint8Array {
  const extended = payload.length < 126 ? 0 : payload.length < 65_536 ? 2 : 8;
  const frame = new Uint8Array(2 + extended + 4 + payload.length);
  const view = new DataView(frame.buffer);
  frame[0] = 0x80 | opcode;
  frame[1] = 0x80 | (extended === 0 ? payload.length : extended === 2 ? 126 : 127);
  if (extended === 2) view.setUint16(2, payload.length);
  if (extended === 8) view.setBigUint64(2, BigInt(payload.length));
  const mask = crypto.getRandomValues(new Uint8Array(4));
  frame.set(mask, 2 + extended);
  const start = 2 + extended + 4;
  for (let index = 0; index < payload.length; index += 1)
    frame[start + index] = (payload[index] ?? 0) ^ (mask[index % 4] ?? 0);
  return frame;
}

export interface SocketMessage {
  readonly opcode: number;
  readonly payload: Uint8Array<ArrayBuffer>;
}

export class FrameParser {
  #buffer = new Uint8Array(0);
  #opcode = 0;
  #parts: Uint8Array[] = [];

  push(chunk: Uint8Array): readonly SocketMessage[] {
    const joined = new Uint8Array(this.#buffer.length + chunk.length);
    joined.set(this.#buffer);
    joined.set(chunk, this.#buffer.length);
    this.#buffer = joined;
    const messages: SocketMessage[] = [];
    for (;;) {
      const frame = this.#frame();
      if (frame === undefined) return messages;
      const message = this.#join(frame.final, frame.opcode, frame.payload);
      if (message !== undefined) messages.push(message);
    }
  }

  #frame():
    | { readonly final: boolean; readonly opcode: number; readonly payload: Uint8Array<ArrayBuffer> }
    | undefined {
    const bytes = this.#buffer;
    if (bytes.length < 2) return undefined;
    const [first = 0, second = 0] = bytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 2;
    let length = second & 0x7f;
    if (length === 126) {
      if (bytes.length < 4) return undefined;
      length = view.getUint16(2);
      at = 4;
    } else if (length === 127) {
      if (bytes.length < 10) return undefined;
      length = Number(view.getBigUint64(2));
      at = 10;
    }
    if (length > messageLimit) throw new Error("The server sent too large a message.");
    if ((second & 0x80) !== 0) throw new Error("The server masked a frame.");
    if (bytes.length < at + length) return undefined;
    const payload = bytes.slice(at, at + length);
    this.#buffer = bytes.slice(at + length);
    return { final: (first & 0x80) !== 0, opcode: first & 0x0f, payload };
  }

  #join(final: boolean, opcode: number, payload: Uint8Array<ArrayBuffer>): SocketMessage | undefined {
    // Control frames stand between the fragments of a message, and are never fragmented.
    if (opcode >= 8) return { opcode, payload };
    if (opcode !== opcodes.continuation) {
      this.#opcode = opcode;
      this.#parts = [];
    }
    this.#parts.push(payload);
    if (!final) return undefined;
    const whole = new Uint8Array(this.#parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    this.#parts = [];
    return { opcode: this.#opcode, payload: whole };
  }
}
