/** What a client sends on a connection: heads of requests, their bodies, and after a takeover raw bytes. */
import { HTTPParser } from "http-parser-js";

/** http-parser-js asks its chunks for text the way Node's Buffer gives it. */
class Chunk extends Uint8Array<ArrayBuffer> {
  override toString(_encoding?: string, start = 0, end = this.length): string {
    return latin1.decode(this.subarray(start, end));
  }
}
const latin1 = new TextDecoder("latin1");
const maxHeaderBytes = 1 << 20;

export interface Head {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly keepAlive: boolean;
  readonly wantsUpgrade: boolean;
  readonly hasBody: boolean;
  /** Content-Length; undefined for a chunked body. */
  readonly length: number | undefined;
}

export class BadRequest extends Error {}

/** Reads a connection: request heads, their bodies, and after a takeover the raw rest. */
export class Input {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #parser = new HTTPParser(HTTPParser.REQUEST);
  /** Bytes read but not yet parsed. */
  #rest: Uint8Array = new Uint8Array(0);
  #head: Head | undefined;
  #body: Uint8Array[] = [];
  #complete = false;
  #headBytes = 0;
  /** Bytes of a body of known length that are still to come. */
  #missing = 0;
  /** Somebody waits for the next piece of the body. */
  #pulled = false;
  #reading: Promise<Uint8Array | undefined> | undefined;
  readonly #gone = new AbortController();

  constructor(readable: ReadableStream<Uint8Array>) {
    this.#reader = readable.getReader();
  }

  get signal(): AbortSignal {
    return this.#gone.signal;
  }
  disconnect(): void {
    if (this.#gone.signal.aborted) return;
    this.#gone.abort(new Error("client disconnected"));
    this.#reader.cancel().catch(() => undefined);
  }

  #read(): Promise<Uint8Array | undefined> {
    this.#reading ??= this.#reader.read().then(
      ({ value, done }) => (done ? undefined : value),
      () => undefined,
    );
    return this.#reading;
  }
  async #next(): Promise<Uint8Array | undefined> {
    if (this.#rest.length > 0) {
      const rest = this.#rest;
      this.#rest = new Uint8Array(0);
      return rest;
    }
    const data = await this.#read();
    this.#reading = undefined;
    return data;
  }

  /** The next request's head; undefined when the client has closed. */
  async head(): Promise<Head | undefined> {
    this.#head = undefined;
    this.#body = [];
    this.#complete = false;
    this.#headBytes = 0;
    this.#parser = new HTTPParser(HTTPParser.REQUEST);
    this.#parser[HTTPParser.kOnHeadersComplete] = (info) => {
      this.#head = describe(info);
    };
    this.#parser[HTTPParser.kOnBody] = (chunk, offset, length) => {
      this.#body.push(chunk.subarray(offset, offset + length));
    };
    this.#parser[HTTPParser.kOnMessageComplete] = () => {
      this.#complete = true;
    };
    while (this.#head === undefined) {
      const data = await this.#next();
      if (data === undefined) return undefined;
      this.#headBytes += data.length;
      if (this.#headBytes > maxHeaderBytes) throw new BadRequest("request header too long");
      this.#feed(data);
    }
    return this.#head;
  }

  /** Parses up to the end of the message; what follows it stays for the next one. */
  #feed(data: Uint8Array): void {
    // The parser runs on into the next message, so it gets one line or body piece at a time where a message may end.
    let at = 0;
    while (at < data.length && !this.#complete) {
      const line = this.#head === undefined || this.#head.length === undefined;
      const end = line ? data.indexOf(10, at) + 1 || data.length : Math.min(data.length, at + this.#missing);
      const piece = new Chunk(new ArrayBuffer(end - at));
      piece.set(data.subarray(at, end));
      const known = this.#head !== undefined;
      const result = this.#parser.execute(piece as never);
      if (typeof result !== "number") throw new BadRequest(String(result));
      at += piece.length;
      if (known) this.#missing -= piece.length;
      else this.#missing = (this.#head as Head | undefined)?.length ?? 0;
    }
    this.#rest = data.subarray(at);
  }

  body(): ReadableStream<Uint8Array> {
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
      this.#pulled = true;
      while (this.#body.length === 0 && !this.#complete) {
        const data = await this.#next();
        if (data === undefined) {
          controller.error(new Error("unexpected EOF"));
          this.disconnect();
          return;
        }
        this.#feed(data);
      }
      this.#pulled = false;
      const piece = this.#body.shift();
      if (piece === undefined) controller.close();
      else controller.enqueue(piece);
    };
    return new ReadableStream({ pull }, { highWaterMark: 0 });
  }
  /**
   * Reads on over the rest of a body that nobody wants: a client that is still sending would be reset, and lose the answer. As much as
   * Go's server reads (net/http, maxPostHandlerReadBytes).
   */
  async discardBody(): Promise<void> {
    for (let left = 256 << 10; left > 0 && !this.#complete && !this.#pulled; ) {
      const data = await this.#next();
      if (data === undefined) return;
      left -= data.length;
      this.#feed(data);
    }
  }
  get complete(): boolean {
    return this.#complete;
  }
  /** Watches for the client's going away while an answer is made; bytes that come meanwhile are kept. */
  watch(): void {
    if (this.#rest.length > 0) return;
    void this.#read().then((data) => {
      if (data === undefined && this.#reading !== undefined) this.disconnect();
    });
  }
  /** Everything from here on, raw. */
  raw(): ReadableStream<Uint8Array> {
    return new ReadableStream({
      pull: async (controller) => {
        const data = await this.#next();
        if (data === undefined) controller.close();
        else controller.enqueue(data);
      },
      cancel: () => this.disconnect(),
    });
  }
}

function describe(info: {
  headers: string[];
  method: number;
  url: string;
  upgrade: boolean;
  shouldKeepAlive: boolean;
}): Head {
  const headers: Record<string, string> = Object.create(null);
  for (let i = 0; i + 1 < info.headers.length; i += 2) {
    const name = (info.headers[i] ?? "").toLowerCase();
    const value = info.headers[i + 1] ?? "";
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  return {
    method: HTTPParser.methods[info.method] ?? "GET",
    url: info.url.replace(/^https?:\/\/[^/]*/, ""),
    headers,
    keepAlive: info.shouldKeepAlive,
    wantsUpgrade: headers.upgrade !== undefined,
    hasBody: headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0,
    length: headers["transfer-encoding"] === undefined ? Number(headers["content-length"] ?? 0) : undefined,
  };
}
