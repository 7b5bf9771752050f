/** Engine API requests and responses between their wire form and the transport's, streams over ports. */
import type { ApiRequest, ApiResponse, ApiTransport } from "../api/transport.ts";
import type { ByteDuplex } from "../engine/ports/guest.ts";
import { portReadable, portWritable, type WireRequest, type WireResponse } from "../protocol/index.ts";

/** The port's far end reads what the stream gives. */
export function sendStream<T>(stream: ReadableStream<T>): MessagePort {
  const { port1, port2 } = new MessageChannel();
  // A reader that goes away ends the pipe; there is nobody left to tell.
  stream.pipeTo(portWritable<T>(port1)).catch(() => {});
  return port2;
}

export function sendDuplex(duplex: ByteDuplex): { readonly readable: MessagePort; readonly writable: MessagePort } {
  const input = new MessageChannel();
  portReadable<Uint8Array>(input.port1)
    .pipeTo(duplex.writable)
    .catch(() => {});
  return { readable: sendStream(duplex.readable), writable: input.port2 };
}

function lines(values: AsyncIterable<unknown>): ReadableStream<unknown> {
  const iterator = values[Symbol.asyncIterator]();
  return new ReadableStream(
    {
      async pull(controller) {
        const next = await iterator.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

export class ApiBridge {
  readonly #api: ApiTransport;
  readonly #running = new Map<number, AbortController>();

  constructor(api: ApiTransport) {
    this.#api = api;
  }

  cancel(id: number): void {
    this.#running.get(id)?.abort();
  }

  async request(wire: WireRequest): Promise<WireResponse> {
    const stop = new AbortController();
    this.#running.set(wire.id, stop);
    try {
      return toWire(await this.#api.request(fromWire(wire, stop.signal)), () => this.#running.delete(wire.id));
    } catch (error) {
      this.#running.delete(wire.id);
      throw error;
    }
  }
}

function fromWire(wire: WireRequest, signal: AbortSignal): ApiRequest {
  const { method, path, headers, body } = wire;
  return {
    method,
    path,
    signal,
    ...(headers === undefined ? {} : { headers }),
    ...(body === undefined
      ? {}
      : {
          body: body.kind === "json" ? body : { kind: "stream" as const, stream: portReadable<Uint8Array>(body.port) },
        }),
  };
}

/** A response that streams can be cancelled until its stream has ended, so `settled` waits for that. */
function toWire(response: ApiResponse, settled: () => void): WireResponse {
  const { status, headers, body } = response;
  switch (body.kind) {
    case "empty":
    case "json":
    case "text":
      settled();
      return { status, headers, body };
    case "jsonLines":
      return { status, headers, body: { kind: "jsonLines", port: sendStream(whenDone(lines(body.values), settled)) } };
    case "stream":
      return { status, headers, body: { kind: "stream", port: sendStream(whenDone(body.stream, settled)) } };
    case "upgrade": {
      const readable = whenDone(body.stream.readable, settled);
      return {
        status,
        headers,
        body: { kind: "upgrade", ...sendDuplex({ readable, writable: body.stream.writable }) },
      };
    }
  }
}

function whenDone<T>(stream: ReadableStream<T>, settled: () => void): ReadableStream<T> {
  const { readable, writable } = new TransformStream<T, T>();
  stream
    .pipeTo(writable)
    .catch(() => {})
    .finally(settled);
  return readable;
}
