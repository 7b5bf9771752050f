/** Connections that stop speaking HTTP: attach, exec, session (moby's hijacking), and WebSockets. */
import type { ByteDuplex } from "../../engine/ports/guest.ts";
import { apiVersion } from "../router.ts";
import { acceptKey, asksForWebSocket, websocketStream } from "../websocket.ts";
import { serverName } from "./identity.ts";
import type { Head, Input } from "./input.ts";

const encoder = new TextEncoder();

export async function takeOver(
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
export async function takeOverFramed(
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

/**
 * Milliseconds between the head of an answer and the first byte of what was taken over. Clients that read both in one piece lose the
 * byte (docker-py's do); moby never has any that soon.
 */
const headTime = 5;

/** Until the stream has ended; the peer's end is the end of the stream's input. */
async function relay(
  input: Input,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  stream: ByteDuplex,
  peer: Peer,
): Promise<void> {
  const upward = peer.readable.pipeTo(stream.writable).catch(() => undefined);
  const reader = stream.readable.getReader();
  const headArrived = new Promise((resolve) => setTimeout(resolve, headTime));
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      await headArrived;
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
