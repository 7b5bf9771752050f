import { LINK_CHUNK, LINK_WINDOW, type MachineLink } from "./link.ts";
import {
  FRAME_MAX_IN,
  FRAME_MAX_OUT,
  guestFrames,
  HEADER_IN,
  HEADER_OUT,
  type HostFrame,
  hostFrames,
} from "./protocol.ts";
import { WireError } from "./wire.ts";

/** The channel's own state as plain data: with the machine's it makes one instant. */
export interface ChannelState {
  /** Bytes of a frame from the guest that was not complete. */
  readonly partial: Uint8Array;
  /** Bytes not yet given to the link. */
  readonly queued: readonly Uint8Array[];
  /** Sizes of the link's writes that the guest has not acknowledged, oldest first. */
  readonly outstanding: readonly number[];
  /** All bytes acknowledged so far, modulo 2^32; `undefined` before the guest's first answer. */
  readonly acknowledged: number | undefined;
}

export interface ChannelEvents {
  frame(kind: number, id: number, payload: Uint8Array): void;
  /** The guest broke the protocol; nothing more comes. */
  lost(reason: WireError): void;
}

const NEW_STATE: ChannelState = { partial: new Uint8Array(), queued: [], outstanding: [], acknowledged: undefined };

/** Frames over the link: never more writes outstanding than the guest has buffers for, and nothing trusted that comes back. */
export class Channel {
  readonly #link: MachineLink;
  readonly #events: ChannelEvents;
  readonly #unsubscribe: () => void;
  #partial: Uint8Array;
  #queued: Uint8Array[];
  #outstanding: number[];
  #acknowledged: number | undefined;
  #closed = false;

  constructor(link: MachineLink, events: ChannelEvents, state: ChannelState = NEW_STATE) {
    this.#link = link;
    this.#events = events;
    this.#partial = state.partial.slice();
    this.#queued = state.queued.map((bytes) => bytes.slice());
    this.#outstanding = [...state.outstanding];
    this.#acknowledged = state.acknowledged;
    this.#unsubscribe = link.onData((bytes) => this.#receive(bytes));
    this.#flush();
  }

  /** Throws {@link WireError} when the agent would not take a frame so large. */
  send(kind: HostFrame, id: number, payload: Uint8Array): void {
    if (payload.length > FRAME_MAX_OUT) throw new WireError(`frame of ${payload.length} bytes`);
    if (this.#closed) return;
    const frame = new Uint8Array(HEADER_OUT + payload.length);
    const header = new DataView(frame.buffer);
    header.setUint32(0, payload.length, true);
    header.setUint32(4, hostFrames[kind], true);
    header.setUint32(8, id, true);
    frame.set(payload, HEADER_OUT);
    this.#queued.push(frame);
    this.#flush();
  }

  exportState(): ChannelState {
    return {
      partial: this.#partial.slice(),
      queued: this.#queued.map((bytes) => bytes.slice()),
      outstanding: [...this.#outstanding],
      acknowledged: this.#acknowledged,
    };
  }

  close(): void {
    this.#closed = true;
    this.#unsubscribe();
  }

  #flush(): void {
    while (this.#queued.length > 0 && this.#outstanding.length < LINK_WINDOW) {
      // A client that meets a machine it did not start asks once, and learns where the guest's count stands.
      if (this.#acknowledged === undefined && this.#outstanding.length > 0) return;
      const chunk = this.#nextChunk();
      this.#outstanding.push(chunk.length);
      this.#link.send(chunk);
    }
  }

  /** As much of the queue as one buffer of the guest holds. */
  #nextChunk(): Uint8Array {
    const [first] = this.#queued;
    if (first !== undefined && this.#queued.length === 1 && first.length <= LINK_CHUNK) {
      this.#queued = [];
      return first;
    }
    const chunk = new Uint8Array(LINK_CHUNK);
    let length = 0;
    while (length < LINK_CHUNK) {
      const next = this.#queued[0];
      if (next === undefined) break;
      const taken = next.subarray(0, LINK_CHUNK - length);
      chunk.set(taken, length);
      length += taken.length;
      if (taken.length === next.length) this.#queued.shift();
      else this.#queued[0] = next.subarray(taken.length);
    }
    return chunk.slice(0, length);
  }

  #receive(bytes: Uint8Array): void {
    if (this.#closed) return;
    try {
      this.#takeFrames(this.#partial.length === 0 ? bytes : joined(this.#partial, bytes));
    } catch (error) {
      this.close();
      this.#events.lost(error instanceof WireError ? error : new WireError(String(error)));
      return;
    }
    this.#flush();
  }

  #takeFrames(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    while (bytes.length - at >= HEADER_IN) {
      const length = view.getUint32(at, true);
      if (length > FRAME_MAX_IN) throw new WireError(`frame of ${length} bytes`);
      const end = at + HEADER_IN + length;
      if (end > bytes.length) break;
      const kind = view.getUint32(at + 4, true);
      this.#acknowledge(view.getUint32(at + 12, true), kind === guestFrames.result || kind === guestFrames.error);
      this.#partial = bytes.subarray(end);
      this.#events.frame(kind, view.getUint32(at + 8, true), bytes.subarray(at + HEADER_IN, end));
      at = end;
    }
    this.#partial = bytes.slice(at);
  }

  /** `received`: all that the guest has taken since it started. */
  #acknowledge(received: number, answer: boolean): void {
    const outstanding = this.#outstanding.reduce((sum, size) => sum + size, 0);
    if (this.#acknowledged === undefined) {
      if (!answer) return;
      this.#acknowledged = (received - outstanding) >>> 0;
    }
    let taken = (received - this.#acknowledged) >>> 0;
    if (taken > outstanding) throw new WireError(`${taken} bytes acknowledged of ${outstanding}`);
    while (taken > 0) {
      const [oldest] = this.#outstanding;
      if (oldest === undefined || oldest > taken) break;
      this.#outstanding.shift();
      this.#acknowledged = (this.#acknowledged + oldest) >>> 0;
      taken -= oldest;
    }
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
