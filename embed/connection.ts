/** The embedding page's end: asks one frame of one origin, matches answers to questions, hands on what the playground tells. */
import {
  type EmbedEvent,
  type EmbedEvents,
  type EmbedFailure,
  type EmbedMethod,
  type EmbedMethods,
  type Request,
  readTold,
  written,
} from "./protocol.ts";

/** A request that was refused, or that nobody answered. */
export class PlaygroundError extends Error {
  override readonly name = "PlaygroundError";
  readonly kind: EmbedFailure["kind"];
  constructor({ kind, message }: EmbedFailure) {
    super(message);
    this.kind = kind;
  }
}

export interface ConnectionOptions {
  readonly frame: Window;
  /** Of the playground's site; messages from any other are not looked at. */
  readonly origin: string;
  readonly onEvent: <E extends EmbedEvent>(event: E, detail: EmbedEvents[E]) => void;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: PlaygroundError): void;
}

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #pending = new Map<number, Pending>();
  #next = 1;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    addEventListener("message", this.#receive);
  }

  ask<M extends EmbedMethod>(method: M, params: EmbedMethods[M]["params"]): Promise<EmbedMethods[M]["result"]> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#options.frame.postMessage(written({ id, method, params } as Request), this.#options.origin);
    });
  }

  readonly #receive = ({ source, origin, data }: MessageEvent): void => {
    if (source !== this.#options.frame || origin !== this.#options.origin) return;
    const read = readTold(data);
    if (read.kind === "foreign") return;
    if (read.kind === "wrong") {
      if (read.id !== undefined) this.#settle(read.id, (pending) => pending.reject(new PlaygroundError(read.failure)));
      return;
    }
    const { message } = read;
    if (message.type === "event") this.#options.onEvent(message.event, message.detail as never);
    else if (message.type === "answer") this.#settle(message.id, (pending) => pending.resolve(message.value));
    else this.#settle(message.id, (pending) => pending.reject(new PlaygroundError(message.failure)));
  };

  #settle(id: number, how: (pending: Pending) => void): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (pending !== undefined) how(pending);
  }

  close(message: string): void {
    removeEventListener("message", this.#receive);
    for (const pending of this.#pending.values()) pending.reject(new PlaygroundError({ kind: "notRunning", message }));
    this.#pending.clear();
  }
}
