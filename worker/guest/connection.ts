import { type ByteDuplex, GuestError } from "../engine/ports/guest.ts";
import { Channel, type ChannelState } from "./channel.ts";
import { errnoName, errnoText } from "./errno.ts";
import type { MachineLink } from "./link.ts";
import { guestFrames, type HostFrame, stages } from "./protocol.ts";
import { AgentStream, type StreamOptions, type StreamPort, type StreamState } from "./streams.ts";
import { WireError, WireReader, WireWriter } from "./wire.ts";

interface Request {
  readonly resolve: (reader: WireReader) => void;
  readonly reject: (error: GuestError) => void;
}

export interface ConnectionState {
  readonly channel: ChannelState;
  readonly nextId: number;
}

/** What comes from the guest by itself, neither answer nor stream. */
export interface ConnectionEvents {
  notice(kind: number, id: number, reader: WireReader): void;
  lost(error: GuestError): void;
}

/** Requests with their answers, and byte streams, over one channel. A request's id is a multiple of 4, its streams' are the three after it. */
export class Connection {
  readonly #channel: Channel;
  readonly #events: ConnectionEvents;
  readonly #requests = new Map<number, Request>();
  readonly #streams = new Map<number, AgentStream>();
  #nextId: number;
  #failure: GuestError | undefined;

  constructor(link: MachineLink, events: ConnectionEvents, state?: ConnectionState) {
    this.#events = events;
    this.#nextId = state?.nextId ?? 4;
    const handlers = {
      frame: (kind: number, id: number, payload: Uint8Array) => this.#onFrame(kind, id, new WireReader(payload)),
      lost: (reason: WireError) => this.lose(reason.message),
    };
    this.#channel = new Channel(link, handlers, state?.channel);
  }

  exportState(): ConnectionState {
    return { channel: this.#channel.exportState(), nextId: this.#nextId };
  }

  /** Requests whose answer has not come. */
  get waiting(): number {
    return this.#requests.size;
  }

  /** From here on nothing is sent or received, and nothing that waits ever settles. */
  abandon(): void {
    this.#channel.close();
  }

  exportStreams(): readonly StreamState[] {
    return [...this.#streams.values()].map((stream) => stream.exportState());
  }

  request<T>(kind: HostFrame, payload: Uint8Array, read: (reader: WireReader, id: number) => T): Promise<T> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = this.#nextId;
    this.#nextId = id + 4 > 0x7fffffff ? 4 : id + 4;
    return new Promise((resolve, reject) => {
      this.#channel.send(kind, id, payload);
      // Read at once, not in a later task: frames for the streams that the answer makes may follow in the same bytes.
      const answer = (reader: WireReader) => {
        try {
          resolve(read(reader, id));
        } catch (error) {
          // Out of the table already: this promise would never settle when the channel ends for it.
          reject(channelError(String(error)));
          throw error;
        }
      };
      this.#requests.set(id, { resolve: answer, reject });
    });
  }

  /** A frame without an answer. */
  tell(kind: HostFrame, id: number, payload: Uint8Array = new Uint8Array()): void {
    if (this.#failure === undefined) this.#channel.send(kind, id, payload);
  }

  open(id: number, options: StreamOptions): AgentStream {
    return this.#keep(new AgentStream(this.#streamPort, id, options));
  }

  /** A stream of before a restore. */
  reopen(state: StreamState): AgentStream {
    return this.#keep(AgentStream.fromState(this.#streamPort, state));
  }

  duplex(id: number): ByteDuplex {
    const stream = this.open(id, { read: {}, write: {} });
    return { readable: readableOf(stream), writable: writableOf(stream) };
  }

  /** The agent has closed the stream, or is told to: what waits on it ends, with `error` if there is one. */
  drop(id: number, error?: GuestError): void {
    const stream = this.#streams.get(id);
    this.#streams.delete(id);
    if (error === undefined) stream?.onReset(0);
    else stream?.fail(error);
  }

  has(id: number): boolean {
    return this.#streams.has(id);
  }

  /** Ends everything with the reason. */
  lose(reason: string): void {
    if (this.#failure !== undefined) return;
    const error = channelError(reason);
    this.#failure = error;
    this.#channel.close();
    for (const { reject } of this.#requests.values()) reject(error);
    this.#requests.clear();
    for (const stream of this.#streams.values()) stream.fail(error);
    this.#streams.clear();
    this.#events.lost(error);
  }

  readonly #streamPort: StreamPort = {
    data: (id, bytes) => this.tell("data", id, bytes),
    end: (id) => this.tell("end", id),
    credit: (id, bytes) => this.tell("credit", id, new WireWriter().u32(bytes).bytes()),
    reset: (id) => this.tell("reset", id),
    gone: (id) => void this.#streams.delete(id),
  };

  #keep(stream: AgentStream): AgentStream {
    this.#streams.set(stream.id, stream);
    return stream;
  }

  #onFrame(kind: number, id: number, reader: WireReader): void {
    switch (kind) {
      case guestFrames.ready:
      case guestFrames.ack:
        return;
      case guestFrames.result:
        this.#take(id)?.resolve(reader);
        return;
      case guestFrames.error: {
        // Read before its request is taken: a bad frame ends the channel, and with it every request that is left.
        const error = readError(reader);
        this.#take(id)?.reject(error);
        return;
      }
      case guestFrames.guestData:
        this.#streams.get(id)?.onData(reader.rest());
        return;
      case guestFrames.guestEnd:
        this.#streams.get(id)?.onEnd();
        return;
      case guestFrames.guestCredit:
        this.#streams.get(id)?.onCredit(reader.u32());
        return;
      case guestFrames.guestReset:
        this.#streams.get(id)?.onReset(reader.u16());
        return;
      default:
        this.#events.notice(kind, id, reader);
    }
  }

  /** An answer nobody waits for is one of before a restore. */
  #take(id: number): Request | undefined {
    const request = this.#requests.get(id);
    this.#requests.delete(id);
    return request;
  }
}

export function readableOf(stream: AgentStream): ReadableStream<Uint8Array> {
  if (stream.readable === undefined) throw new WireError("not a stream to read");
  return stream.readable;
}

export function writableOf(stream: AgentStream): WritableStream<Uint8Array> {
  if (stream.writable === undefined) throw new WireError("not a stream to write");
  return stream.writable;
}

export function channelError(text: string): GuestError {
  return new GuestError({ errno: "EPROTO", stage: "channel", operation: "agent", text });
}

function readError(reader: WireReader): GuestError {
  const errno = reader.u16();
  const stage = stages[reader.u8()] ?? "channel";
  const index = reader.u16();
  const operation = reader.string();
  const path = reader.string();
  const text = reader.string();
  return new GuestError({
    errno: errnoName(errno),
    stage,
    operation,
    text: text === "" ? errnoText(errno) : text,
    ...(path === "" ? {} : { path }),
    ...(index === 0xffff ? {} : { index }),
  });
}
