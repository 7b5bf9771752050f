import { describe, expect, it } from "vitest";
import type { ByteDuplex } from "../engine/ports/guest.ts";
import { addressNumber, parseFrame, parseTcp, parseUdp, tcpFlags } from "./frames.ts";
import { Peer } from "./testing/peer.ts";
import { type Uplink, UplinkError } from "./uplink.ts";
import { gatewayAddress, machineAddress } from "./user-network.ts";

const { fin, syn, rst, ack } = tcpFlags;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array): string => new TextDecoder().decode(data);

/** A server whose ends a test holds. */
function server() {
  const down = new TransformStream<Uint8Array, Uint8Array>();
  const received: string[] = [];
  const state = { closed: false, aborted: false };
  const asked: string[] = [];
  const stream: ByteDuplex = {
    readable: down.readable,
    writable: new WritableStream({
      write: (data) => void received.push(text(data)),
      close: () => {
        state.closed = true;
      },
      abort: () => {
        state.aborted = true;
      },
    }),
  };
  const uplink: Uplink = {
    connect: async ({ address, port }) => {
      asked.push(`${address}:${port}`);
      return stream;
    },
    openDatagrams: () => undefined,
  };
  return { uplink, writer: down.writable.getWriter(), received, state, asked };
}

const failing = (reason: "refused" | "unreachable"): Uplink => ({
  connect: async () => {
    throw new UplinkError(reason, reason);
  },
  openDatagrams: () => undefined,
});

