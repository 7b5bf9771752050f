import type {
  ByteDuplex,
  Datagram,
  DatagramSocket,
  GuestError,
  Listener,
  SocketAddress,
} from "../engine/ports/guest.ts";
import { writeAddress } from "./addresses.ts";
import type { Connection } from "./connection.ts";
import { readDatagram, writeDatagram } from "./datagrams.ts";
import { UNSET } from "./op-frame.ts";
import { WireWriter } from "./wire.ts";

export interface ListenOptions {
  readonly namespace?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** Sockets that the agent holds for us, each in the network namespace it was made in. */
export class Sockets {
  readonly #connection: Connection;
  readonly #listeners = new Map<number, ReadableStreamDefaultController<ByteDuplex>>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  connect(address: SocketAddress, namespace: string): Promise<ByteDuplex> {
    const payload = writeAddress(new WireWriter(), address).string(namespace);
    return this.#connection.request("connect", payload.bytes(), (_, id) => this.#connection.duplex(id + 1));
  }

  listen(address: SocketAddress, options: ListenOptions): Promise<Listener> {
    const { namespace = "", mode = UNSET, uid = UNSET, gid = UNSET } = options;
    const payload = writeAddress(new WireWriter(), address).string(namespace).u32(mode).u32(uid).u32(gid);
    return this.#connection.request("listen", payload.bytes(), (_, id) => this.#listener(id));
  }

  openDatagram(host: string, port: number, namespace: string): Promise<DatagramSocket> {
    const payload = writeAddress(new WireWriter(), { kind: "tcp", host, port }).string(namespace);
    return this.#connection.request("datagram", payload.bytes(), (_, id) => this.#datagramSocket(id + 1));
  }

  listening(): readonly number[] {
    return [...this.#listeners.keys()];
  }

  async closeListener(id: number): Promise<void> {
    this.#listeners.delete(id);
    await this.#connection.request("closeListener", new WireWriter().u32(id).bytes(), () => undefined);
  }

  onAccepted(id: number, stream: number): void {
    const connections = this.#listeners.get(id);
    // Closed meanwhile, or of before a restore.
    if (connections === undefined) this.#connection.tell("reset", stream);
    else connections.enqueue(this.#connection.duplex(stream));
  }

  lose(error: GuestError): void {
    for (const connections of this.#listeners.values()) connections.error(error);
    this.#listeners.clear();
  }

  #listener(id: number): Listener {
    const connections = new ReadableStream<ByteDuplex>({
      start: (controller) => void this.#listeners.set(id, controller),
      cancel: () => this.closeListener(id),
    });
    const close = async () => {
      const controller = this.#listeners.get(id);
      if (controller === undefined) return;
      controller.close();
      await this.closeListener(id);
    };
    return { connections, close };
  }

  #datagramSocket(id: number): DatagramSocket {
    const { readable, writable } = this.#connection.duplex(id);
    const decode = new TransformStream<Uint8Array, Datagram>({
      transform: (bytes, controller) => controller.enqueue(readDatagram(bytes)),
    });
    const encode = new TransformStream<Datagram, Uint8Array>({
      transform: (datagram, controller) => controller.enqueue(writeDatagram(datagram)),
    });
    // Both end with the socket; that is no error.
    readable.pipeTo(decode.writable).catch(() => {});
    encode.readable.pipeTo(writable).catch(() => {});
    const close = async () => {
      if (!this.#connection.has(id)) return;
      this.#connection.tell("reset", id);
      this.#connection.drop(id);
    };
    return { readable: decode.readable, writable: encode.writable, close };
  }
}
