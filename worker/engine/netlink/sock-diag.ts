/** Sockets of a namespace by sock_diag (linux/inet_diag.h): who listens, who is connected. */
import { addressFromBytes, formatAddress } from "./ip-address.ts";
import { flags, message, parseMessages } from "./message.ts";

const sockDiagByFamily = 20;
const families = { 4: 2, 6: 10 } as const;
const protocols = { tcp: 6, udp: 17 } as const;
/** Bits of struct inet_diag_req_v2's idiag_states. */
export const socketStates = { established: 1 << 1, close: 1 << 7, listen: 1 << 10, all: 0xfff } as const;

/** Unconnected UDP sockets are in state "close". */
export function listSockets(family: 4 | 6, protocol: "tcp" | "udp", states: number): Uint8Array {
  const body = new Uint8Array(56);
  body[0] = families[family];
  body[1] = protocols[protocol];
  new DataView(body.buffer).setUint32(4, states, true);
  return message(sockDiagByFamily, flags.request | flags.dump, body);
}

export interface SocketEntry {
  readonly family: 4 | 6;
  readonly state: number;
  readonly address: string;
  readonly port: number;
  readonly peerAddress: string;
  readonly peerPort: number;
  readonly uid: number;
  readonly inode: number;
}

export function parseSockets(bytes: Uint8Array): readonly SocketEntry[] {
  return parseMessages(bytes).flatMap(({ type, payload }) => {
    if (type !== sockDiagByFamily || payload.length < 72) return [];
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    const family = payload[0] === families[6] ? 6 : 4;
    const size = family === 4 ? 4 : 16;
    const read = (at: number): string => {
      const address = addressFromBytes(payload.subarray(at, at + size));
      return address === undefined ? "" : formatAddress(address);
    };
    return [
      {
        family,
        state: payload[1] ?? 0,
        port: view.getUint16(4, false),
        peerPort: view.getUint16(6, false),
        address: read(8),
        peerAddress: read(24),
        uid: view.getUint32(64, true),
        inode: view.getUint32(68, true),
      },
    ];
  });
}
