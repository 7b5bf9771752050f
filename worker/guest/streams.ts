import { GuestError } from "../engine/ports/guest.ts";
import { errnoName, errnoText } from "./errno.ts";
import { WINDOW_IN, WINDOW_OUT } from "./protocol.ts";
import { WireError } from "./wire.ts";

/** What a stream says to the agent about itself. */
export interface StreamPort {
  data(id: number, bytes: Uint8Array): void;
  end(id: number): void;
  credit(id: number, bytes: number): void;
  reset(id: number): void;
  /** Nothing more will come for this id. */
  gone(id: number): void;
}

/** A stream's credit as plain data. */
export interface StreamState {
  readonly id: number;
  readonly read: ReadState | undefined;
  readonly write: WriteState | undefined;
}
interface ReadState {
  /** What the agent may still send. */
  readonly window: number;
  readonly onDemand: boolean;
  /** What has come and was not read. */
  readonly queue: readonly Uint8Array[];
  readonly ended: boolean;
}
interface WriteState {
  /** What we may still send. */
  readonly window: number;
  readonly awaitsClose: boolean;
}

export interface StreamOptions {
  readonly read?: { /** Nothing is read in the guest before somebody reads here. */ readonly onDemand?: boolean };
  readonly write?: { /** Closing waits until the guest has closed its file. */ readonly awaitsClose?: boolean };
}

/**
 * One byte stream of the agent, in one or both directions. Credits bound what is under way: the guest sends only what fits
 * into our queue, and we send only what the agent has room for.
 */
export class AgentStream {
  readonly id: number;
  readonly readable: ReadableStream<Uint8Array> | undefined;
  readonly writable: WritableStream<Uint8Array> | undefined;
  readonly #port: StreamPort;
  readonly #read: ReadHalf | undefined;
  readonly #write: WriteHalf | undefined;
  /** The agent knows the stream no more. */
  #freed = false;

  constructor(port: StreamPort, id: number, options: StreamOptions, state?: StreamState) {
    this.#port = port;
    this.id = id;
    const duplex = options.read !== undefined && options.write !== undefined;
    if (options.read !== undefined) {
      const initial = state?.read ?? newRead(options.read.onDemand ?? false);
      this.#read = new ReadHalf(port, id, duplex, () => this.#settle(), initial);
      this.readable = this.#read.stream;
    }
    if (options.write !== undefined) {
      const initial = state?.write ?? { window: WINDOW_OUT, awaitsClose: options.write.awaitsClose ?? false };
      this.#write = new WriteHalf(port, id, duplex, initial);
      this.writable = this.#write.stream;
    }
  }

  static fromState(port: StreamPort, state: StreamState): AgentStream {
    const options = {
      ...(state.read === undefined ? {} : { read: {} }),
      ...(state.write === undefined ? {} : { write: {} }),
    };
    return new AgentStream(port, state.id, options, state);
  }

