/** The embedded name server: sockets at 127.0.0.11:53 in each namespace that needs one, held by the agent, answered here. */
import type { ByteDuplex, DatagramSocket, Guest, Listener } from "../ports/guest.ts";
import { answer } from "./answer.ts";
import { encodeResponse, parseQuery } from "./message.ts";
import type { NameSource, Resolver } from "./zone.ts";

export const embeddedAddress = "127.0.0.11";
const port = 53;

interface Served {
  readonly namespace: string | undefined;
  readonly abort: AbortController;
  readonly datagrams: DatagramSocket;
  readonly listener: Listener;
}

/** What of a sandbox the server needs. */
export interface ServedSandbox {
  readonly container: string;
  readonly namespace: string | undefined;
}

export class EmbeddedNameServer {
  readonly #guest: Guest;
  readonly #source: () => NameSource;
  readonly #resolver: Resolver;
  readonly #served = new Map<string, Promise<Served>>();
  #turn = 0;

  constructor(dependencies: {
    readonly guest: Guest /** Asked at each question, as the networks are made after the server that they tell of sandboxes. */;
    readonly source: () => NameSource;
    readonly resolver: Resolver;
  }) {
    this.#guest = dependencies.guest;
    this.#source = dependencies.source;
    this.#resolver = dependencies.resolver;
  }

  /** Resolves once containers can ask. Opening again what is open does nothing. */
  async open(sandbox: ServedSandbox): Promise<void> {
    await this.#open(sandbox.container, embeddedAddress, sandbox.namespace, sandbox.container);
  }

  async close(container: string): Promise<void> {
    await this.#close(container);
  }

  /** A server in the machine's own namespace, for its programs and for containers of the default bridge; it knows the outside alone. */
  async openForMachine(address: string): Promise<void> {
    await this.#open(machineKey, address, undefined, undefined);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#served.keys()].map((key) => this.#close(key)));
  }

  async #open(key: string, host: string, namespace: string | undefined, container: string | undefined): Promise<void> {
    const there = this.#served.get(key);
    if (there !== undefined) {
      await there;
      return;
    }
    const opened = this.#serve(host, namespace, container);
    this.#served.set(key, opened);
    try {
      await opened;
    } catch (error) {
      this.#served.delete(key);
      throw error;
    }
  }

  async #close(key: string): Promise<void> {
    const opened = this.#served.get(key);
    if (opened === undefined) return;
    this.#served.delete(key);
    const { abort, datagrams, listener } = await opened;
    abort.abort();
    await Promise.all([datagrams.close(), listener.close()]);
  }

  async #serve(host: string, namespace: string | undefined, container: string | undefined): Promise<Served> {
    const [datagrams, listener] = await Promise.all([
      this.#guest.openDatagram(host, port, namespace),
      this.#guest.listen({ kind: "tcp", host, port }, namespace === undefined ? {} : { namespace }),
    ]);
    const abort = new AbortController();
    const { signal } = abort;
    // Ends with the socket; what one question does wrong concerns nobody else.
    void this.#answerDatagrams(datagrams, container, signal).catch(() => {});
    void this.#answerConnections(listener, container, signal).catch(() => {});
    return { namespace, abort, datagrams, listener };
  }

  async #answerDatagrams(socket: DatagramSocket, container: string | undefined, signal: AbortSignal): Promise<void> {
    const reader = socket.readable.getReader();
    const writer = socket.writable.getWriter();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const reply = async (): Promise<void> => {
        const data = await this.#reply(value.data, container, signal, "datagram");
        if (data !== undefined && !signal.aborted) await writer.write({ host: value.host, port: value.port, data });
      };
      // Questions are answered as their answers come, not in turn.
      void reply().catch(() => {});
    }
  }

  async #answerConnections(listener: Listener, container: string | undefined, signal: AbortSignal): Promise<void> {
    const reader = listener.connections.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      void this.#answerConnection(value, container, signal).catch(() => {});
    }
  }

  /** Over TCP each message has its length before it (RFC 1035, 4.2.2). */
  async #answerConnection(connection: ByteDuplex, container: string | undefined, signal: AbortSignal): Promise<void> {
    const writer = connection.writable.getWriter();
    let pending = new Uint8Array();
    const reader = connection.readable.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      pending = joined(pending, value);
      while (pending.length >= 2) {
        const length = ((pending[0] ?? 0) << 8) | (pending[1] ?? 0);
        if (pending.length < 2 + length) break;
        const data = await this.#reply(pending.slice(2, 2 + length), container, signal, "stream");
        pending = pending.slice(2 + length);
        if (data === undefined) continue;
        await writer.write(joined(Uint8Array.of(data.length >> 8, data.length & 0xff), data));
      }
    }
    await writer.close();
  }

  async #reply(
    bytes: Uint8Array,
    container: string | undefined,
    signal: AbortSignal,
    transport: "datagram" | "stream",
  ): Promise<Uint8Array | undefined> {
    const query = parseQuery(bytes);
    if (query === undefined) return undefined;
    const context = { container, source: this.#source(), resolver: this.#resolver, signal, turn: this.#turn++ };
    const response = await answer(query, context);
    return encodeResponse(query, response, transport === "datagram" ? query.datagramSize : 65535);
  }
}

const machineKey = "machine";

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
