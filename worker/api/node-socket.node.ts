import type { Socket } from "node:net";
import type { ByteDuplex } from "../engine/ports/guest.ts";

/** A Node socket (opened with allowHalfOpen) as web streams: closing `writable` is the half-close, cancelling `readable` destroys. */
export function socketDuplex(socket: Socket): ByteDuplex {
  socket.pause();
  const readable = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        let open = true;
        socket.on("data", (data: Uint8Array) => {
          controller.enqueue(data);
          if ((controller.desiredSize ?? 0) <= 0) socket.pause();
        });
        socket.on("end", () => {
          if (open) controller.close();
          open = false;
        });
        socket.on("close", () => {
          if (open) controller.error(new Error("connection closed"));
          open = false;
        });
        socket.on("error", () => undefined);
      },
      pull() {
        socket.resume();
      },
      cancel() {
        socket.destroy();
      },
    },
    { highWaterMark: 1 },
  );
  const writable = new WritableStream<Uint8Array>({
    start(controller) {
      socket.on("close", () => controller.error(new Error("connection closed")));
    },
    write(data) {
      return new Promise((resolve, reject) => socket.write(data, (error) => (error ? reject(error) : resolve())));
    },
    close() {
      return new Promise((resolve) => {
        socket.end(() => resolve());
      });
    },
    abort() {
      socket.destroy();
    },
  });
  return { readable, writable };
}
