/** What lies at the other end of the machine's cable: streams and datagrams to addresses outside. */
import type { ByteDuplex } from "../engine/ports/guest.ts";

export interface Destination {
  readonly address: string;
  readonly port: number;
}

export interface DatagramFlow {
  send(data: Uint8Array): void;
  close(): void;
}

export interface Uplink {
  /** Rejects with {@link UplinkError}, at once where nothing leads to the destination. */
  connect(to: Destination, signal: AbortSignal): Promise<ByteDuplex>;
  /** Datagrams to one destination and back; undefined where none leave. */
  openDatagrams(to: Destination, receive: (data: Uint8Array) => void): DatagramFlow | undefined;
  /** Told of a ping to outside, which nobody sends on: its answer is an ICMP message. */
  echoRefused?(address: string): void;
}

/** `refused` becomes a reset, `unreachable` an ICMP message: programs in the guest end at once with either. */
export class UplinkError extends Error {
  override readonly name = "UplinkError";
  readonly reason: "refused" | "unreachable";

  constructor(reason: "refused" | "unreachable", message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
