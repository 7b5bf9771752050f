/** The guest's end of the cable in tests: makes frames by hand, and keeps what comes back. */
import type { Clock } from "../../engine/ports/host.ts";
import {
  addressNumber,
  type Ends,
  parseFrame,
  parseTcp,
  type TcpSegment,
  tcpFlags,
  tcpFrame,
  udpFrame,
} from "../frames.ts";
import type { Uplink } from "../uplink.ts";
import { machineAddress, UserNetwork } from "../user-network.ts";

const mac = Uint8Array.of(2, 0, 0, 0, 0, 1);
const gatewayMac = Uint8Array.of(0x52, 0x55, 10, 0, 2, 2);

/** A clock whose timers run when they are told to. */
export class HandClock implements Clock {
  readonly timers = new Set<{ readonly due: number; readonly callback: () => void }>();
  time = 0;
  now = (): Date => new Date(this.time);
  monotonic = (): number => this.time;
  after(ms: number, callback: () => void): () => void {
    const timer = { due: this.time + ms, callback };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }
  advance(ms: number): void {
    this.time += ms;
    for (const timer of [...this.timers]) {
      if (timer.due > this.time) continue;
      this.timers.delete(timer);
      timer.callback();
    }
  }
}

export class Peer {
  readonly clock = new HandClock();
  readonly network: UserNetwork;
  readonly frames: Uint8Array[] = [];
  #waiting: (() => void) | undefined;

  constructor(uplink: Uplink) {
    this.network = new UserNetwork({
      uplink,
      clock: this.clock,
      randomness: { bytes: (count) => new Uint8Array(count).fill(0xff) },
      send: (frame) => {
        this.frames.push(frame);
        this.#waiting?.();
      },
    });
  }

  /** The next frame from the network. */
  async frame(): Promise<Uint8Array> {
    while (this.frames.length === 0)
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    return this.frames.shift() as Uint8Array;
  }

  ends(destination: string): Ends {
    return {
      sourceMac: mac,
      destinationMac: gatewayMac,
      source: addressNumber(machineAddress),
      destination: addressNumber(destination),
    };
  }

  sendUdp(destination: string, port: number, data: Uint8Array): void {
    this.network.receive(udpFrame(this.ends(destination), { sourcePort: 5000, destinationPort: port, data }));
  }

  socket(destination: string, port: number): PeerSocket {
    return new PeerSocket(this, destination, port);
  }
}

/** A connection of the guest's, segment by segment. */
export class PeerSocket {
  readonly #peer: Peer;
  readonly #destination: string;
  readonly #port: number;
  next = 1000;
  expected = 0;
  window = 0xffff;

  constructor(peer: Peer, destination: string, port: number) {
    this.#peer = peer;
    this.#destination = destination;
    this.#port = port;
  }

  send(flags: number, data: Uint8Array = new Uint8Array(), more: Partial<TcpSegment> = {}): void {
    const segment: TcpSegment = {
      sourcePort: 4000,
      destinationPort: this.#port,
      sequence: this.next,
      acknowledgement: this.expected,
      flags,
      window: this.window,
      data,
      ...more,
    };
    const { syn, fin } = tcpFlags;
    this.next = (this.next + data.length + ((flags & syn) > 0 ? 1 : 0) + ((flags & fin) > 0 ? 1 : 0)) >>> 0;
    this.#peer.network.receive(tcpFrame(this.#peer.ends(this.#destination), segment));
  }

  async segment(): Promise<TcpSegment> {
    const packet = parseFrame(await this.#peer.frame());
    const segment = packet?.kind === "ipv4" ? parseTcp(packet.payload) : undefined;
    if (segment === undefined) throw new Error("no TCP segment");
    return segment;
  }

  /** Takes segments in order, and acknowledges, until `length` bytes are there. */
  async read(length: number): Promise<string> {
    let text = "";
    while (text.length < length) {
      const { data, sequence } = await this.segment();
      if (data.length === 0 || sequence !== this.expected) continue;
      this.expected = (this.expected + data.length) >>> 0;
      text += new TextDecoder().decode(data);
      this.send(tcpFlags.ack);
    }
    return text;
  }

  async open(): Promise<TcpSegment> {
    this.send(tcpFlags.syn, new Uint8Array(), { maxSegment: 1000, windowShift: 2 });
    const answer = await this.segment();
    this.expected = (answer.sequence + 1) >>> 0;
    this.send(tcpFlags.ack);
    return answer;
  }
}
