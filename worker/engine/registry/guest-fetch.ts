/**
 * Fetch to servers inside the machine: HTTP/1.1 over a byte stream that the agent opens there. One connection a request; redirects
 * within the machine are followed.
 */
import { type HeaderInfo, HTTPParser } from "http-parser-js";
import type { ByteDuplex, Guest } from "../ports/guest.ts";
import type { Fetch } from "../ports/host.ts";

type Init = NonNullable<Parameters<Fetch>[1]>;

const maxRedirects = 10;
/** Answers that have no body whatever their headers say (RFC 9110, 6.4.1). */
const bodiless = new Set([204, 205, 304]);
const encoder = new TextEncoder();
const latin1 = new TextDecoder("latin1");

export function guestFetch(guest: Pick<Guest, "connect">): Fetch {
  return async (url, init = {}) => {
    let target = new URL(url);
    let request = init;
    for (let redirects = 0; ; redirects++) {
      const response = await exchange(guest, target, request);
      const location = response.headers.get("location");
      const isRedirect = [301, 302, 303, 307, 308].includes(response.status) && location !== null;
      if (!isRedirect || init.redirect === "manual" || redirects >= maxRedirects) return response;
      await response.body?.cancel();
      target = new URL(location, target);
      if (response.status === 303) request = { ...init, method: "GET" };
    }
  };
}

async function exchange(guest: Pick<Guest, "connect">, url: URL, init: Init): Promise<Response> {
  if (url.protocol !== "http:") throw new TypeError(`no TLS to ${url.host}, which is inside the machine`);
  init.signal?.throwIfAborted();
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? 80 : Number(url.port);
  const connection = await guest
    .connect({ kind: "tcp", host: host === "localhost" ? "127.0.0.1" : host, port })
    .catch((cause) => {
      throw new TypeError(`dial tcp ${host === "localhost" ? "127.0.0.1" : host}:${port}: connect: ${reason(cause)}`);
    });
  const writer = connection.writable.getWriter();
  // A server may answer and close before it has read everything; its answer counts then.
  send(writer, url, init).catch(() => undefined);
  return await receive(connection, writer, url, init);
}

const reason = (cause: unknown): string => {
  const errno = (cause as { errno?: unknown } | null)?.errno;
  if (errno === "ECONNREFUSED") return "connection refused";
  return cause instanceof Error ? cause.message : String(cause);
};

async function send(writer: WritableStreamDefaultWriter<Uint8Array>, url: URL, init: Init): Promise<void> {
  const { body } = init;
  const bytes = typeof body === "string" ? encoder.encode(body) : body instanceof Uint8Array ? body : undefined;
  const method = init.method ?? "GET";
  const headers: Record<string, string> = { host: url.host, connection: "close", ...init.headers };
  if (bytes !== undefined || (body === undefined && method !== "GET" && method !== "HEAD"))
    headers["content-length"] = String(bytes?.length ?? 0);
  else if (body !== undefined) headers["transfer-encoding"] = "chunked";
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value.replace(/[\r\n]/g, " ")}\r\n`);
  await writer.write(encoder.encode(`${method} ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join("")}\r\n`));
  if (bytes !== undefined && bytes.length > 0) await writer.write(bytes);
  else if (body instanceof ReadableStream) {
    const reader = body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (part.value.length === 0) continue;
      await writer.write(encoder.encode(`${part.value.length.toString(16)}\r\n`));
      await writer.write(part.value);
      await writer.write(encoder.encode("\r\n"));
    }
    await writer.write(encoder.encode("0\r\n\r\n"));
  }
}

/** http-parser-js asks its chunks for text the way Node's Buffer gives it. */
class Chunk extends Uint8Array<ArrayBuffer> {
  override toString(_encoding?: string, start = 0, end = this.length): string {
    return latin1.decode(this.subarray(start, end));
  }
}

async function receive(
  connection: ByteDuplex,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  url: URL,
  init: Init,
): Promise<Response> {
  const reader = connection.readable.getReader();
  const parser = new HTTPParser(HTTPParser.RESPONSE);
  const parts: Uint8Array[] = [];
  let head: HeaderInfo | undefined;
  let complete = false;
  parser[HTTPParser.kOnHeadersComplete] = (info) => {
    // 1xx answers are followed by the real one.
    if (info.statusCode >= 200) head = info;
    return init.method === "HEAD" ? 1 : 0;
  };
  parser[HTTPParser.kOnBody] = (chunk, offset, length) =>
    void parts.push(new Uint8Array(chunk).slice(offset, offset + length));
  parser[HTTPParser.kOnMessageComplete] = () => {
    complete = head !== undefined;
  };
  const abort = (): void => void close();
  const close = async (): Promise<void> => {
    // A signal outlives the answer: that of a pull has many.
    init.signal?.removeEventListener("abort", abort);
    // Aborted, not closed: nobody is left who would take the rest of a request.
    await Promise.allSettled([writer.abort(), reader.cancel()]);
  };
  /** False at the end of the connection. */
  const advance = async (): Promise<boolean> => {
    const { done, value } = await reader.read();
    if (done) {
      complete ||= head !== undefined && isUntilClose(head);
      return false;
    }
    const outcome = parser.execute(new Chunk(value.slice().buffer) as never);
    if (outcome instanceof Error) throw new TypeError(`malformed HTTP response: ${outcome.message}`);
    return true;
  };
  init.signal?.addEventListener("abort", abort, { once: true });
  try {
    while (head === undefined && (await advance()));
  } catch (error) {
    await close();
    throw error;
  }
  if (head === undefined) {
    await close();
    throw new TypeError("EOF");
  }
  const { statusCode, statusMessage } = head as HeaderInfo;
  const headers = new Headers();
  const fields = (head as HeaderInfo).headers;
  for (let i = 0; i + 1 < fields.length; i += 2) headers.append(String(fields[i]), String(fields[i + 1]).trim());
  const hasBody = init.method !== "HEAD" && !bodiless.has(statusCode);
  if (!hasBody) await close();
  const body = !hasBody
    ? null
    : new ReadableStream<Uint8Array<ArrayBuffer>>(
        {
          async pull(controller) {
            while (parts.length === 0 && !complete) {
              if (!(await advance()) && !complete && parts.length === 0) {
                await close();
                throw new TypeError("unexpected EOF");
              }
            }
            const part = parts.shift();
            if (part !== undefined) controller.enqueue(part as Uint8Array<ArrayBuffer>);
            else {
              await close();
              controller.close();
            }
          },
          cancel: close,
        },
        { highWaterMark: 0 },
      );
  const response = new Response(body, { status: statusCode, statusText: statusMessage, headers });
  Object.defineProperty(response, "url", { value: url.href });
  return response;
}

/** Neither a length nor chunks: the end of the connection is the end of the body (RFC 9112, 6.3). */
function isUntilClose(head: HeaderInfo): boolean {
  const names = head.headers.filter((_, i) => i % 2 === 0).map((name) => String(name).toLowerCase());
  return !names.includes("content-length") && !names.includes("transfer-encoding");
}
