/** What a client may put on a connection: requests framed well, badly, or in a way that lies, in pieces of any size. */
import * as fc from "fast-check";
import { type HostileRequest, requests } from "./requests.ts";
import { joined } from "./values.ts";

export interface HostileConnection {
  /** What is asked, as far as it is known. */
  readonly requests: readonly HostileRequest[];
  readonly pieces: readonly Uint8Array[];
  /** All requests are whole, so the engine must answer each without the client's closing. */
  readonly whole: boolean;
}

const encoder = new TextEncoder();

const framings = ["length", "length", "length", "chunked", "chunked", "cut", "long", "short", "both", "bent"] as const;
type Framing = (typeof framings)[number];

/** The request's bytes, as HTTP/1.1 (RFC 9112) or nearly. */
function written({ method, path, headers, body }: HostileRequest, framing: Framing, last: boolean): Uint8Array {
  const bytes = body === undefined ? undefined : encoder.encode(body);
  const lines = [`${method} ${path} HTTP/1.1`, "Host: docker"];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (last && headers.connection === undefined) lines.push("Connection: close");
  const chunked = framing === "chunked" || framing === "both" || framing === "bent";
  if (bytes !== undefined) {
    const length = bytes.length + (framing === "long" ? 100 : framing === "short" ? -1 : 0);
    if (!chunked || framing === "both") lines.push(`Content-Length: ${length}`);
    if (chunked) lines.push("Transfer-Encoding: chunked");
  }
  const head = encoder.encode(`${lines.join("\r\n")}\r\n\r\n`);
  if (bytes === undefined) return head;
  if (chunked) return joined([head, ...chunks(bytes, framing === "bent")]);
  return joined([head, framing === "cut" ? bytes.subarray(0, bytes.length >> 1) : bytes]);
}

function chunks(bytes: Uint8Array, bent: boolean): readonly Uint8Array[] {
  const half = bytes.length >> 1;
  const parts = [bytes.subarray(0, half), bytes.subarray(half)].filter(({ length }) => length > 0);
  const size = ({ length }: Uint8Array) => (bent ? `${(length + 1).toString(16)};x="\r` : length.toString(16));
  return [
    ...parts.flatMap((part) => [encoder.encode(`${size(part)}\r\n`), part, encoder.encode("\r\n")]),
    encoder.encode("0\r\nTrailer: x\r\n\r\n"),
  ];
}

/** Cut at these places, of a thousand. */
function cut(bytes: Uint8Array, places: readonly number[]): readonly Uint8Array[] {
  const ends = [...places.map((place) => Math.floor((place * bytes.length) / 1000)), bytes.length];
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const end of ends.sort((a, b) => a - b)) {
    if (end > at) pieces.push(bytes.subarray(at, end));
    at = Math.max(at, end);
  }
  return pieces;
}

const sound = (framing: Framing) => framing === "length" || framing === "chunked";

/** One request or two behind each other. */
export const connections: fc.Arbitrary<HostileConnection> = fc
  .record({
    asked: fc.array(fc.tuple(requests, fc.constantFrom(...framings)), { minLength: 1, maxLength: 2 }),
    places: fc.array(fc.nat(1000), { maxLength: 4 }),
  })
  .map(({ asked, places }) => ({
    requests: asked.map(([request]) => request),
    pieces: cut(
      joined(asked.map(([request, framing], i) => written(request, framing, i === asked.length - 1))),
      places,
    ),
    whole: asked.every(([request, framing]) => (request.body === undefined || sound(framing)) && plain(request)),
  }));

/** Without headers that leave the connection open, or change whose it is. */
const plain = ({ headers }: HostileRequest) => !["connection", "upgrade", "expect"].some((name) => name in headers);

const line = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc
    .constantFrom(
      "GET /_ping HTTP/1.1\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      "POST /containers/create HTTP/1.0\r\n",
      "GET http://docker/v1.51/info HTTP/1.1\r\n",
      "CONNECT a:1 HTTP/1.1\r\n",
      "GET /\u0000 HTTP/1.1\r\n",
      `GET /${"a".repeat(70_000)} HTTP/1.1\r\n`,
      `X: ${"b".repeat(70_000)}\r\n`,
      "Content-Length: -1\r\n",
      "Content-Length: 5\r\nContent-Length: 6\r\n",
      "Content-Length: 99999999999999999999\r\n",
      "Transfer-Encoding: chunked\r\n",
      "Transfer-Encoding: gzip, chunked\r\n",
      "Connection: Upgrade\r\nUpgrade: tcp\r\n",
      "Upgrade: websocket\r\nSec-WebSocket-Key: x\r\n",
      "Expect: 100-continue\r\n",
      "Host: x\r\n",
      " folded\r\n",
      "\r\n",
      "\n",
      "zz\r\n",
      "ffffffffffffffff\r\n",
      "0\r\n\r\n",
      "{}",
    )
    .map((text) => encoder.encode(text)),
);

/** No requests at all, or what could become some. */
export const noise: fc.Arbitrary<readonly Uint8Array[]> = fc.array(line, { maxLength: 10 });
