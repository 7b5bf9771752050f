/**
 * HTTP/1.1 over a byte stream: one request, one response (RFC 9112). A large body streams; a small one is read with its head, which
 * spares browsers a stream for each icon and script. A container's server is not trusted: lengths are bounded, and what is malformed is an error, never a guess.
 */
export interface HttpRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly host: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: ReadableStream<Uint8Array> | Uint8Array;
}

export type HttpBody = ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer>;

export interface HttpResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: HttpBody;
}

export interface ByteStreams {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

const headerLimit = 64 * 1024;
const smallBody = 16 * 1024;
/** Set per connection, never taken from the page. */
const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "te",
  "trailer",
  "upgrade",
  "host",
  "content-length",
]);

/** One request on a connection of its own. */
export async function sendRequest(stream: ByteStreams, request: HttpRequest): Promise<HttpResponse> {
  return await new HttpConnection(stream, { keepAlive: false }).send(request);
}

/** The connection was closed before the first byte of an answer: a kept one that the server had given up. */
export class NoAnswer extends Error {}

export interface ConnectionOptions {
  readonly keepAlive: boolean;
  /** Called when an answer has been read to its end and the connection can take another request. */
  readonly onIdle?: (connection: HttpConnection) => void;
}

/** Requests one after another on one byte stream. */
export class HttpConnection {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: Reader;
  readonly #options: ConnectionOptions;

  constructor(stream: ByteStreams, options: ConnectionOptions) {
    this.#writer = stream.writable.getWriter();
    this.#reader = new Reader(stream.readable);
    this.#options = options;
  }

