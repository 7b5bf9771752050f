/**
 * Puts an ApiTransport on a byte stream as HTTP/1.1: keep-alive, chunked bodies both ways, and connections that are taken over
 * (attach, exec, session). One connection answers one request at a time, in order, as moby's does.
 */
import { HTTPParser } from "http-parser-js";
import type { ByteDuplex } from "../engine/ports/guest.ts";
import { apiVersion } from "./router.ts";
import type { ApiRequest, ApiResponse, ApiTransport } from "./transport.ts";
import { acceptKey, asksForWebSocket, websocketStream } from "./websocket.ts";

/** http-parser-js asks its chunks for text the way Node's Buffer gives it. */
class Chunk extends Uint8Array<ArrayBuffer> {
  override toString(_encoding?: string, start = 0, end = this.length): string {
    return latin1.decode(this.subarray(start, end));
  }
}
const latin1 = new TextDecoder("latin1");
const encoder = new TextEncoder();

export const serverName = "Docker/28.5.2 (linux)";
/** What moby says of itself in each answer. */
const engineHeaders: Readonly<Record<string, string>> = {
  "api-version": apiVersion,
  "docker-experimental": "false",
  ostype: "linux",
  server: serverName,
};
const maxHeaderBytes = 1 << 20;

interface Head {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly keepAlive: boolean;
  readonly wantsUpgrade: boolean;
  readonly hasBody: boolean;
  /** Content-Length; undefined for a chunked body. */
  readonly length: number | undefined;
}

/** Serves one connection until either side ends it. Rejects never. `identity` is said in each answer. */
export async function serveConnection(
  connection: ByteDuplex,
  api: ApiTransport,
  identity: Readonly<Record<string, string>> = engineHeaders,
): Promise<void> {
  const input = new Input(connection.readable);
  const writer = connection.writable.getWriter();
  writer.closed.catch(() => input.disconnect());
  try {
    for (;;) {
      const head = await input.head();
      if (head === undefined) break;
      const proceed = await answer(head, input, writer, api, identity);
      if (!proceed) break;
    }
  } catch (error) {
    if (error instanceof BadRequest)
      await writer
        .write(
          encoder.encode(
            `HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request`,
          ),
        )
        .catch(() => undefined);
  } finally {
    // The writing side first: cancelling the reader may reset the connection and lose what is on its way.
    await writer.close().catch(() => undefined);
    input.disconnect();
  }
}

class BadRequest extends Error {}

/** Reads a connection: request heads, their bodies, and after a takeover the raw rest. */
class Input {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #parser = new HTTPParser(HTTPParser.REQUEST);
  /** Bytes read but not yet parsed. */
  #rest: Uint8Array = new Uint8Array(0);
  #head: Head | undefined;
  #body: Uint8Array[] = [];
  #complete = false;
  #headBytes = 0;
  /** Bytes of a body of known length that are still to come. */
  #missing = 0;
  #reading: Promise<Uint8Array | undefined> | undefined;
  readonly #gone = new AbortController();

  constructor(readable: ReadableStream<Uint8Array>) {
    this.#reader = readable.getReader();
  }

