import { expect, test } from "vitest";
import type { ByteDuplex, Datagram, DatagramSocket, Listener } from "../ports/guest.ts";
import { FakeGuest } from "../testing/fake-guest.ts";
import { recordTypes } from "./message.ts";
import { EmbeddedNameServer } from "./server.ts";
import { queryFor } from "./testing/query.ts";
import { type NameSource, noOutside } from "./zone.ts";

class SocketGuest extends FakeGuest {
  readonly sockets: { readonly host: string; readonly namespace: string | undefined; closed: boolean }[] = [];
  readonly questions = new TransformStream<Datagram, Datagram>();
  readonly answers = new TransformStream<Datagram, Datagram>();
  readonly incoming = new TransformStream<ByteDuplex, ByteDuplex>();
  override async openDatagram(host = "", _port = 0, namespace?: string): Promise<DatagramSocket> {
    const socket = { host, namespace, closed: false };
    this.sockets.push(socket);
    const close = async () => {
      socket.closed = true;
    };
    return { readable: this.questions.readable, writable: this.answers.writable, close };
  }
  override async listen(): Promise<Listener> {
    return { connections: this.incoming.readable, close: async () => {} };
  }
}

const source: NameSource = {
  lookup: (_container, name) => (name === "web" ? { v4: ["172.18.0.2"], v6: [] } : undefined),
  reverse: () => undefined,
  reachesOutside: () => true,
  servers: () => [],
  keepsPlainNames: () => false,
};
const setUp = () => {
  const guest = new SocketGuest();
  return { guest, server: new EmbeddedNameServer({ guest, source: () => source, resolver: noOutside }) };
};

test("one pair of sockets is opened in a container's namespace, however often it is asked for", async () => {
  const { guest, server } = setUp();
  const sandbox = { container: "a", namespace: "/run/ns" };
  await Promise.all([server.open(sandbox), server.open(sandbox)]);
  expect(guest.sockets).toEqual([{ host: "127.0.0.11", namespace: "/run/ns", closed: false }]);
  await server.close("a");
  expect(guest.sockets[0]?.closed).toBe(true);
});

test("a datagram is answered to where it came from; what is no question is passed over", async () => {
  const { guest, server } = setUp();
  await server.open({ container: "a", namespace: "/run/ns" });
  const writer = guest.questions.writable.getWriter();
  void writer.write({ host: "127.0.0.1", port: 4000, data: Uint8Array.of(1, 2, 3) });
  void writer.write({ host: "127.0.0.1", port: 4001, data: queryFor("web", recordTypes.A) });
  const { value } = await guest.answers.readable.getReader().read();
  expect(value).toMatchObject({ host: "127.0.0.1", port: 4001 });
  expect([...(value?.data.slice(-4) ?? [])]).toEqual([172, 18, 0, 2]);
});

test("over a connection each message has its length before it, also when it comes in pieces", async () => {
  const { guest, server } = setUp();
  await server.open({ container: "a", namespace: "/run/ns" });
  const up = new TransformStream<Uint8Array, Uint8Array>();
  const down = new TransformStream<Uint8Array, Uint8Array>();
  void guest.incoming.writable.getWriter().write({ readable: up.readable, writable: down.writable });
  const question = queryFor("web", recordTypes.A);
  const framed = Uint8Array.of(0, question.length, ...question);
  const writer = up.writable.getWriter();
  void writer.write(framed.slice(0, 5));
  void writer.write(framed.slice(5));
  const { value } = await down.readable.getReader().read();
  expect(value?.[1]).toBe((value?.length ?? 0) - 2);
  expect([...(value?.slice(-4) ?? [])]).toEqual([172, 18, 0, 2]);
});
