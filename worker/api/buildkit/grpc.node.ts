/** gRPC over HTTP/2 (grpc/doc/PROTOCOL-HTTP2.md): messages behind a flag and their length, the outcome in the trailers. */

import { once } from "node:events";
import * as http2 from "node:http2";
import { type ClientHttp2Session, connect, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { Duplex, Readable } from "node:stream";
import { messages, type RpcStatus } from "./messages.node.ts";

export const code = { cancelled: 1, unknown: 2, notFound: 5, unimplemented: 12, unavailable: 14 } as const;

export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: number;
  readonly details: NonNullable<RpcStatus["details"]>;
  constructor(status: number, message: string, details: NonNullable<RpcStatus["details"]> = []) {
    super(message);
    this.code = status;
    this.details = details;
  }
}

export interface Call {
  readonly metadata: IncomingHttpHeaders;
  readonly incoming: AsyncIterable<Uint8Array>;
  /** Aborted when the other side goes. */
  readonly signal: AbortSignal;
  send(message: Uint8Array): Promise<void>;
}
/** By "/package.Service/Method". */
export type Methods = Readonly<Record<string, (call: Call) => Promise<void>>>;

/** A message of more is refused (gRPC's default is 4 MiB, BuildKit allows 16). */
const maxMessage = 16 << 20;

function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}

async function* deframed(stream: Readable): AsyncGenerator<Uint8Array> {
  let rest: Buffer = Buffer.alloc(0);
  // The stream outlives its input: the answer goes out on it.
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    rest = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer]);
    while (rest.length >= 5) {
      const length = rest.readUInt32BE(1);
      if (rest[0] !== 0) throw new RpcError(code.unimplemented, "compressed messages are not read here");
      if (length > maxMessage) throw new RpcError(code.unknown, `message of ${length} bytes is too long`);
      if (rest.length < 5 + length) break;
      yield rest.subarray(5, 5 + length);
      rest = rest.subarray(5 + length);
    }
  }
}

/** Answers calls on the connection until it ends. */
export function serveGrpc(socket: Duplex, methods: Methods): void {
  const session = http2.performServerHandshake(socket);
  session.on("error", () => socket.destroy());
  session.on("stream", (stream, headers) => void answer(stream, headers, methods));
}

async function answer(stream: ServerHttp2Stream, metadata: IncomingHttpHeaders, methods: Methods): Promise<void> {
  const abort = new AbortController();
  stream.on("error", () => abort.abort());
  stream.on("close", () => abort.abort());
  if (stream.destroyed) return;
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  let status: RpcStatus = { code: 0, message: "" };
  stream.on("wantTrailers", () => {
    stream.sendTrailers({
      "grpc-status": String(status.code),
      ...(status.message === "" ? {} : { "grpc-message": encodeURIComponent(status.message) }),
      ...(status.details === undefined || status.details.length === 0
        ? {}
        : { "grpc-status-details-bin": Buffer.from(messages.rpcStatus.encode(status)).toString("base64") }),
    });
  });
  try {
    const path = String(metadata[":path"]);
    const method = methods[path];
    if (method === undefined) throw new RpcError(code.unimplemented, `unknown method ${path}`);
    await method({
      metadata,
      incoming: deframed(stream),
      signal: abort.signal,
      send: (message) => write(stream, message),
    });
  } catch (error) {
    const { message } = error as Error;
    status =
      error instanceof RpcError
        ? { code: error.code, message, details: error.details }
        : { code: abort.signal.aborted ? code.cancelled : code.unknown, message };
  }
  if (!stream.destroyed) stream.end();
}

function write(stream: import("node:http2").Http2Stream, message: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    if (stream.destroyed) reject(new RpcError(code.unavailable, "the stream is closed"));
    else stream.write(framed(message), (error) => (error == null ? resolve() : reject(error)));
  });
}

export interface OpenCall {
  readonly incoming: AsyncIterable<Uint8Array>;
  send(message: Uint8Array): Promise<void>;
  /** Nothing more is sent. */
  end(): void;
  cancel(): void;
}

/** The other direction: calls to who serves on the connection's far end. */
export class GrpcClient {
  readonly #session: ClientHttp2Session;

  constructor(socket: Duplex) {
    this.#session = connect("http://session", { createConnection: () => socket });
    this.#session.on("error", () => socket.destroy());
  }

  get isClosed(): boolean {
    return this.#session.closed || this.#session.destroyed;
  }
  onClose(callback: () => void): void {
    this.#session.on("close", callback);
  }

  open(path: string, metadata: Readonly<Record<string, string | readonly string[]>> = {}): OpenCall {
    const stream = this.#session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...(metadata as Record<string, string | string[]>),
    });
    let trailers: IncomingHttpHeaders = {};
    stream.on("response", (headers) => {
      trailers = { ...headers };
    });
    stream.on("trailers", (headers) => {
      trailers = { ...trailers, ...headers };
    });
    stream.on("error", () => undefined);
    async function* incoming(): AsyncGenerator<Uint8Array> {
      yield* deframed(stream);
      // The outcome may come after the last byte; a side that has not ended waits for nothing more.
      if (trailers["grpc-status"] === undefined && !stream.destroyed) {
        const closed = once(stream, "close");
        stream.end();
        await closed;
      }
      const status = Number(trailers["grpc-status"] ?? code.unavailable);
      if (status !== 0) throw new RpcError(status, decodeURIComponent(String(trailers["grpc-message"] ?? "")));
    }
    return {
      incoming: incoming(),
      send: (message) => write(stream, message),
      end: () => stream.end(),
      cancel: () => stream.close(http2.constants.NGHTTP2_CANCEL),
    };
  }

  async unary(path: string, message: Uint8Array): Promise<Uint8Array> {
    const call = this.open(path);
    await call.send(message);
    call.end();
    let answer: Uint8Array | undefined;
    for await (const part of call.incoming) answer ??= part;
    if (answer === undefined) throw new RpcError(code.unknown, `${path} was not answered`);
    return answer;
  }
}

export async function firstMessage({ incoming }: Call): Promise<Uint8Array> {
  for await (const message of incoming) return message;
  throw new RpcError(code.unknown, "a message is missing");
}