  get signal(): AbortSignal {
    return this.#gone.signal;
  }
  disconnect(): void {
    if (this.#gone.signal.aborted) return;
    this.#gone.abort(new Error("client disconnected"));
    this.#reader.cancel().catch(() => undefined);
  }

  #read(): Promise<Uint8Array | undefined> {
    this.#reading ??= this.#reader.read().then(
      ({ value, done }) => (done ? undefined : value),
      () => undefined,
    );
    return this.#reading;
  }
  async #next(): Promise<Uint8Array | undefined> {
    if (this.#rest.length > 0) {
      const rest = this.#rest;
      this.#rest = new Uint8Array(0);
      return rest;
    }
    const data = await this.#read();
    this.#reading = undefined;
    return data;
  }

  /** The next request's head; undefined when the client has closed. */
  async head(): Promise<Head | undefined> {
    this.#head = undefined;
    this.#body = [];
    this.#complete = false;
    this.#headBytes = 0;
    this.#parser = new HTTPParser(HTTPParser.REQUEST);
    this.#parser[HTTPParser.kOnHeadersComplete] = (info) => {
      this.#head = describe(info);
    };
    this.#parser[HTTPParser.kOnBody] = (chunk, offset, length) => {
      this.#body.push(chunk.subarray(offset, offset + length));
    };
    this.#parser[HTTPParser.kOnMessageComplete] = () => {
      this.#complete = true;
    };
    while (this.#head === undefined) {
      const data = await this.#next();
      if (data === undefined) return undefined;
      this.#headBytes += data.length;
      if (this.#headBytes > maxHeaderBytes) throw new BadRequest("request header too long");
      this.#feed(data);
    }
    return this.#head;
  }

  /** Parses up to the end of the message; what follows it stays for the next one. */
  #feed(data: Uint8Array): void {
    // The parser runs on into the next message, so it gets one line or body piece at a time where a message may end.
    let at = 0;
    while (at < data.length && !this.#complete) {
      const line = this.#head === undefined || this.#head.length === undefined;
      const end = line ? data.indexOf(10, at) + 1 || data.length : Math.min(data.length, at + this.#missing);
      const piece = new Chunk(new ArrayBuffer(end - at));
      piece.set(data.subarray(at, end));
      const known = this.#head !== undefined;
      const result = this.#parser.execute(piece as never);
      if (typeof result !== "number") throw new BadRequest(String(result));
      at += piece.length;
      if (known) this.#missing -= piece.length;
      else this.#missing = (this.#head as Head | undefined)?.length ?? 0;
    }
    this.#rest = data.subarray(at);
  }

  body(): ReadableStream<Uint8Array> {
    return new ReadableStream({
      pull: async (controller) => {
        while (this.#body.length === 0 && !this.#complete) {
          const data = await this.#next();
          if (data === undefined) {
            controller.error(new Error("unexpected EOF"));
            this.disconnect();
            return;
          }
          this.#feed(data);
        }
        const piece = this.#body.shift();
        if (piece === undefined) controller.close();
        else controller.enqueue(piece);
      },
    });
  }
  get complete(): boolean {
    return this.#complete;
  }
  /** Watches for the client's going away while an answer is made; bytes that come meanwhile are kept. */
  watch(): void {
    if (this.#rest.length > 0) return;
    void this.#read().then((data) => {
      if (data === undefined && this.#reading !== undefined) this.disconnect();
    });
  }
  /** Everything from here on, raw. */
  raw(): ReadableStream<Uint8Array> {
    return new ReadableStream({
      pull: async (controller) => {
        const data = await this.#next();
        if (data === undefined) controller.close();
        else controller.enqueue(data);
      },
      cancel: () => this.disconnect(),
    });
  }
}

