/**
 * The network on the other end of the machine's cable, in user space (as QEMU's and slirp4netns' "user" networks): one gateway that
 * answers for every address, opens what the guest opens by way of an {@link Uplink}, and relays. The guest sees a plain Ethernet with
 * a router on it.
 */
import type { Clock, Randomness } from "../engine/ports/host.ts";
import {
  addressNumber,
  addressText,
  arpReply,
  type Ends,
  echoReply,
  type IpPacket,
  type Mac,
  maxPacket,
  parseFrame,
  parseTcp,
  parseUdp,
  protocols,
  tcpFlags,
  tcpFrame,
  udpFrame,
  unreachable,
  unreachableFrame,
} from "./frames.ts";
import { TcpConnection } from "./tcp-connection.ts";
import { type DatagramFlow, type Uplink, UplinkError } from "./uplink.ts";

/** As QEMU numbers its user network. */
export const gatewayAddress = "10.0.2.2";
export const machineAddress = "10.0.2.15";
export const prefixLength = 24;

const gateway = addressNumber(gatewayAddress);
const gatewayMac: Mac = Uint8Array.of(0x52, 0x55, 10, 0, 2, 2);
const arpRequest = 1;
const maxConnections = 1024;
/** How long answers to a datagram are waited for. */
const datagramPatience = 60_000;
const maxFlows = 256;

export interface UserNetworkOptions {
  readonly send: (frame: Uint8Array) => void;
  readonly uplink: Uplink;
  readonly clock: Clock;
  readonly randomness: Randomness;
}

interface Flow {
  readonly flow: DatagramFlow;
  cancelTimer: () => void;
}

export class UserNetwork {
  readonly #options: UserNetworkOptions;
  readonly #connections = new Map<
    string,
    { readonly connection: TcpConnection; readonly abort: AbortController; readonly ends: Ends }
  >();
  readonly #flows = new Map<string, Flow>();

  constructor(options: UserNetworkOptions) {
    this.#options = options;
  }

  /** A frame from the guest. */
  receive(frame: Uint8Array): void {
    const packet = parseFrame(frame);
    if (packet === undefined) return;
    if (packet.kind === "arp") {
      if (packet.operation !== arpRequest || packet.target !== gateway) return;
      const ends = { sourceMac: gatewayMac, destinationMac: packet.senderMac, source: gateway };
      this.#options.send(arpReply({ ...ends, destination: packet.sender }));
      return;
    }
    // Neither broadcasts nor multicasts lead anywhere.
    if (packet.destination >>> 28 >= 14) return;
    if (packet.protocol === protocols.tcp) this.#receiveSegment(packet);
    else if (packet.protocol === protocols.udp) this.#receiveDatagram(packet);
    else if (packet.protocol === protocols.icmp) this.#receiveEcho(packet);
  }

