/**
 * The packets on the machine's cable: Ethernet, ARP (RFC 826), IPv4 (RFC 791), ICMP (RFC 792), UDP and TCP (RFC 9293), as pure functions.
 * What is read comes from the guest and is trusted in nothing: a packet that is not whole is no packet. Addresses are unsigned 32-bit
 * numbers. IPv6 is not spoken outside the machine.
 */

const etherTypes = { ipv4: 0x0800, arp: 0x0806 } as const;
export const protocols = { icmp: 1, tcp: 6, udp: 17 } as const;
const etherHeader = 14;
const ipHeader = 20;
export const maxPacket = 1500;

export type Mac = Uint8Array;

export interface ArpPacket {
  readonly kind: "arp";
  readonly operation: number;
  readonly senderMac: Mac;
  readonly sender: number;
  readonly target: number;
}
export interface IpPacket {
  readonly kind: "ipv4";
  readonly sourceMac: Mac;
  readonly source: number;
  readonly destination: number;
  readonly protocol: number;
  readonly payload: Uint8Array;
  /** Header and the first eight bytes after it: what an ICMP error quotes. */
  readonly quote: Uint8Array;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export function parseFrame(frame: Uint8Array): ArpPacket | IpPacket | undefined {
  if (frame.length < etherHeader) return undefined;
  const view = viewOf(frame);
  switch (view.getUint16(12)) {
    case etherTypes.arp: {
      const isForIpv4 = frame.length >= 42 && view.getUint32(14) === 0x00010800 && view.getUint16(18) === 0x0604;
      if (!isForIpv4) return undefined;
      return {
        kind: "arp",
        operation: view.getUint16(20),
        senderMac: frame.slice(22, 28),
        sender: view.getUint32(28),
        target: view.getUint32(38),
      };
    }
    case etherTypes.ipv4: {
      if (frame.length < etherHeader + ipHeader) return undefined;
      const headerLength = ((frame[etherHeader] ?? 0) & 15) * 4;
      const total = view.getUint16(etherHeader + 2);
      const isWhole = (frame[etherHeader] ?? 0) >> 4 === 4 && headerLength >= ipHeader && total >= headerLength;
      if (!isWhole || etherHeader + total > frame.length) return undefined;
      // Fragments are not put together: TCP never sends them here, and datagrams that large are rare.
      if ((view.getUint16(etherHeader + 6) & 0x3fff) !== 0) return undefined;
      const start = etherHeader + headerLength;
      return {
        kind: "ipv4",
        sourceMac: frame.slice(6, 12),
        source: view.getUint32(etherHeader + 12),
        destination: view.getUint32(etherHeader + 16),
        protocol: frame[etherHeader + 9] ?? 0,
        payload: frame.subarray(start, etherHeader + total),
        quote: frame.slice(etherHeader, Math.min(start + 8, etherHeader + total)),
      };
    }
    default:
      return undefined;
  }
}

/** The Internet checksum (RFC 1071) of an even offset's bytes, folded, not inverted; `initial` is a partial sum. */
function sum(bytes: Uint8Array, initial = 0): number {
  let total = initial;
  const even = bytes.length & ~1;
  for (let i = 0; i < even; i += 2) total += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  if (even < bytes.length) total += (bytes[even] ?? 0) << 8;
  while (total > 0xffff) total = (total & 0xffff) + Math.floor(total / 0x10000);
  return total;
}

export interface Ends {
  readonly sourceMac: Mac;
  readonly destinationMac: Mac;
  readonly source: number;
  readonly destination: number;
}

export function arpReply(ends: Ends): Uint8Array {
  const frame = new Uint8Array(42);
  const view = viewOf(frame);
  frame.set(ends.destinationMac, 0);
  frame.set(ends.sourceMac, 6);
  view.setUint16(12, etherTypes.arp);
  view.setUint32(14, 0x00010800);
  view.setUint32(18, 0x06040002);
  frame.set(ends.sourceMac, 22);
  view.setUint32(28, ends.source);
  frame.set(ends.destinationMac, 32);
  view.setUint32(38, ends.destination);
  return frame;
}

/** `checksumAt` is where in the payload the checksum of TCP or UDP stands, which covers the addresses too. */
function ipFrame(ends: Ends, protocol: number, payload: Uint8Array, checksumAt?: number): Uint8Array {
  const frame = new Uint8Array(etherHeader + ipHeader + payload.length);
  const view = viewOf(frame);
  frame.set(ends.destinationMac, 0);
  frame.set(ends.sourceMac, 6);
  view.setUint16(12, etherTypes.ipv4);
  const header = frame.subarray(etherHeader, etherHeader + ipHeader);
  view.setUint16(14, 0x4500);
  view.setUint16(16, ipHeader + payload.length);
  view.setUint16(20, 0x4000);
  view.setUint16(22, (64 << 8) | protocol);
  view.setUint32(26, ends.source);
  view.setUint32(30, ends.destination);
  view.setUint16(24, ~sum(header) & 0xffff);
  const body = frame.subarray(etherHeader + ipHeader);
  body.set(payload);
  if (checksumAt !== undefined) {
    const addresses = sum(frame.subarray(26, 34), protocol + payload.length);
    viewOf(body).setUint16(checksumAt, ~sum(body, addresses) & 0xffff || 0xffff);
  }
  return frame;
}

export interface UdpDatagram {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly data: Uint8Array;
}

export function parseUdp(payload: Uint8Array): UdpDatagram | undefined {
  if (payload.length < 8) return undefined;
  const view = viewOf(payload);
  const length = view.getUint16(4);
  if (length < 8 || length > payload.length) return undefined;
  return { sourcePort: view.getUint16(0), destinationPort: view.getUint16(2), data: payload.slice(8, length) };
}

export function udpFrame(ends: Ends, { sourcePort, destinationPort, data }: UdpDatagram): Uint8Array {
  const payload = new Uint8Array(8 + data.length);
  const view = viewOf(payload);
  view.setUint16(0, sourcePort);
  view.setUint16(2, destinationPort);
  view.setUint16(4, payload.length);
  payload.set(data, 8);
  return ipFrame(ends, protocols.udp, payload, 6);
}

export const tcpFlags = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const;

export interface TcpSegment {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  readonly window: number;
  /** Options of a SYN (RFC 9293, 3.7.1; RFC 7323, 2). */
  readonly maxSegment?: number;
  readonly windowShift?: number;
  readonly data: Uint8Array;
}

export function parseTcp(payload: Uint8Array): TcpSegment | undefined {
  if (payload.length < 20) return undefined;
  const view = viewOf(payload);
  const start = ((payload[12] ?? 0) >> 4) * 4;
  if (start < 20 || start > payload.length) return undefined;
  return {
    sourcePort: view.getUint16(0),
    destinationPort: view.getUint16(2),
    sequence: view.getUint32(4),
    acknowledgement: view.getUint32(8),
    flags: payload[13] ?? 0,
    window: view.getUint16(14),
    ...synOptions(payload.subarray(20, start)),
    data: payload.slice(start),
  };
}

function synOptions(options: Uint8Array): { maxSegment?: number; windowShift?: number } {
  const found: { maxSegment?: number; windowShift?: number } = {};
  for (let at = 0; at < options.length; ) {
    const kind = options[at] ?? 0;
    if (kind === 0) break;
    if (kind === 1) {
      at++;
      continue;
    }
    const length = options[at + 1] ?? 0;
    if (length < 2 || at + length > options.length) break;
    if (kind === 2 && length === 4) found.maxSegment = ((options[at + 2] ?? 0) << 8) | (options[at + 3] ?? 0);
    if (kind === 3 && length === 3) found.windowShift = Math.min(options[at + 2] ?? 0, 14);
    at += length;
  }
  return found;
}

export function tcpFrame(ends: Ends, segment: TcpSegment): Uint8Array {
  const { maxSegment, windowShift, data } = segment;
  const options = [
    ...(maxSegment === undefined ? [] : [2, 4, maxSegment >> 8, maxSegment & 255]),
    ...(windowShift === undefined ? [] : [1, 3, 3, windowShift]),
  ];
  const start = 20 + options.length;
  const payload = new Uint8Array(start + data.length);
  const view = viewOf(payload);
  view.setUint16(0, segment.sourcePort);
  view.setUint16(2, segment.destinationPort);
  view.setUint32(4, segment.sequence);
  view.setUint32(8, segment.acknowledgement);
  view.setUint16(12, ((start / 4) << 12) | segment.flags);
  view.setUint16(14, segment.window);
  payload.set(options, 20);
  payload.set(data, start);
  return ipFrame(ends, protocols.tcp, payload, 16);
}

const icmpTypes = { echoReply: 0, unreachable: 3, echo: 8 } as const;
/** Codes of "destination unreachable" (RFC 792; RFC 1812, 5.2.7.1). */
export const unreachable = { network: 0, port: 3 } as const;

/** The answer to an echo request; undefined for any other message. */
export function echoReply(ends: Ends, payload: Uint8Array): Uint8Array | undefined {
  if (payload.length < 8 || payload[0] !== icmpTypes.echo) return undefined;
  return icmpFrame(ends, icmpTypes.echoReply, 0, payload.slice(4));
}

export function unreachableFrame(ends: Ends, code: number, quote: Uint8Array): Uint8Array {
  const rest = new Uint8Array(4 + quote.length);
  rest.set(quote, 4);
  return icmpFrame(ends, icmpTypes.unreachable, code, rest);
}

function icmpFrame(ends: Ends, type: number, code: number, rest: Uint8Array): Uint8Array {
  const payload = new Uint8Array(4 + rest.length);
  payload[0] = type;
  payload[1] = code;
  payload.set(rest, 4);
  viewOf(payload).setUint16(2, ~sum(payload) & 0xffff);
  return ipFrame(ends, protocols.icmp, payload);
}

export const addressText = (address: number): string =>
  [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join(".");

/** Only for addresses written in the source or made by {@link addressText}. */
export const addressNumber = (text: string): number =>
  text.split(".").reduce((value, part) => value * 256 + Number(part), 0);
