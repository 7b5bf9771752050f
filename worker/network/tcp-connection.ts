/**
 * One TCP connection that a program in the guest has opened, ended here as if by the server that it called (RFC 9293), its bytes going on
 * over a stream. The cable loses nothing and keeps the order; the guest's own queues may overflow, so what is not acknowledged is sent
 * again. Neither congestion control nor selective acknowledgements: there is no network in between.
 */
import type { ByteDuplex } from "../engine/ports/guest.ts";
import { ByteQueue } from "./byte-queue.ts";
import { type TcpSegment, tcpFlags } from "./frames.ts";

/** Of an Ethernet packet without options. */
const ourMaxSegment = 1460;
const receiveLimit = 256 << 10;
const sendLimit = 128 << 10;
const ourShift = 3;
const firstTimeout = 1000;
const longestTimeout = 8000;
const patience = 8;

const { fin, syn, rst, psh, ack } = tcpFlags;
const none = new Uint8Array();

/** a − b of sequence numbers, which wrap. */
const distance = (a: number, b: number): number => (a - b) | 0;

export interface TcpOptions {
  readonly request: TcpSegment;
  readonly initialSequence: number;
  readonly send: (segment: TcpSegment) => void;
  readonly after: (ms: number, callback: () => void) => () => void;
  /** Both directions have ended, or one was reset. Called once. */
  readonly onEnd: () => void;
}

export class TcpConnection {
  readonly #options: TcpOptions;
  readonly #maxSegment: number;
  readonly #theirShift: number;
  #stage: "waiting" | "handshake" | "open" | "ended" = "waiting";
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;

  // To the guest: bytes from #unacknowledged on.
  readonly #outgoing = new ByteQueue();
  #unacknowledged: number;
  #next: number;
  /** The furthest that was ever sent. */
  #highest: number;
  #window: number;
  #repeatedAcks = 0;
  #sourceEnded = false;
  #finSent = false;
  #finAcknowledged = false;
  #roomForMore: () => void = () => undefined;
  #cancelTimer: (() => void) | undefined;
  #attempts = 0;

  // From the guest.
  #expected: number;
  #undelivered: Uint8Array[] = [];
  #undeliveredBytes = 0;
  #advertised = receiveLimit;
  #finReceived = false;
  #delivering = false;
  #ackIsDue = false;

  constructor(options: TcpOptions) {
    this.#options = options;
    const { request, initialSequence } = options;
    this.#maxSegment = Math.max(1, Math.min(request.maxSegment ?? 536, ourMaxSegment));
    this.#theirShift = request.windowShift ?? 0;
    this.#window = request.window;
    this.#unacknowledged = initialSequence;
    this.#next = initialSequence;
    this.#highest = initialSequence;
    this.#expected = (request.sequence + 1) >>> 0;
  }

  /** The other side is there: completes the handshake, and relays from then on. */
  accept({ readable, writable }: ByteDuplex): void {
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
    this.#writer.closed.catch(() => undefined);
    if (this.#stage === "ended") {
      this.#release();
      return;
    }
    this.#stage = "handshake";
    this.#advance(1);
    this.#sendSynAck();
    this.#watch();
  }