describe("the network on the machine's cable", () => {
  it("answers who asks for the gateway's hardware address, and nobody else", async () => {
    const peer = new Peer(failing("refused"));
    const request = new Uint8Array(42);
    const view = new DataView(request.buffer);
    view.setUint16(12, 0x0806);
    view.setUint32(14, 0x00010800);
    view.setUint32(18, 0x06040001);
    view.setUint32(28, addressNumber(machineAddress));
    view.setUint32(38, addressNumber("10.0.2.77"));
    peer.network.receive(request);
    expect(peer.frames).toEqual([]);
    view.setUint32(38, addressNumber(gatewayAddress));
    peer.network.receive(request);
    expect(parseFrame(await peer.frame())).toMatchObject({ kind: "arp", operation: 2, sender: 0x0a000202 });
  });

  it("relays a connection both ways and lets each side end its own", async () => {
    const { uplink, writer, received, state, asked } = server();
    const peer = new Peer(uplink);
    const socket = peer.socket("192.0.2.7", 80);
    expect(await socket.open()).toMatchObject({ flags: syn | ack, acknowledgement: 1001, maxSegment: 1460 });
    expect(asked).toEqual(["192.0.2.7:80"]);
    socket.send(ack, bytes("GET "));
    socket.send(ack | fin, bytes("/"));
    expect(await socket.segment()).toMatchObject({ flags: ack, acknowledgement: 1007 });
    await writer.write(bytes("answer ".repeat(1000)));
    expect(await socket.read(7000)).toBe("answer ".repeat(1000));
    expect(received.join("")).toBe("GET /");
    expect(state).toEqual({ closed: true, aborted: false });
    void writer.close();
    expect(await socket.segment()).toMatchObject({ flags: fin | ack });
    socket.expected++;
    socket.send(ack);
    // The connection is forgotten: another word about it is answered by a reset.
    socket.send(ack, bytes("more"));
    expect(await socket.segment()).toMatchObject({ flags: rst, sequence: socket.expected });
    expect(peer.clock.timers.size).toBe(0);
  });

  it("sends no more than the guest has room for, and asks again when that has closed", async () => {
    const { uplink, writer } = server();
    const peer = new Peer(uplink);
    const socket = peer.socket("192.0.2.7", 80);
    socket.window = 500;
    await socket.open();
    void writer.write(bytes("x".repeat(3000)));
    // 500, scaled by 4 as the guest has said, in segments of 1000.
    expect((await socket.segment()).data).toHaveLength(1000);
    expect((await socket.segment()).data).toHaveLength(1000);
    socket.expected += 2000;
    socket.window = 0;
    socket.send(ack);
    expect(peer.frames).toEqual([]);
    peer.clock.advance(1000);
    expect((await socket.segment()).data).toHaveLength(1);
    socket.expected += 1;
    socket.window = 0xffff;
    socket.send(ack);
    expect((await socket.segment()).data).toHaveLength(999);
  });

  it("sends again what was lost: after a while, or when later parts are acknowledged", async () => {
    const { uplink, writer } = server();
    const peer = new Peer(uplink);
    const socket = peer.socket("192.0.2.7", 80);
    await socket.open();
    void writer.write(bytes("a".repeat(1000)));
    const first = await socket.segment();
    peer.clock.advance(1000);
    expect(await socket.segment()).toEqual(first);
    for (let i = 0; i < 3; i++) socket.send(ack);
    expect(await socket.segment()).toEqual(first);
    expect(await socket.read(0)).toBe("");
  });

  it("gives up on a guest that never answers", async () => {
    const { uplink, writer, state } = server();
    const peer = new Peer(uplink);
    const socket = peer.socket("192.0.2.7", 80);
    await socket.open();
    void writer.write(bytes("a")).catch(() => undefined);
    await socket.segment();
    for (let i = 0; i < 9; i++) peer.clock.advance(10_000);
    const last = peer.frames.at(-1) as Uint8Array;
    expect(last[14 + 20 + 13]).toBe(rst | ack);
    await Promise.resolve();
    expect(state.aborted).toBe(true);
  });

  it("takes nothing twice and nothing out of order", async () => {
    const { uplink, received } = server();
    const peer = new Peer(uplink);
    const socket = peer.socket("192.0.2.7", 80);
    await socket.open();
    socket.send(ack, bytes("one "));
    socket.next -= 4;
    socket.send(ack, bytes("one two "));
    socket.next += 4;
    socket.send(ack, bytes("lost"));
    socket.next -= 8;
    socket.send(ack, bytes("three"));
    expect(await socket.segment()).toMatchObject({ acknowledgement: 1001 + 13 });
    await Promise.resolve();
    expect(received.join("")).toBe("one two three");
  });

  it("refuses what is refused, and says at once where nothing leads", async () => {
    const refused = new Peer(failing("refused"));
    const socket = refused.socket("192.0.2.7", 81);
    socket.send(syn);
    expect(await socket.segment()).toMatchObject({ flags: rst | ack, acknowledgement: 1001 });

    const nowhere = new Peer(failing("unreachable"));
    nowhere.socket("192.0.2.7", 81).send(syn);
    const packet = parseFrame(await nowhere.frame());
    expect(packet).toMatchObject({ kind: "ipv4", protocol: 1, source: addressNumber(gatewayAddress) });
    expect(packet?.kind === "ipv4" && [...packet.payload.subarray(0, 2)]).toEqual([3, 0]);
    expect(nowhere.clock.timers.size).toBe(0);
  });

  it("relays datagrams and their answers, and forgets the way when nothing comes any more", async () => {
    const flows: string[] = [];
    const peer = new Peer({
      connect: failing("refused").connect,
      openDatagrams: ({ address, port }, receive) => {
        if (port !== 53) return undefined;
        flows.push(`open ${address}:${port}`);
        return { send: (data) => receive(bytes(`re ${text(data)}`)), close: () => void flows.push("close") };
      },
    });
    peer.sendUdp("192.0.2.53", 53, bytes("question"));
    const answer = parseFrame(await peer.frame());
    const datagram = answer?.kind === "ipv4" ? parseUdp(answer.payload) : undefined;
    expect(datagram).toMatchObject({ sourcePort: 53, destinationPort: 5000 });
    expect(text(datagram?.data ?? new Uint8Array())).toBe("re question");
    peer.clock.advance(60_000);
    expect(flows).toEqual(["open 192.0.2.53:53", "close"]);
    peer.sendUdp("192.0.2.53", 123, bytes("time?"));
    const refusal = parseFrame(await peer.frame());
    expect(refusal?.kind === "ipv4" && [...refusal.payload.subarray(0, 2)]).toEqual([3, 3]);
  });

  it("drops what was open when the machine becomes another one", async () => {
    const { uplink, state } = server();
    const peer = new Peer(uplink);
    const socket = peer.socket("192.0.2.7", 80);
    await socket.open();
    peer.network.reset();
    await Promise.resolve();
    expect(state.aborted).toBe(true);
    socket.send(ack, bytes("still there?"));
    expect(await socket.segment()).toMatchObject({ flags: rst });
  });

  it("ends connections of the moment that the machine is put back to where the guest left them", async () => {
    const { uplink } = server();
    const peer = new Peer(uplink);
    const socket = peer.socket("192.0.2.7", 80);
    await socket.open();
    socket.send(ack, bytes("hello"));
    await socket.segment();
    const farewells = peer.network.farewells();
    expect(farewells).toHaveLength(1);
    const packet = parseFrame(farewells[0] ?? new Uint8Array());
    const segment = packet?.kind === "ipv4" ? parseTcp(packet.payload) : undefined;
    expect(segment).toMatchObject({ flags: rst | ack, sourcePort: 80, acknowledgement: 1006 });
  });

  it("survives any bytes", () => {
    const { uplink } = server();
    const peer = new Peer(uplink);
    let seed = 1;
    const random = (below: number): number => {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff;
      return (seed >> 8) % below;
    };
    for (let round = 0; round < 20_000; round++) {
      const frame = Uint8Array.from({ length: random(120) }, () => random(256));
      if (random(4) > 0 && frame.length > 40) {
        frame.set([8, 0, 0x45, 0, 0, frame.length - 14, 0, 0, 0, 0, 64, [1, 6, 17][random(3)] ?? 6], 12);
        if (random(2) > 0) frame.set([10, 0, 2, 15, 1, 1, 1, 1, 0, random(3), 0, 80], 26);
      }
      peer.network.receive(frame);
    }
  });
});
