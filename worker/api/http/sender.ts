import type { ApiResponse } from "../transport.ts";

const encoder = new TextEncoder();

/** Writes answers: whole ones in one piece, streams in chunks. */
export class Sender {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #identity: Readonly<Record<string, string>>;
  readonly #headOnly: boolean;
  readonly #keepAlive: boolean;
  constructor(
    writer: WritableStreamDefaultWriter<Uint8Array>,
    identity: Readonly<Record<string, string>>,
    headOnly: boolean,
    keepAlive: boolean,
  ) {
    this.#writer = writer;
    this.#identity = identity;
    this.#headOnly = headOnly;
    this.#keepAlive = keepAlive;
  }

  async response({ status, headers, body }: ApiResponse, signal: AbortSignal): Promise<void> {
    switch (body.kind) {
      case "empty":
        return this.#whole(status, headers, new Uint8Array(0), undefined);
      case "json":
        return this.#whole(status, headers, encoder.encode(`${JSON.stringify(body.value)}\n`), "application/json");
      case "text":
        return this.#whole(status, headers, encoder.encode(body.text), "text/plain; charset=utf-8");
      case "jsonLines":
        await this.#start(status, headers, "application/json");
        if (this.#headOnly) return;
        for await (const value of until(body.values, signal))
          await this.#chunk(encoder.encode(`${JSON.stringify(value)}\r\n`));
        return this.#end();
      case "stream": {
        const isSized = headers["content-length"] !== undefined;
        if (isSized)
          await this.#writer.write(this.#head(status, headers, { "content-type": "application/octet-stream" }));
        else await this.#start(status, headers, "application/octet-stream");
        const reader = body.stream.getReader();
        const stop = () => reader.cancel(signal.reason).catch(() => undefined);
        signal.addEventListener("abort", stop);
        try {
          for (;;) {
            if (this.#headOnly) break;
            const { value, done } = await reader.read();
            if (done) break;
            await (isSized ? this.#writer.write(value) : this.#chunk(value));
          }
        } finally {
          signal.removeEventListener("abort", stop);
          await reader.cancel().catch(() => undefined);
        }
        if (this.#headOnly || isSized) return;
        return this.#end();
      }
      case "upgrade":
        throw new Error("an upgrade is answered by takeOver");
    }
  }

  #head(status: number, headers: Readonly<Record<string, string>>, more: Readonly<Record<string, string>>): Uint8Array {
    const all: Record<string, string> = {
      ...this.#identity,
      ...more,
      ...headers,
      ...(this.#keepAlive ? {} : { connection: "close" }),
    };
    const lines = Object.entries(all).map(
      ([name, value]) => `${canonical(name)}: ${value.replace(/[\r\n]/g, " ")}\r\n`,
    );
    return encoder.encode(`HTTP/1.1 ${status} ${reasons[status] ?? "Unknown"}\r\n${lines.join("")}\r\n`);
  }
  async #whole(
    status: number,
    headers: Readonly<Record<string, string>>,
    bytes: Uint8Array,
    type: string | undefined,
  ): Promise<void> {
    const bodiless = status === 204 || status === 304;
    const head = this.#head(status, headers, {
      ...(type === undefined ? {} : { "content-type": type }),
      ...(bodiless ? {} : { "content-length": String(bytes.length) }),
    });
    if (this.#headOnly || bodiless || bytes.length === 0) return this.#writer.write(head);
    const both = new Uint8Array(head.length + bytes.length);
    both.set(head);
    both.set(bytes, head.length);
    await this.#writer.write(both);
  }
  #start(status: number, headers: Readonly<Record<string, string>>, type: string): Promise<void> {
    return this.#writer.write(this.#head(status, headers, { "content-type": type, "transfer-encoding": "chunked" }));
  }
  #chunk(data: Uint8Array): Promise<void> {
    if (data.length === 0) return Promise.resolve();
    const size = encoder.encode(`${data.length.toString(16)}\r\n`);
    const bytes = new Uint8Array(size.length + data.length + 2);
    bytes.set(size);
    bytes.set(data, size.length);
    bytes.set([13, 10], size.length + data.length);
    return this.#writer.write(bytes);
  }
  #end(): Promise<void> {
    return this.#writer.write(encoder.encode("0\r\n\r\n"));
  }
}

/** The values until the signal fires; the source is told to stop. */
async function* until<T>(values: AsyncIterable<T>, signal: AbortSignal): AsyncIterable<T> {
  const iterator = values[Symbol.asyncIterator]();
  let stop = (): void => {};
  const aborted = new Promise<IteratorResult<T>>((resolve) => {
    stop = () => resolve({ value: undefined, done: true });
  });
  if (signal.aborted) stop();
  // The signal is the connection's, which answers many requests.
  else signal.addEventListener("abort", stop);
  try {
    for (;;) {
      const { value, done } = await Promise.race([iterator.next(), aborted]);
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", stop);
    void iterator.return?.();
  }
}

const canonical = (name: string): string => name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());

const reasons: Readonly<Record<number, string>> = {
  200: "OK",
  201: "Created",
  204: "No Content",
  206: "Partial Content",
  301: "Moved Permanently",
  302: "Found",
  304: "Not Modified",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  409: "Conflict",
  500: "Internal Server Error",
  416: "Range Not Satisfiable",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
};
