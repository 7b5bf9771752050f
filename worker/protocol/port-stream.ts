/**
 * A stream over a MessagePort, with credits: the reader grants a window, the writer sends while it has credit and waits
 * when it has none. So a flooding process is held back at its source instead of filling the memory of the page.
 * One port carries one direction. Closing, failing and cancelling are told to the other side, then the port is closed.
 */
import { BridgeError, toWireError, type WireError } from "./outcome.ts";

/** `data` and `end` and `fail` go from writer to reader, `credit` and `cancel` from reader to writer. */
type Frame<T> =
  | { readonly type: "data"; readonly value: T }
  | { readonly type: "end" }
  | { readonly type: "fail"; readonly error: WireError }
  | { readonly type: "credit"; readonly amount: number }
  | { readonly type: "cancel"; readonly error: WireError };

/** Bytes count by length, other values one each. */
function measure(value: unknown): number {
  return value instanceof Uint8Array ? Math.max(1, value.byteLength) : 1;
}

export const byteWindow = 256 * 1024;
export const valueWindow = 256;

export interface PortStreamOptions {
  /** Ends the stream with the signal's reason: the Worker was lost, the view was closed. */
  readonly signal?: AbortSignal;
}

/** The writing end of a port. {@link portWritable} wraps it as a stream; a feed that drops instead of waiting uses it directly. */
export class PortSender<T> {
  readonly #port: MessagePort;
  #credit = 0;
  #closed: WireError | "ended" | undefined;
  #wake: (() => void) | undefined;
  #onStop: ((error: WireError) => void) | undefined;

  constructor(port: MessagePort) {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<Frame<T>>) => {
      if (data.type === "credit") this.#credit += data.amount;
      else if (data.type === "cancel") this.stop(data.error);
      this.#wake?.();
    };
  }

  /** True while the reader has room. */
  get ready(): boolean {
    return this.#credit > 0 && this.#closed === undefined;
  }

  /** Called once when the reader cancels or {@link stop} is called. */
  set onStop(callback: (error: WireError) => void) {
    this.#onStop = callback;
  }

  send(value: T): void {
    this.#credit -= measure(value);
    if (value instanceof Uint8Array) {
      // Cloning a view clones the whole buffer under it, so a part of a larger buffer is cut out first, and handed over.
      const whole = value.byteLength === value.buffer.byteLength;
      const bytes = whole ? value : value.slice();
      this.#port.postMessage({ type: "data", value: bytes }, whole ? [] : [bytes.buffer]);
    } else this.#port.postMessage({ type: "data", value });
  }

  /** Resolves when there is room; rejects when the reader has gone. */
  async room(): Promise<void> {
    while (!this.ready) {
      if (this.#closed === "ended") return;
      if (this.#closed !== undefined) throw new BridgeError(this.#closed);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  end(): void {
    if (this.#closed !== undefined) return;
    this.#closed = "ended";
    this.#port.postMessage({ type: "end" });
    this.#port.close();
  }

  fail(error: WireError): void {
    if (this.#closed !== undefined) return;
    this.#closed = error;
    this.#port.postMessage({ type: "fail", error });
    this.#port.close();
  }

  /** Ends without a word to the reader, who has gone or will learn otherwise. */
  stop(error: WireError): void {
    if (this.#closed !== undefined) return;
    this.#closed = error;
    this.#port.close();
    this.#wake?.();
    this.#onStop?.(error);
  }
}

export function portWritable<T>(port: MessagePort, options: PortStreamOptions = {}): WritableStream<T> {
  const sender = new PortSender<T>(port);
  return new WritableStream<T>({
    start(controller) {
      sender.onStop = (error) => controller.error(new BridgeError(error));
      onAbort(options.signal, (reason) => sender.stop(toWireError(reason)));
    },
    async write(value) {
      if (!sender.ready) await sender.room();
      sender.send(value);
    },
    close: () => sender.end(),
    abort: (reason) => sender.fail(toWireError(reason)),
  });
}

export function portReadable<T>(
  port: MessagePort,
  options: PortStreamOptions & { readonly window?: number } = {},
): ReadableStream<T> {
  const queue: T[] = [];
  const window = options.window ?? byteWindow;
  /** Room that was made since the last grant. It is granted in large pieces: a message wakes the other thread, each time. */
  let freed = 0;
  let ended = false;
  let pulled: ReadableStreamDefaultController<T> | undefined;
  const deliver = (controller: ReadableStreamDefaultController<T>): void => {
    const value = queue.shift();
    if (value !== undefined) {
      pulled = undefined;
      controller.enqueue(value);
      freed += measure(value);
      if (freed < window / 4) return;
      port.postMessage({ type: "credit", amount: freed });
      freed = 0;
    } else if (ended) {
      controller.close();
      port.close();
    } else pulled = controller;
  };
  return new ReadableStream<T>(
    {
      start(controller) {
        port.onmessage = ({ data }: MessageEvent<Frame<T>>) => {
          if (data.type === "data") queue.push(data.value);
          else if (data.type === "end") ended = true;
          else if (data.type === "fail") {
            controller.error(new BridgeError(data.error));
            port.close();
            return;
          }
          if (pulled !== undefined) deliver(pulled);
        };
        onAbort(options.signal, (reason) => {
          controller.error(reason);
          port.close();
        });
        port.postMessage({ type: "credit", amount: window });
      },
      pull: deliver,
      cancel(reason) {
        port.postMessage({ type: "cancel", error: toWireError(reason ?? new DOMException("cancelled", "AbortError")) });
        port.close();
      },
    },
    { highWaterMark: 0 },
  );
}

function onAbort(signal: AbortSignal | undefined, callback: (reason: unknown) => void): void {
  if (signal?.aborted) callback(signal.reason);
  else signal?.addEventListener("abort", () => callback(signal.reason), { once: true });
}
