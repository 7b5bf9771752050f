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

  constructor(port: StreamPort, id: number, options: StreamOptions, state?: StreamState) {
    this.#port = port;
    this.id = id;
    const duplex = options.read !== undefined && options.write !== undefined;
    const changed = () => this.#settle();
    if (options.read !== undefined && (state === undefined || state.read !== undefined)) {
      this.#read = new ReadHalf(port, id, options.read.onDemand ?? false, duplex, changed, state?.read?.window);
      this.readable = this.#read.stream;
    }
    if (options.write !== undefined && (state === undefined || state.write !== undefined)) {
      this.#write = new WriteHalf(port, id, options.write.awaitsClose ?? false, duplex, changed, state?.write?.window);
      this.writable = this.#write.stream;
    }
  }

  static fromState(port: StreamPort, state: StreamState): AgentStream {
    const options = {
      ...(state.read === undefined ? {} : { read: { onDemand: state.read.onDemand } }),
      ...(state.write === undefined ? {} : { write: { awaitsClose: state.write.awaitsClose } }),
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
    this.#read?.onEnd();
  }

  onCredit(bytes: number): void {
    this.#write?.onCredit(bytes);
  }

  /** The agent has freed the stream; `errno` 0: all was taken. */
  onReset(errno: number): void {
    const error =
      errno === 0
        ? undefined
        : new GuestError({
            errno: errnoName(errno),
            stage: "socket",
            operation: "stream",
            text: errnoText(errno),
          });
    this.#read?.onReset(error);
    this.#write?.onReset(error);
    this.#port.gone(this.id);
  }

  /** Ends the stream here, without a word to the agent. */
  fail(error: GuestError): void {
    this.#read?.onReset(error);
    this.#write?.onReset(error);
  }

  /** Only a stream that the agent does not tell the end of is forgotten by itself. */
  #settle(): void {
    if (this.#write === undefined && this.#read?.done) this.#port.gone(this.id);
  }
}

class ReadHalf {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #port: StreamPort;
  readonly #id: number;
  readonly #onDemand: boolean;
  readonly #limit: number;
  readonly #changed: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #window: number;
  #discarding = false;
  done = false;

  constructor(port: StreamPort, id: number, onDemand: boolean, duplex: boolean, changed: () => void, window?: number) {
    this.#port = port;
    this.#id = id;
    this.#onDemand = onDemand;
    this.#limit = onDemand ? WINDOW_OUT : WINDOW_IN;
    this.#window = window ?? (onDemand ? 0 : WINDOW_IN);
    this.#changed = changed;
    this.stream = new ReadableStream(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#grant(),
        cancel: () => {
          if (this.done) return;
          // The other direction goes on: what comes in is let through to nowhere.
          if (duplex) {
            this.#discarding = true;
            this.#grant();
            return;
          }
          port.reset(id);
          this.#finish();
        },
      },
      { highWaterMark: onDemand ? 0 : WINDOW_IN, size: (chunk) => chunk.length },
    );
  }

  exportState(): ReadState | undefined {
    return this.done ? undefined : { window: this.#window, onDemand: this.#onDemand };
  }

  onData(bytes: Uint8Array): void {
    if (this.done) return;
    this.#window -= bytes.length;
    // A datagram may overdraw once; a guest that goes on beyond is not ours.
    if (this.#window < -(128 << 10)) throw new WireError(`stream ${this.#id} overflows`);
    if (this.#discarding) this.#grant();
    else this.#controller?.enqueue(bytes.slice());
  }

  onEnd(): void {
    if (this.done) return;
    if (!this.#discarding) this.#controller?.close();
    this.#finish();
  }

  onReset(error: GuestError | undefined): void {
    if (this.done) return;
    if (error !== undefined && !this.#discarding) this.#controller?.error(error);
    else if (!this.#discarding) this.#controller?.close();
    this.#finish();
  }

  #finish(): void {
    this.done = true;
    this.#changed();
  }

  /** Grants what our queue has room for, in halves of the window: small streams need no credit frames at all. */
  #grant(): void {
    if (this.done) return;
    const queued = this.#discarding ? 0 : this.#queued();
    const more = this.#limit - queued - this.#window;
    if (more < this.#limit / 2) return;
    this.#window += more;
    this.#port.credit(this.#id, more);
  }

  #queued(): number {
    const desired = this.#controller?.desiredSize ?? 0;
    return (this.#onDemand ? 0 : WINDOW_IN) - desired;
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

  constructor(
    port: StreamPort,
    id: number,
    awaitsClose: boolean,
    duplex: boolean,
    _changed: () => void,
    window = WINDOW_OUT,
  ) {
    this.#port = port;
    this.#id = id;
    this.#awaitsClose = awaitsClose;
    this.#window = window;
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
