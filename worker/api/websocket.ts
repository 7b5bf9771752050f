/**
 * WebSocket on a connection that was taken over (RFC 6455, the server's side), for `GET /containers/{id}/attach/ws`: bytes of the
 * stream travel as binary frames, and the data of whatever frames the client sends is the stream's input. Extensions are not agreed on.
 */
import type { ByteDuplex } from "../engine/ports/guest.ts";

const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
/** Statuses of a Close frame (section 7.4.1). */
const statuses = { normal: 1000, protocolError: 1002 } as const;

/** The value of Sec-WebSocket-Accept for the client's key. */
export async function acceptKey(key: string): Promise<string> {
  const text = new TextEncoder().encode(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
  const digest = await crypto.subtle.digest("SHA-1", text);
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}

/** Whether the headers ask for WebSocket in the version that there is. */
export const asksForWebSocket = (headers: Readonly<Record<string, string>>): boolean =>
  headers.upgrade?.toLowerCase() === "websocket" &&
  headers["sec-websocket-version"] === "13" &&
  headers["sec-websocket-key"] !== undefined;

/** The stream inside the frames of a connection. It ends with a Close frame from either side. */
export function websocketStream(connection: {
  readonly readable: ReadableStream<Uint8Array>;
  write(bytes: Uint8Array): Promise<void>;
}): ByteDuplex {
  let closed = false;
  const send = async (opcode: number, payload: Uint8Array): Promise<void> => {
    if (closed) return;
    closed = opcode === opcodes.close;
    await connection.write(frame(opcode, payload));
  };
  const readable = connection.readable.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>(
      new Unframing({
        ping: (payload) => send(opcodes.pong, payload),
        close: (status) => send(opcodes.close, closePayload(status)),
      }),
    ),
  );
  const writable = new WritableStream<Uint8Array>({
    write: (bytes) => send(opcodes.binary, bytes),
    close: () => send(opcodes.close, closePayload(statuses.normal)),
  });
  return { readable, writable };
}

const closePayload = (status: number): Uint8Array => Uint8Array.of(status >> 8, status & 255);

/** One unfragmented, unmasked frame (section 5.2). */
function frame(opcode: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 0x10000 ? 2 : 8;
  const out = new Uint8Array(2 + extended + length);
  const view = new DataView(out.buffer);
  out[0] = 0x80 | opcode;
  out[1] = extended === 0 ? length : extended === 2 ? 126 : 127;
  if (extended === 2) view.setUint16(2, length);
  if (extended === 8) view.setBigUint64(2, BigInt(length));
  out.set(payload, 2 + extended);
  return out;
}

interface Header {
  readonly opcode: number;
  readonly length: number;
  readonly mask: Uint8Array;
}

/** Takes frames apart as they come; data is passed on before its frame is complete. */
class Unframing implements Transformer<Uint8Array, Uint8Array> {
  readonly #answer: { ping(payload: Uint8Array): Promise<void>; close(status: number): Promise<void> };
  #pending: Uint8Array = new Uint8Array(0);
  #header: Header | undefined;
  /** Bytes of the current frame's data that were passed on. */
  #at = 0;
  #ended = false;

  constructor(answer: { ping(payload: Uint8Array): Promise<void>; close(status: number): Promise<void> }) {
    this.#answer = answer;
  }

  async transform(chunk: Uint8Array, controller: TransformStreamDefaultController<Uint8Array>): Promise<void> {
    if (this.#ended) return;
    this.#pending = this.#pending.length === 0 ? chunk : joined(this.#pending, chunk);
    try {
      while (!this.#ended && (await this.#step(controller)));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      await this.#end(controller, statuses.protocolError);
    }
  }

  /** False when more bytes are needed. */
  async #step(controller: TransformStreamDefaultController<Uint8Array>): Promise<boolean> {
    this.#header ??= this.#readHeader();
    const header = this.#header;
    if (header === undefined) return false;
    const isControl = header.opcode >= opcodes.close;
    const left = header.length - this.#at;
    if (this.#pending.length < (isControl ? left : Math.min(left, 1))) return false;
    const payload = unmasked(this.#pending.subarray(0, left), header.mask, this.#at);
    this.#pending = this.#pending.subarray(payload.length);
    this.#at += payload.length;
    if (this.#at === header.length) {
      this.#header = undefined;
      this.#at = 0;
    }
    if (header.opcode === opcodes.ping) await this.#answer.ping(payload);
    else if (header.opcode === opcodes.close) await this.#end(controller, statuses.normal);
    else if (!isControl && payload.length > 0) controller.enqueue(payload);
    return true;
  }

  #readHeader(): Header | undefined {
    const bytes = this.#pending;
    if (bytes.length < 2) return undefined;
    const [first = 0, second = 0] = bytes;
    const opcode = first & 15;
    const short = second & 127;
    const isControl = opcode >= opcodes.close;
    const known = Object.values<number>(opcodes).includes(opcode);
    // Clients mask; control frames are short and whole; reserved bits belong to extensions.
    if ((first & 0x70) !== 0 || (second & 128) === 0 || !known || (isControl && (short > 125 || first < 128)))
      throw new ProtocolError();
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
    const size = 2 + extended + 4;
    if (bytes.length < size) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const length = extended === 0 ? short : extended === 2 ? view.getUint16(2) : Number(view.getBigUint64(2));
    if (!Number.isSafeInteger(length)) throw new ProtocolError();
    const mask = bytes.slice(size - 4, size);
    this.#pending = bytes.subarray(size);
    return { opcode, length, mask };
  }

  async #end(controller: TransformStreamDefaultController<Uint8Array>, status: number): Promise<void> {
    this.#ended = true;
    await this.#answer.close(status);
    controller.terminate();
  }
}

class ProtocolError extends Error {}

function unmasked(bytes: Uint8Array, mask: Uint8Array, offset: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = (bytes[i] ?? 0) ^ (mask[(offset + i) & 3] ?? 0);
  return out;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
