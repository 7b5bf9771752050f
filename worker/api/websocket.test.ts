import * as http from "node:http";
import * as net from "node:net";
import { afterEach, expect, it } from "vitest";
import WebSocket from "ws";
import { serveConnection } from "./http-server.ts";
import { socketDuplex } from "./node-socket.node.ts";
import { upgrade } from "./respond.ts";
import { Router } from "./router.ts";

let server: net.Server | undefined;
afterEach(() => server?.close());

/** Answers what it is told, in capitals, until it is told no more. */
async function listen(): Promise<number> {
  const shout = (): TransformStream<Uint8Array, Uint8Array> =>
    new TransformStream({
      transform: (bytes, controller) => controller.enqueue(Buffer.from(Buffer.from(bytes).toString().toUpperCase())),
    });
  const router = new Router([
    {
      method: "GET",
      path: "/ws",
      operation: "ws",
      handle: async () => {
        const { readable, writable } = shout();
        return {
          ...upgrade({ readable, writable }, ""),
          body: { kind: "upgrade", stream: { readable, writable }, protocol: "websocket" },
        };
      },
    },
  ]);
  server = net.createServer({ allowHalfOpen: true }, (socket) => void serveConnection(socketDuplex(socket), router));
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return (server.address() as net.AddressInfo).port;
}

it("carries both directions in frames of any size, answers pings, and says farewell", async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${await listen()}/ws`);
  const received: Buffer[] = [];
  socket.on("message", (data: Buffer, isBinary) => {
    expect(isBinary).toBe(true);
    received.push(data);
  });
  await new Promise((resolve) => socket.once("open", resolve));
  const pong = new Promise<string>((resolve) => socket.once("pong", (data) => resolve(String(data))));
  socket.ping("still there?");
  expect(await pong).toBe("still there?");

  const texts = ["hi", "x".repeat(300), "y".repeat(70_000)];
  for (const text of texts) socket.send(text);
  // A message in two fragments is two pieces of the stream.
  socket.send("fra", { fin: false });
  socket.send("gment", { fin: true });
  const wanted = `${texts.join("")}fragment`.toUpperCase();
  while (Buffer.concat(received).length < wanted.length)
    await new Promise((resolve) => socket.once("message", resolve));
  expect(Buffer.concat(received).toString()).toBe(wanted);

  const closed = new Promise<number>((resolve) => socket.once("close", resolve));
  socket.close(1000);
  expect(await closed).toBe(1000);
});

it("refuses a request that is no WebSocket, and ends the connection of one that breaks the protocol", async () => {
  const port = await listen();
  const status = await new Promise((resolve) =>
    http.get({ port, path: "/ws" }, ({ statusCode }) => resolve(statusCode)),
  );
  expect(status).toBe(400);
  const socket = net.connect(port, "127.0.0.1");
  socket.write(
    "GET /ws HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  // The key and its answer are those of RFC 6455, 1.3. An unmasked frame follows.
  socket.write(Buffer.from([0x82, 1, 65]));
  const bytes: Buffer[] = [];
  for await (const part of socket) bytes.push(part as Buffer);
  const text = Buffer.concat(bytes).toString("latin1");
  expect(text).toContain("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
  expect(Buffer.concat(bytes).subarray(-4)).toEqual(Buffer.from([0x88, 2, 1002 >> 8, 1002 & 255]));
});