  async send(request: HttpRequest): Promise<HttpResponse> {
    const { keepAlive } = this.#options;
    void writeRequest(this.#writer, request, keepAlive).catch((error) => this.#reader.cancel(error));
    for (;;) {
      const head = parseHead(await this.#reader.head());
      // 1xx answers stand before the real one; 101 ends HTTP on this connection.
      if (head.status < 200 && head.status !== 101) continue;
      const kept = keepAlive && head.status !== 101 && !/\bclose\b/i.test(headerOf(head.headers, "connection") ?? "");
      const finished = async (whole: boolean): Promise<void> => {
        if (kept && whole) this.#options.onIdle?.(this);
        else await this.close();
      };
      const length = lengthOf(head, request.method);
      if (length === undefined || length > smallBody)
        return { ...head, body: bodyOf(head, length, this.#reader, finished) };
      const body = await this.#reader.whole(length);
      await finished(true);
      return { ...head, body };
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#reader.cancel(), this.#writer.close().catch(() => {})]);
  }
}

async function writeRequest(
  writer: WritableStreamDefaultWriter<Uint8Array>,
  request: HttpRequest,
  keepAlive: boolean,
): Promise<void> {
  const { body } = request;
  const lines = [
    `${request.method} ${request.target} HTTP/1.1`,
    `Host: ${request.host}`,
    `Connection: ${keepAlive ? "keep-alive" : "close"}`,
  ];
  for (const [name, value] of request.headers)
    if (!hopByHop.has(name.toLowerCase()) && !/[\r\n\0]/.test(name + value)) lines.push(`${name}: ${value}`);
  if (body instanceof Uint8Array) lines.push(`Content-Length: ${body.length}`);
  else if (body !== undefined) lines.push("Transfer-Encoding: chunked");
  await writer.write(latin1(`${lines.join("\r\n")}\r\n\r\n`));
  if (body instanceof Uint8Array) {
    if (body.length > 0) await writer.write(body);
  } else if (body !== undefined) {
    const chunks = body.getReader();
    for (;;) {
      const { done, value } = await chunks.read();
      if (done) break;
      if (value.length === 0) continue;
      await writer.write(latin1(`${value.length.toString(16)}\r\n`));
      await writer.write(value);
      await writer.write(latin1("\r\n"));
    }
    await writer.write(latin1("0\r\n\r\n"));
  }
}

interface Head {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly (readonly [string, string])[];
}

export function parseHead(text: string): Head {
  const [statusLine = "", ...lines] = text.split("\r\n");
  const match = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/.exec(statusLine);
  if (match === null) throw new Error("The server's answer is not HTTP.");
  const headers = lines.map((line): readonly [string, string] => {
    const colon = line.indexOf(":");
    if (colon <= 0) throw new Error("The server's answer has a malformed header.");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return { status: Number(match[1]), reason: match[2] ?? "", headers };
}

function headerOf(headers: Head["headers"], name: string): string | undefined {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1];
}

/** `undefined` where the end shows in what comes: a last chunk, the connection's end. */
function lengthOf(head: Head, method: string): number | undefined {
  if (method === "HEAD" || head.status === 204 || head.status === 304) return 0;
  const text = headerOf(head.headers, "content-length");
  if (isChunked(head) || text === undefined || head.status === 101) return undefined;
  const length = Number(text);
  if (Number.isNaN(length) || length < 0) throw new Error("The server's answer has a malformed length.");
  return length;
}

const isChunked = (head: Head): boolean => /\bchunked\s*$/i.test(headerOf(head.headers, "transfer-encoding") ?? "");

/** `finished` is told whether the answer's end was known (a length, a last chunk), so that another can follow. */
function bodyOf(
  head: Head,
  length: number | undefined,
  reader: Reader,
  finished: (whole: boolean) => Promise<void>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const chunked = isChunked(head);
  let remaining = length ?? Number.POSITIVE_INFINITY;
  const finish = async (controller: ReadableStreamDefaultController<Uint8Array>, whole: boolean): Promise<void> => {
    controller.close();
    await finished(whole);
  };
  return new ReadableStream(
    {
      async pull(controller) {
        if (remaining === 0) return await finish(controller, true);
        if (chunked && remaining === Number.POSITIVE_INFINITY) {
          const size = Number.parseInt((await reader.line()).split(";")[0] ?? "", 16);
          if (Number.isNaN(size)) throw new Error("The server's answer has a malformed chunk.");
          if (size === 0) {
            while ((await reader.line()) !== "");
            return await finish(controller, true);
          }
          remaining = size;
        }
        const bytes = await reader.some(Math.min(remaining, 64 * 1024));
        if (bytes === undefined) {
          if (remaining !== Number.POSITIVE_INFINITY) throw new Error(closedWithin);
          return await finish(controller, false);
        }
        remaining -= bytes.length;
        controller.enqueue(bytes);
        if (chunked && remaining === 0) {
          await reader.line();
          remaining = Number.POSITIVE_INFINITY;
        }
      },
      cancel: () => finished(false),
    },
    { highWaterMark: 0 },
  );
}

const closedWithin = "The server closed the connection within its answer.";

/** Lines and counted bytes from a stream. */
class Reader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #buffer = new Uint8Array(0);

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#reader.read();
    if (done) return false;
    if (this.#buffer.length === 0) this.#buffer = value as Uint8Array<ArrayBuffer>;
    else {
      const joined = new Uint8Array(this.#buffer.length + value.length);
      joined.set(this.#buffer);
      joined.set(value, this.#buffer.length);
      this.#buffer = joined;
    }
    return true;
  }

  async #until(mark: string, missing: string): Promise<string> {
    for (;;) {
      const text = new TextDecoder("latin1").decode(this.#buffer.subarray(0, headerLimit));
      const at = text.indexOf(mark);
      if (at >= 0) {
        this.#buffer = this.#buffer.subarray(at + mark.length);
        return text.slice(0, at);
      }
      if (this.#buffer.length >= headerLimit) throw new Error("The server's answer has too long a header.");
      if (!(await this.#more())) throw this.#buffer.length === 0 ? new NoAnswer(missing) : new Error(missing);
    }
  }

  head(): Promise<string> {
    return this.#until("\r\n\r\n", "The server closed the connection without an answer.");
  }
  line(): Promise<string> {
    return this.#until("\r\n", closedWithin);
  }

  /** Between one byte and `limit`; `undefined` at the end. */
  async some(limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#buffer.length === 0 && !(await this.#more())) return undefined;
    const bytes = this.#buffer.slice(0, limit);
    this.#buffer = this.#buffer.subarray(bytes.length);
    return bytes;
  }

  async whole(length: number): Promise<Uint8Array<ArrayBuffer>> {
    while (this.#buffer.length < length) if (!(await this.#more())) throw new Error(closedWithin);
    const bytes = this.#buffer.slice(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return bytes;
  }

  async cancel(reason?: unknown): Promise<void> {
    await this.#reader.cancel(reason).catch(() => {});
  }
}

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0) & 0xff);
