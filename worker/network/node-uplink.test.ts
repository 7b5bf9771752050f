import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { parseFrame, parseUdp, tcpFlags } from "./frames.ts";
import { hostResolver, hostUplink } from "./node-uplink.node.ts";
import { Peer } from "./testing/peer.ts";

const { fin, rst, ack } = tcpFlags;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("the host's network as the machine's", () => {
  it("carries a connection to a server of the host's, half-closed where either side is done", async () => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      let text = "";
      socket.on("data", (data) => {
        text += String(data);
      });
      socket.on("end", () => socket.end(text.toUpperCase()));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const socket = new Peer(hostUplink).socket("127.0.0.1", port);
    await socket.open();
    socket.send(ack | fin, bytes("hello"));
    expect(await socket.read(5)).toBe("HELLO");
    expect((await socket.segment()).flags & fin).toBe(fin);
    server.close();
    await once(server, "close");
    const closed = new Peer(hostUplink).socket("127.0.0.1", port);
    closed.send(tcpFlags.syn);
    expect(await closed.segment()).toMatchObject({ flags: rst | ack });
  });

  it("carries datagrams and their answers", async () => {
    const echo = createSocket("udp4");
    echo.on("message", (data, { port, address }) => echo.send(data, port, address));
    echo.bind(0, "127.0.0.1");
    await once(echo, "listening");
    const peer = new Peer(hostUplink);
    peer.sendUdp("127.0.0.1", echo.address().port, bytes("ping"));
    const packet = parseFrame(await peer.frame());
    const datagram = packet?.kind === "ipv4" ? parseUdp(packet.payload) : undefined;
    expect(new TextDecoder().decode(datagram?.data)).toBe("ping");
    peer.network.reset();
    echo.close();
  });

  it("knows names as the host knows them", async () => {
    const signal = new AbortController().signal;
    const answer = await hostResolver.resolve("localhost", "A", { servers: [], signal });
    expect(answer).toMatchObject({ status: "answered", records: [{ record: { type: "A", address: "127.0.0.1" } }] });
  });
});