  exportState(): StreamState {
    return { id: this.id, read: this.#read?.exportState(), write: this.#write?.exportState() };
  }

  onData(bytes: Uint8Array): void {
    if (this.#read === undefined) throw new WireError(`data for stream ${this.id}, which is not read`);
    this.#read.onData(bytes);
  }

  onEnd(): void {
    // The end of a stream in one direction is all that the agent says of it.
    if (this.#write === undefined) this.#freed = true;
    this.#read?.onEnd();
  }

  onCredit(bytes: number): void {
    this.#write?.onCredit(bytes);
  }

  /** The agent has freed the stream; `errno` 0: all was taken. */
  onReset(errno: number): void {
    this.#freed = true;
    const text = errnoText(errno);
    const error = new GuestError({ errno: errnoName(errno), stage: "socket", operation: "stream", text });
    this.#read?.onReset(errno === 0 ? undefined : error);
    this.#write?.onReset(errno === 0 ? undefined : error);
    this.#settle();
  }

  /** Ends the stream here, without a word to the agent. */
  fail(error: GuestError): void {
    this.#read?.onReset(error);
    this.#write?.onReset(error);
  }

  #settle(): void {
    if (this.#freed && (this.#read?.done ?? true)) this.#port.gone(this.id);
  }
}

const newRead = (onDemand: boolean): ReadState => ({
  window: onDemand ? 0 : WINDOW_IN,
  onDemand,
  queue: [],
  ended: false,
});

/** A datagram may overdraw its stream's credit once by its own size. */
const OVERDRAFT = 128 << 10;

/** Keeps what has come in a queue of its own, not the web stream's: a checkpoint takes it along. */
class ReadHalf {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #port: StreamPort;
  readonly #id: number;
  readonly #onDemand: boolean;
  readonly #limit: number;
  readonly #settled: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #queue: Uint8Array[];
  #queued: number;
  #window: number;
  #ended: boolean;
  /** A reader waits. */
  #hungry = false;
  #discarding = false;
  /** All was read, or nobody wants it. */
  done = false;

  constructor(port: StreamPort, id: number, duplex: boolean, settled: () => void, state: ReadState) {
    this.#port = port;
    this.#id = id;
    this.#onDemand = state.onDemand;
    this.#limit = state.onDemand ? WINDOW_OUT : WINDOW_IN;
    this.#window = state.window;
    this.#queue = [...state.queue];
    this.#queued = this.#queue.reduce((sum, bytes) => sum + bytes.length, 0);
    this.#ended = state.ended;
    this.#settled = settled;
    this.stream = new ReadableStream(
      {
        start: (controller) => {
          this.#controller = controller;
          if (this.#ended && this.#queued === 0) this.#finish();
        },
        pull: () => this.#pull(),
        cancel: () => this.#cancel(duplex),
      },
      { highWaterMark: 0 },
    );
  }

  exportState(): ReadState | undefined {
    if (this.done) return undefined;
    const queue = this.#queue.map((bytes) => bytes.slice());
    return { window: this.#window, onDemand: this.#onDemand, queue, ended: this.#ended };
  }

  onData(bytes: Uint8Array): void {
    if (this.done || this.#ended) return;
    this.#window -= bytes.length;
    if (this.#window < -OVERDRAFT) throw new WireError(`stream ${this.#id} overflows`);
    if (this.#hungry) {
      this.#hungry = false;
      this.#controller?.enqueue(bytes.slice());
    } else if (!this.#discarding) {
      this.#queue.push(bytes.slice());
      this.#queued += bytes.length;
      return;
    }
    this.#grant();
  }

  onEnd(): void {
    this.#ended = true;
    if (this.#queued === 0) this.#finish();
  }

  onReset(error: GuestError | undefined): void {
    if (error === undefined) {
      this.onEnd();
    } else if (!this.done) {
      this.done = true;
      if (!this.#discarding) this.#controller?.error(error);
      this.#settled();
    }
  }

  #pull(): void {
    const next = this.#queue.shift();
    if (next === undefined) {
      this.#hungry = true;
    } else {
      this.#queued -= next.length;
      this.#controller?.enqueue(next);
      if (this.#ended && this.#queued === 0) this.#finish();
    }
    this.#grant();
  }

  #cancel(duplex: boolean): void {
    if (this.done) return;
    this.#queue = [];
    this.#queued = 0;
    this.#discarding = true;
    if (this.#ended || !duplex) {
      if (!this.#ended) {
        this.#port.reset(this.#id);
        this.#port.gone(this.#id);
      }
      this.#finish();
    } else {
      // The other direction goes on: what comes in is let through to nowhere.
      this.#grant();
    }
  }

  #finish(): void {
    if (this.done) return;
    this.done = true;
    if (!this.#discarding) this.#controller?.close();
    this.#settled();
  }

  /** Grants what the queue has room for, in halves of the window: small streams need no credit frames at all. */
  #grant(): void {
    if (this.done || this.#ended || (this.#onDemand && !this.#hungry && !this.#discarding)) return;
    const more = this.#limit - this.#queued - this.#window;
    if (more < this.#limit / 2) return;
    this.#window += more;
    this.#port.credit(this.#id, more);
  }
}

class WriteHalf {
  readonly stream: WritableStream<Uint8Array>;
  readonly #port: StreamPort;
  readonly #id: number;
  readonly #awaitsClose: boolean;
  #controller: WritableStreamDefaultController | undefined;
  #window: number;
  #wake: (() => void) | undefined;
  #failed: GuestError | undefined;
  #done = false;

  constructor(port: StreamPort, id: number, duplex: boolean, state: WriteState) {
    this.#port = port;
    this.#id = id;
    this.#awaitsClose = state.awaitsClose;
    this.#window = state.window;
    this.stream = new WritableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        write: (chunk) => this.#send(chunk),
        close: () => this.#close(),
        abort: () => {
          if (this.#done) return;
          this.#done = true;
          // The guest's reader sees an end; of a pair the other direction goes on.
          if (duplex) port.end(id);
          else {
            port.reset(id);
            port.gone(id);
          }
        },
      },
      { highWaterMark: WINDOW_OUT, size: (chunk) => chunk.length },
    );
  }

  exportState(): WriteState | undefined {
    return this.#done ? undefined : { window: this.#window, awaitsClose: this.#awaitsClose };
  }

  onCredit(bytes: number): void {
    this.#window += bytes;
    if (this.#window > WINDOW_OUT) throw new WireError(`stream ${this.#id} grants too much`);
    this.#wake?.();
  }

  onReset(error: GuestError | undefined): void {
    if (!this.#done) {
      this.#failed =
        error ?? new GuestError({ errno: "EPIPE", stage: "socket", operation: "write", text: "broken pipe" });
      if (!(this.#awaitsClose && error === undefined)) this.#controller?.error(this.#failed);
    }
    this.#done = true;
    this.#wake?.();
  }

  async #send(chunk: Uint8Array): Promise<void> {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#failed !== undefined) throw this.#failed;
      if (this.#window === 0) {
        await this.#woken();
        continue;
      }
      const piece = rest.subarray(0, Math.min(rest.length, this.#window));
      this.#window -= piece.length;
      this.#port.data(this.#id, piece);
      rest = rest.subarray(piece.length);
    }
  }

  async #close(): Promise<void> {
    if (this.#done) return;
    this.#port.end(this.#id);
    if (!this.#awaitsClose) {
      this.#done = true;
      return;
    }
    while (!this.#isDone()) await this.#woken();
    if (this.#failed !== undefined && this.#failed.errno !== "EPIPE") throw this.#failed;
  }

  #isDone(): boolean {
    return this.#done;
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