function describe(info: {
  headers: string[];
  method: number;
  url: string;
  upgrade: boolean;
  shouldKeepAlive: boolean;
}): Head {
  const headers: Record<string, string> = Object.create(null);
  for (let i = 0; i + 1 < info.headers.length; i += 2) {
    const name = (info.headers[i] ?? "").toLowerCase();
    const value = info.headers[i + 1] ?? "";
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return {
    method: HTTPParser.methods[info.method] ?? "GET",
    url: info.url.replace(/^https?:\/\/[^/]*/, ""),
    headers,
    keepAlive: info.shouldKeepAlive,
    wantsUpgrade: headers.upgrade !== undefined,
    hasBody: headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0,
    length: headers["transfer-encoding"] === undefined ? Number(headers["content-length"] ?? 0) : undefined,
  };
}

const methods: ReadonlySet<string> = new Set(["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"]);

/** Answers one request; false when the connection is used up. */
async function answer(
  head: Head,
  input: Input,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  api: ApiTransport,
  identity: Readonly<Record<string, string>>,
): Promise<boolean> {
  if (head.headers.expect?.toLowerCase() === "100-continue" && head.hasBody)
    await writer.write(encoder.encode("HTTP/1.1 100 Continue\r\n\r\n"));
  if (!head.hasBody) input.watch();
  const response: ApiResponse = methods.has(head.method)
    ? await api.request({
        method: head.method as ApiRequest["method"],
        path: head.url,
        headers: head.headers,
        signal: input.signal,
        ...(head.hasBody ? { body: { kind: "stream", stream: input.body() } } : {}),
      })
    : { status: 405, headers: {}, body: { kind: "json", value: { message: "method not allowed" } } };

  if (response.body.kind === "upgrade") {
    if (response.body.protocol === "websocket") await takeOverFramed(head, input, writer, response.body.stream);
    else await takeOver(head, input, writer, response.body.stream, response.headers);
    return false;
  }
  // A body that the handler left unread would be taken for the next request, and so would what speaks the protocol that was refused.
  const keep = head.keepAlive && !head.wantsUpgrade && (!head.hasBody || input.complete);
  const send = new Sender(writer, identity, head.method === "HEAD", keep);
  await send.response(response, input.signal);
  return keep;
}

async function takeOver(
  head: Head,
  input: Input,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  stream: ByteDuplex,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  const type = headers["content-type"] ?? "application/vnd.docker.raw-stream";
  const status = head.wantsUpgrade
    ? `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${type}\r\nConnection: Upgrade\r\nUpgrade: ${head.headers.upgrade ?? "tcp"}\r\n`
    : `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n`;
  await writer.write(encoder.encode(`${status}Api-Version: ${apiVersion}\r\nServer: ${serverName}\r\n\r\n`));
  await relay(input, writer, stream, { readable: input.raw(), write: (bytes) => writer.write(bytes) });
}

/** A WebSocket: refused as golang.org/x/net/websocket refuses, whose server moby uses. */
async function takeOverFramed(
  head: Head,
  input: Input,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  stream: ByteDuplex,
): Promise<void> {
  if (!asksForWebSocket(head.headers)) {
    await Promise.allSettled([stream.readable.cancel(), stream.writable.abort()]);
    await writer.write(
      encoder.encode("HTTP/1.1 400 Bad Request\r\nSec-Websocket-Version: 13\r\n\r\nnot websocket protocol"),
    );
    return;
  }
  const accept = await acceptKey(head.headers["sec-websocket-key"] ?? "");
  await writer.write(
    encoder.encode(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    ),
  );
  const socket = websocketStream({ readable: input.raw(), write: (bytes) => writer.write(bytes) });
  const frames = socket.writable.getWriter();
  await relay(input, writer, stream, {
    readable: socket.readable,
    write: (bytes) => frames.write(bytes),
    end: () => frames.close(),
  });
}

/** What is on the other side of a connection that was taken over: its bytes, or what its frames carry. */
interface Peer {
  readonly readable: ReadableStream<Uint8Array>;
  write(bytes: Uint8Array): Promise<void>;
  end?(): Promise<void>;
}

/** Until the stream has ended; the peer's end is the end of the stream's input. */
async function relay(
  input: Input,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  stream: ByteDuplex,
  peer: Peer,
): Promise<void> {
  const upward = peer.readable.pipeTo(stream.writable).catch(() => undefined);
  const reader = stream.readable.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      await peer.write(value);
    }
    await peer.end?.();
  } finally {
    await reader.cancel().catch(() => undefined);
    await writer.close().catch(() => undefined);
    input.disconnect();
    await upward;
  }
}

class Sender {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #identity: Readonly<Record<string, string>>;
  readonly #headOnly: boolean;
  readonly #keepAlive: boolean;
  constructor(
    writer: WritableStreamDefaultWriter<Uint8Array>,
    identity: Readonly<Record<string, string>>,
    headOnly: boolean,
    keepAlive: boolean,
  ) {
    this.#writer = writer;
    this.#identity = identity;
    this.#headOnly = headOnly;
    this.#keepAlive = keepAlive;
  }