  refuse(): void {
    if (this.#stage === "ended") return;
    this.#emit({ flags: rst | ack, sequence: 0 });
    this.#end();
  }

  /** What ends the connection in a machine that is put back to this moment: nobody is at its other end then. */
  farewell(): TcpSegment {
    const { request } = this.#options;
    return {
      sourcePort: request.destinationPort,
      destinationPort: request.sourcePort,
      sequence: this.#stage === "waiting" ? 0 : this.#next,
      acknowledgement: this.#expected,
      flags: rst | ack,
      window: 0,
      data: none,
    };
  }

  /** Forgets everything without a word to the guest. */
  drop(): void {
    this.#end();
  }

  receive(segment: TcpSegment): void {
    if (this.#stage === "ended") return;
    const { flags } = segment;
    if ((flags & rst) !== 0) {
      if (distance(segment.sequence, this.#expected) >= 0) this.#end();
      return;
    }
    if ((flags & syn) !== 0) {
      if (this.#stage === "handshake") this.#sendSynAck();
      // A machine that was put back may use its port again: it resets what it does not know (RFC 5961, 4).
      else if (this.#stage === "open") this.#acknowledge();
      return;
    }
    if (this.#stage === "waiting") return;
    if ((flags & ack) !== 0) this.#acknowledged(segment);
    if ((this.#stage as string) !== "open") return;
    this.#take(segment);
  }

  #acknowledged({ acknowledgement, window, data, flags }: TcpSegment): void {
    const gained = distance(acknowledgement, this.#unacknowledged);
    if (gained < 0 || distance(acknowledgement, this.#highest) > 0) return;
    const before = this.#window;
    this.#window = window << this.#theirShift;
    if (this.#stage === "handshake") {
      if (gained < 1) return;
      this.#stage = "open";
      this.#unacknowledged = acknowledgement;
      this.#settleTimer();
      void this.#readSource();
      return;
    }
    if (gained > 0) {
      const bytes = Math.min(gained, this.#outgoing.length);
      this.#outgoing.drop(bytes);
      this.#unacknowledged = acknowledgement;
      // What was about to be sent again has arrived after all.
      if (distance(acknowledgement, this.#next) > 0) this.#next = acknowledgement;
      if (gained > bytes) this.#finSent = this.#finAcknowledged = true;
      this.#repeatedAcks = 0;
      this.#settleTimer();
      this.#roomForMore();
      if (this.#finAcknowledged && this.#finReceived) this.#end();
    } else if (this.#flying() > 0 && data.length === 0 && (flags & fin) === 0 && this.#window === before) {
      // Three repetitions say that something after this point has arrived without it (RFC 5681, 3.2).
      if (++this.#repeatedAcks === 3) this.#sendAgain();
    }
    this.#sendMore();
  }

  #take({ sequence, data, flags }: TcpSegment): void {
    const hasFin = (flags & fin) !== 0;
    if (data.length === 0 && !hasFin) return;
    const known = distance(this.#expected, sequence);
    this.#acknowledgeSoon();
    if (known < 0 || known > data.length || this.#finReceived) return;
    const fresh = data.subarray(known);
    if (fresh.length > this.#freeSpace()) return;
    this.#expected = (this.#expected + fresh.length) >>> 0;
    if (fresh.length > 0) {
      this.#undelivered.push(fresh);
      this.#undeliveredBytes += fresh.length;
    }
    if (hasFin) {
      this.#finReceived = true;
      this.#expected = (this.#expected + 1) >>> 0;
    }
    void this.#deliver();
    if (hasFin && this.#finAcknowledged) {
      this.#acknowledge();
      this.#end();
    }
  }

  async #deliver(): Promise<void> {
    const writer = this.#writer;
    if (this.#delivering || writer === undefined) return;
    this.#delivering = true;
    try {
      for (let next = this.#undelivered.shift(); next !== undefined; next = this.#undelivered.shift()) {
        await writer.write(next);
        this.#undeliveredBytes -= next.length;
        if (this.#advertised < receiveLimit / 4 && this.#freeSpace() > receiveLimit / 2) this.#acknowledgeSoon();
      }
      if (this.#finReceived) await writer.close();
    } catch {
      this.#reset();
    } finally {
      this.#delivering = false;
    }
  }

  async #readSource(): Promise<void> {
    const reader = this.#reader;
    if (reader === undefined) return;
    try {
      while (this.#stage === "open") {
        const { done, value } = await reader.read();
        if (done) break;
        this.#outgoing.push(value);
        this.#sendMore();
        while (this.#stage === "open" && this.#outgoing.length >= sendLimit)
          await new Promise<void>((resolve) => {
            this.#roomForMore = resolve;
          });
      }
      this.#sourceEnded = true;
      this.#sendMore();
    } catch {
      this.#reset();
    }
  }

  #sendMore(): void {
    if (this.#stage !== "open") return;
    for (;;) {
      const flying = this.#flying();
      const waiting = this.#outgoing.length - flying;
      const size = Math.min(waiting, this.#maxSegment, this.#window - flying);
      if (size <= 0 || this.#finSent) break;
      this.#sendData(flying, size);
    }
    if (this.#sourceEnded && !this.#finSent && this.#flying() === this.#outgoing.length) {
      this.#emit({ flags: fin | ack, sequence: this.#next });
      this.#advance(1);
      this.#finSent = true;
    }
    this.#watch();
  }

  #sendData(offset: number, size: number): void {
    const data = this.#outgoing.copy(offset, size);
    const isLast = offset + size === this.#outgoing.length;
    this.#emit({ flags: ack | (isLast ? psh : 0), sequence: this.#next, data });
    this.#advance(data.length);
  }

  #advance(count: number): void {
    this.#next = (this.#next + count) >>> 0;
    if (distance(this.#next, this.#highest) > 0) this.#highest = this.#next;
  }

  /** Bytes on their way that are not acknowledged, without a FIN. */
  #flying(): number {
    return Math.max(0, distance(this.#next, this.#unacknowledged) - (this.#finSent ? 1 : 0));
  }

  /** Everything from the first byte on that is not acknowledged. */
  #sendAgain(): void {
    this.#repeatedAcks = 0;
    if (this.#finAcknowledged) return;
    this.#next = this.#unacknowledged;
    this.#finSent = false;
    this.#sendMore();
  }

  /** Something waits to be acknowledged, or for the guest's window to open: looks after it when the time is over. */
  #watch(): void {
    const isWaiting =
      this.#stage === "handshake" || this.#next !== this.#unacknowledged || this.#outgoing.length > this.#flying();
    if (!isWaiting || this.#cancelTimer !== undefined) return;
    const wait = Math.min(firstTimeout * 2 ** this.#attempts, longestTimeout);
    this.#cancelTimer = this.#options.after(wait, () => {
      this.#cancelTimer = undefined;
      if (++this.#attempts > patience) {
        this.#reset();
        return;
      }
      if (this.#stage === "handshake") this.#sendSynAck();
      else {
        this.#sendAgain();
        // A closed window is tried with one byte (RFC 9293, 3.8.6.1).
        if (this.#window === 0 && this.#outgoing.length > 0) this.#sendData(0, 1);
      }
      this.#watch();
    });
  }

  #settleTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#attempts = 0;
  }

  #sendSynAck(): void {
    this.#emit({
      flags: syn | ack,
      sequence: this.#unacknowledged,
      maxSegment: ourMaxSegment,
      ...(this.#options.request.windowShift === undefined ? {} : { windowShift: ourShift }),
    });
  }

  /** One acknowledgement for all that arrives in a row. */
  #acknowledgeSoon(): void {
    if (this.#ackIsDue) return;
    this.#ackIsDue = true;
    queueMicrotask(() => {
      if (this.#ackIsDue && this.#stage !== "ended") this.#acknowledge();
    });
  }

  #acknowledge(): void {
    this.#emit({ flags: ack, sequence: this.#next });
  }

  #freeSpace(): number {
    return Math.max(0, receiveLimit - this.#undeliveredBytes);
  }

  #emit(part: Pick<TcpSegment, "flags" | "sequence"> & Partial<TcpSegment>): void {
    const { request } = this.#options;
    const isSyn = (part.flags & syn) !== 0;
    const shift = isSyn || request.windowShift === undefined ? 0 : ourShift;
    const window = Math.min(0xffff, this.#freeSpace() >> shift);
    this.#advertised = window << shift;
    this.#ackIsDue = false;
    this.#options.send({
      sourcePort: request.destinationPort,
      destinationPort: request.sourcePort,
      acknowledgement: this.#expected,
      window,
      data: none,
      ...part,
    });
  }

  #reset(): void {
    if (this.#stage === "ended") return;
    this.#emit({ flags: rst | ack, sequence: this.#next });
    this.#end();
  }

  #end(): void {
    if (this.#stage === "ended") return;
    this.#stage = "ended";
    this.#settleTimer();
    this.#roomForMore();
    if (this.#writer !== undefined) this.#release();
    this.#options.onEnd();
  }

  #release(): void {
    const isDelivered = this.#finReceived && (this.#delivering || this.#undelivered.length === 0);
    if (!isDelivered) void this.#writer?.abort().catch(() => undefined);
    if (!this.#sourceEnded) void this.#reader?.cancel().catch(() => undefined);
  }
}