  /** Frames that end what the guest has open now, for a machine that is put back to this moment. */
  farewells(): readonly Uint8Array[] {
    return [...this.#connections.values()].map(({ connection, ends }) => tcpFrame(ends, connection.farewell()));
  }

  /** The machine is another one from here on (a checkpoint): what its programs had open is gone. */
  reset(): void {
    for (const { connection, abort } of [...this.#connections.values()]) {
      abort.abort();
      connection.drop();
    }
    for (const key of [...this.#flows.keys()]) this.#closeFlow(key);
  }

  #receiveSegment(packet: IpPacket): void {
    const segment = parseTcp(packet.payload);
    if (segment === undefined) return;
    const key = `${packet.source}:${segment.sourcePort} ${packet.destination}:${segment.destinationPort}`;
    const known = this.#connections.get(key);
    if (known !== undefined) {
      known.connection.receive(segment);
      return;
    }
    const send = (reply: Parameters<typeof tcpFrame>[1]): void => this.#options.send(tcpFrame(endsBack(packet), reply));
    const { flags } = segment;
    if ((flags & tcpFlags.rst) !== 0) return;
    if ((flags & (tcpFlags.syn | tcpFlags.ack)) !== tcpFlags.syn || this.#connections.size >= maxConnections) {
      // Nobody knows this connection (RFC 9293, 3.10.7.1).
      const hasAck = (flags & tcpFlags.ack) !== 0;
      const length = segment.data.length + (flags & tcpFlags.syn) / tcpFlags.syn + (flags & tcpFlags.fin);
      send({
        sourcePort: segment.destinationPort,
        destinationPort: segment.sourcePort,
        sequence: hasAck ? segment.acknowledgement : 0,
        acknowledgement: hasAck ? 0 : (segment.sequence + length) >>> 0,
        flags: hasAck ? tcpFlags.rst : tcpFlags.rst | tcpFlags.ack,
        window: 0,
        data: new Uint8Array(),
      });
      return;
    }
    const abort = new AbortController();
    const connection = new TcpConnection({
      request: segment,
      initialSequence: this.#randomSequence(),
      send,
      after: (ms, callback) => this.#options.clock.after(ms, callback),
      onEnd: () => {
        this.#connections.delete(key);
        abort.abort();
      },
    });
    this.#connections.set(key, { connection, abort, ends: endsBack(packet) });
    const to = { address: addressText(packet.destination), port: segment.destinationPort };
    this.#options.uplink.connect(to, abort.signal).then(
      (stream) => connection.accept(stream),
      (error: unknown) => {
        if (abort.signal.aborted) return;
        if (!(error instanceof UplinkError) || error.reason === "refused") {
          connection.refuse();
          return;
        }
        connection.drop();
        this.#options.send(unreachableFrame(endsBack(packet, gateway), unreachable.network, packet.quote));
      },
    );
  }

  #receiveDatagram(packet: IpPacket): void {
    const datagram = parseUdp(packet.payload);
    if (datagram === undefined) return;
    const { sourcePort, destinationPort, data } = datagram;
    const key = `${packet.source}:${sourcePort} ${packet.destination}:${destinationPort}`;
    let known = this.#flows.get(key);
    if (known === undefined) {
      const to = { address: addressText(packet.destination), port: destinationPort };
      const flow = this.#options.uplink.openDatagrams(to, (answer) => {
        if (answer.length + 28 > maxPacket) return;
        const reply = { sourcePort: destinationPort, destinationPort: sourcePort, data: answer };
        this.#options.send(udpFrame(endsBack(packet), reply));
        this.#keepFlow(key);
      });
      if (flow === undefined) {
        this.#options.send(unreachableFrame(endsBack(packet, gateway), unreachable.port, packet.quote));
        return;
      }
      const [oldest] = this.#flows.keys();
      if (this.#flows.size >= maxFlows && oldest !== undefined) this.#closeFlow(oldest);
      known = { flow, cancelTimer: () => undefined };
      this.#flows.set(key, known);
    }
    this.#keepFlow(key);
    known.flow.send(data);
  }

  #keepFlow(key: string): void {
    const known = this.#flows.get(key);
    if (known === undefined) return;
    known.cancelTimer();
    known.cancelTimer = this.#options.clock.after(datagramPatience, () => this.#closeFlow(key));
  }

  #closeFlow(key: string): void {
    const known = this.#flows.get(key);
    this.#flows.delete(key);
    known?.cancelTimer();
    known?.flow.close();
  }

  /** Echoes come from the gateway alone: browsers send none, and Node would have to be root. */
  #receiveEcho(packet: IpPacket): void {
    const reply = echoReply(endsBack(packet), packet.payload);
    if (reply === undefined) return;
    if (packet.destination === gateway) {
      this.#options.send(reply);
      return;
    }
    this.#options.uplink.echoRefused?.(addressText(packet.destination));
    this.#options.send(unreachableFrame(endsBack(packet, gateway), unreachable.network, packet.quote));
  }

  #randomSequence(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.#options.randomness.bytes(4);
    return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  }
}

/** The way back to where a packet came from; `source` where an answer comes from somebody else than who was asked. */
const endsBack = (packet: IpPacket, source = packet.destination): Ends => ({
  sourceMac: gatewayMac,
  destinationMac: packet.sourceMac,
  source,
  destination: packet.source,
});