  async response({ status, headers, body }: ApiResponse, signal: AbortSignal): Promise<void> {
    switch (body.kind) {
      case "empty":
        return this.#whole(status, headers, new Uint8Array(0), undefined);
      case "json":
        return this.#whole(status, headers, encoder.encode(`${JSON.stringify(body.value)}\n`), "application/json");
      case "text":
        return this.#whole(status, headers, encoder.encode(body.text), "text/plain; charset=utf-8");
      case "jsonLines":
        await this.#start(status, headers, "application/json");
        if (this.#headOnly) return;
        for await (const value of until(body.values, signal))
          await this.#chunk(encoder.encode(`${JSON.stringify(value)}\r\n`));
        return this.#end();
      case "stream": {
        const isSized = headers["content-length"] !== undefined;
        if (isSized)
          await this.#writer.write(this.#head(status, headers, { "content-type": "application/octet-stream" }));
        else await this.#start(status, headers, "application/octet-stream");
        const reader = body.stream.getReader();
        const stop = () => reader.cancel(signal.reason).catch(() => undefined);
        signal.addEventListener("abort", stop);
        try {
          for (;;) {
            if (this.#headOnly) break;
            const { value, done } = await reader.read();
            if (done) break;
            await (isSized ? this.#writer.write(value) : this.#chunk(value));
          }
        } finally {
          signal.removeEventListener("abort", stop);
          await reader.cancel().catch(() => undefined);
        }
        if (this.#headOnly || isSized) return;
        return this.#end();
      }
      case "upgrade":
        throw new Error("an upgrade is answered by takeOver");
    }
  }

  #head(status: number, headers: Readonly<Record<string, string>>, more: Readonly<Record<string, string>>): Uint8Array {
    const all: Record<string, string> = {
      ...this.#identity,
      ...more,
      ...headers,
      ...(this.#keepAlive ? {} : { connection: "close" }),
    };
    const lines = Object.entries(all).map(
      ([name, value]) => `${canonical(name)}: ${value.replace(/[\r\n]/g, " ")}\r\n`,
    );
    return encoder.encode(`HTTP/1.1 ${status} ${reasons[status] ?? "Unknown"}\r\n${lines.join("")}\r\n`);
  }
  async #whole(
    status: number,
    headers: Readonly<Record<string, string>>,
    bytes: Uint8Array,
    type: string | undefined,
  ): Promise<void> {
    const bodiless = status === 204 || status === 304;
    const head = this.#head(status, headers, {
      ...(type === undefined ? {} : { "content-type": type }),
      ...(bodiless ? {} : { "content-length": String(bytes.length) }),
    });
    if (this.#headOnly || bodiless || bytes.length === 0) return this.#writer.write(head);
    const both = new Uint8Array(head.length + bytes.length);
    both.set(head);
    both.set(bytes, head.length);
    await this.#writer.write(both);
  }
  #start(status: number, headers: Readonly<Record<string, string>>, type: string): Promise<void> {
    return this.#writer.write(this.#head(status, headers, { "content-type": type, "transfer-encoding": "chunked" }));
  }
  #chunk(data: Uint8Array): Promise<void> {
    if (data.length === 0) return Promise.resolve();
    const size = encoder.encode(`${data.length.toString(16)}\r\n`);
    const bytes = new Uint8Array(size.length + data.length + 2);
    bytes.set(size);
    bytes.set(data, size.length);
    bytes.set([13, 10], size.length + data.length);
    return this.#writer.write(bytes);
  }
  #end(): Promise<void> {
    return this.#writer.write(encoder.encode("0\r\n\r\n"));
  }
}

/** The values until the signal fires; the source is told to stop. */
async function* until<T>(values: AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
  const iterator = values[Symbol.asyncIterator]();
  const aborted = new Promise<IteratorResult<T>>((resolve) => {
    const stop = () => resolve({ value: undefined, done: true });
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  try {
    for (;;) {
      const { value, done } = await Promise.race([iterator.next(), aborted]);
      if (done) return;
      yield value;
    }
  } finally {
    void iterator.return?.();
  }
}

const canonical = (name: string): string => name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());

const reasons: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  204: "No Content",
  206: "Partial Content",
  301: "Moved Permanently",
  302: "Found",
  304: "Not Modified",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  409: "Conflict",
  500: "Internal Server Error",
  416: "Range Not Satisfiable",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
};
