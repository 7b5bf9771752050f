/** A connection that the API hands over, as a socket of Node's: node:http2 wants one. */
import { Duplex } from "node:stream";
import type { ByteDuplex } from "../transport.ts";

/** `stream` is for who answers the request with an upgrade, `socket` is the other end of it. */
export function handedOver(): { readonly stream: ByteDuplex; readonly socket: Duplex } {
  let output: ReadableStreamDefaultController<Uint8Array> | undefined;
  let ended = false;
  let drained: () => void = () => undefined;
  let wanted: () => void = () => undefined;
  const end = (): void => {
    if (!ended) output?.close();
    ended = true;
  };
  const socket = new Duplex({
    allowHalfOpen: true,
    read: () => wanted(),
    write(chunk: Buffer, _encoding, done) {
      if (ended) return done(new Error("connection closed"));
      output?.enqueue(chunk);
      if ((output?.desiredSize ?? 0) > 0) done();
      else drained = () => done();
    },
    final(done) {
      end();
      done();
    },
    destroy(error, done) {
      end();
      // Nothing is read any more: who waits to write need not.
      wanted();
      done(error);
    },
  });
  const readable = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        output = controller;
      },
      pull() {
        const next = drained;
        drained = () => undefined;
        next();
      },
      cancel() {
        ended = true;
        socket.destroy();
      },
    },
    { highWaterMark: 16 },
  );
  const writable = new WritableStream<Uint8Array>({
    async write(chunk) {
      if (socket.destroyed || socket.push(Buffer.from(chunk))) return;
      await new Promise<void>((resolve) => {
        wanted = resolve;
      });
    },
    close() {
      socket.push(null);
    },
    abort() {
      socket.destroy();
    },
  });
  return { stream: { readable, writable }, socket };
}
