import { Duplex } from "node:stream";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import type { OutsideAnswer, OutsideType } from "../engine/dns/index.ts";
import { guestFetch } from "../engine/registry/guest-fetch.ts";
import { openNetwork, type Surroundings } from "./outside.ts";
import { HandClock } from "./testing/peer.ts";
import { site } from "./testing/site.ts";
import { Authority } from "./tls/authority.ts";
import { UplinkError } from "./uplink.ts";
import { gatewayAddress } from "./user-network.ts";

const catalogue = "http://site.example/catalogue";
const never = new AbortController().signal;

const randomness = { bytes: (count: number) => crypto.getRandomValues(new Uint8Array(count)) };

function network(surroundings: Surroundings, authority?: Authority) {
  const said: string[] = [];
  const files = site({
    [`${catalogue}/packages.json`]: JSON.stringify({ aptHosts: ["archive.example"] }),
    [`${catalogue}/pip/simple/index.html`]: "<html>all</html>",
    [`${catalogue}/pip/wheels/a.whl`]: "a wheel",
  });
  const opened = openNetwork({
    surroundings,
    fetch: files.fetch,
    catalogue,
    clock: new HandClock(),
    randomness,
    authority,
    onRefusal: (sentence) => void said.push(sentence),
  });
  const resolve = async (name: string, type: OutsideType = "A"): Promise<string> =>
    read(await opened.resolver.resolve(name, type, { servers: [], signal: never }));
  // HTTP as a program in the machine speaks it, over streams of the network.
  const fetch = guestFetch({
    connect: (address) =>
      opened.uplink.connect(
        { address: (address as { host: string }).host, port: (address as { port: number }).port },
        never,
      ),
  });
  return { ...opened, resolve, fetch, said };
}

const read = (answer: OutsideAnswer): string =>
  answer.status === "answered"
    ? answer.records.map(({ record }) => (record as { address: string }).address).join(" ")
    : answer.status;

const host: Surroundings = {
  kind: "host",
  fetch: site({}).fetch,
  resolver: {
    resolve: async (name) =>
      name === "real.example"
        ? { status: "answered", records: [{ name, ttl: 1, record: { type: "A", address: "192.0.2.9" } }] }
        : { status: "failed" },
  },
  uplink: {
    connect: async ({ address, port }) => {
      throw new UplinkError("refused", `host: ${address}:${port}`);
    },
    openDatagrams: () => ({ send: () => undefined, close: () => undefined }),
  },
};

describe("what lies around the machine", () => {
  it("offers the package indexes at their name, wherever it runs", async () => {
    for (const surroundings of [host, { kind: "offline" }, { kind: "page", fetch: site({}).fetch }] as const) {
      const { resolve, fetch } = network(surroundings);
      expect(await resolve("Packages.drydock.internal.")).toBe(gatewayAddress);
      expect(await resolve("packages.drydock.internal", "AAAA")).toBe("");
      const answer = await fetch(`http://${gatewayAddress}/pip/simple/`, {
        headers: { host: "packages.drydock.internal" },
      });
      expect([await answer.text(), answer.headers.get("server")]).toEqual(["<html>all</html>", "Drydock"]);
    }
  });

  it("says how long a file is, and no word of an engine", async () => {
    const { fetch } = network({ kind: "offline" });
    const answer = await fetch(`http://${gatewayAddress}/pip/wheels/a.whl`, {
      headers: { host: "packages.drydock.internal" },
    });
    expect(await answer.text()).toBe("a wheel");
    expect(Object.fromEntries(answer.headers)).toEqual({
      "content-length": "7",
      "content-type": "application/octet-stream",
      server: "Drydock",
      connection: "close",
    });
  });

  it("answers for apt's archive where nothing outside does", async () => {
    expect(await network(host).resolve("archive.example")).toBe(gatewayAddress);
    expect(await network({ kind: "offline" }).resolve("archive.example")).toBe(gatewayAddress);
  });

  it("in Node hands everything else to the host", async () => {
    const { resolve, uplink, said } = network(host);
    expect(await resolve("real.example")).toBe("192.0.2.9");
    await expect(uplink.connect({ address: "192.0.2.9", port: 443 }, never)).rejects.toThrow("host: 192.0.2.9:443");
    expect(uplink.openDatagrams({ address: "192.0.2.9", port: 53 }, () => undefined)).toBeDefined();
    expect(said).toEqual([]);
  });

  it("offline leads nowhere, and says what was asked for", async () => {
    const { resolve, uplink, said } = network({ kind: "offline" });
    expect(await resolve("real.example")).toBe("noSuchName");
    expect(await resolve("db")).toBe("noSuchName");
    await expect(uplink.connect({ address: "192.0.2.9", port: 80 }, never)).rejects.toMatchObject({
      reason: "unreachable",
    });
    expect(uplink.openDatagrams({ address: "192.0.2.9", port: 53 }, () => undefined)).toBeUndefined();
    expect(said).toEqual([
      "real.example cannot be reached: this playground is offline",
      "192.0.2.9:80 cannot be reached: this playground is offline",
      "192.0.2.9:53 cannot be reached over UDP: this playground is offline",
    ]);
  });

  it("in a tab gives each name an address, relays plain HTTP to it, and refuses the rest by name", async () => {
    const outside = site({ "http://open.example/": "hello" });
    const { resolve, fetch, uplink, said } = network({ kind: "page", fetch: outside.fetch });
    const address = await resolve("open.example");
    expect(address).toMatch(/^198\.18\./);
    expect(await resolve("open.example")).toBe(address);
    expect(await resolve("other.example")).not.toBe(address);
    expect(await resolve("db")).toBe("noSuchName");
    expect(await (await fetch(`http://${address}/`, { headers: { host: "open.example" } })).text()).toBe("hello");
    await expect(uplink.connect({ address, port: 22 }, never)).rejects.toMatchObject({ reason: "refused" });
    expect(said).toEqual([
      "open.example:22 cannot be reached from a browser tab: only HTTP leaves it (ports 80 and 443), to hosts that allow it",
    ]);
  });

  it("in a tab ends TLS with the playground's own certificates, and asks the host over TLS", async () => {
    const authority = await Authority.open({ now: () => new Date(), random: (count) => randomness.bytes(count) });
    const outside = site({ "https://open.example/a": "hello" });
    const { resolve, uplink, said } = network({ kind: "page", fetch: outside.fetch }, authority);
    const ask = async (name: string, options: ConnectionOptions = {}): Promise<string> => {
      const { readable, writable } = await uplink.connect({ address: await resolve(name), port: 443 }, never);
      const socket = Duplex.fromWeb({ readable, writable } as Parameters<typeof Duplex.fromWeb>[0]);
      const trusted = { socket, servername: name, ca: authority.pem, ...options };
      const secure = await new Promise<TLSSocket>((done, failed) => {
        const client = connect(trusted, () => done(client)).once("error", failed);
      });
      secure.write(`GET /a HTTP/1.1\r\nhost: ${name}\r\nconnection: close\r\n\r\n`);
      let text = "";
      for await (const piece of secure) text += String(piece);
      return text;
    };
    expect(await ask("open.example")).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nhello$/s);
    expect(outside.asked).toEqual(["https://open.example/a"]);
    expect(await ask("closed.example")).toContain("closed.example cannot be reached from a browser tab");
    await expect(ask("open.example", { maxVersion: "TLSv1.2" })).rejects.toThrow(/protocol version/);
    expect(said).toEqual([
      "closed.example cannot be reached from a browser tab: it is not there, or it does not let other sites' pages ask it (CORS)",
      "open.example was asked over TLS in vain: the program speaks no TLS 1.3, which is all that is spoken here",
    ]);
  });

  it("refuses TLS where the page may sign nothing", async () => {
    const { resolve, uplink } = network({ kind: "page", fetch: site({}).fetch });
    const address = await resolve("open.example");
    await expect(uplink.connect({ address, port: 443 }, never)).rejects.toMatchObject({ reason: "refused" });
  });

  it("says why pings and datagrams do not leave a tab", () => {
    const { uplink, said } = network({ kind: "page", fetch: site({}).fetch });
    uplink.echoRefused?.("1.1.1.1");
    expect(uplink.openDatagrams({ address: "1.1.1.1", port: 123 }, () => undefined)).toBeUndefined();
    expect(said).toEqual([
      "1.1.1.1 cannot be pinged: only HTTP leaves a browser tab (ports 80 and 443)",
      "1.1.1.1:123 cannot be reached over UDP: only HTTP leaves a browser tab (ports 80 and 443)",
    ]);
  });

  it("tells a build step what it could not reach, instead of everybody", async () => {
    const { resolve, refusals, said } = network({ kind: "offline" });
    const heard: string[] = [];
    const end = refusals.watch((sentence) => heard.push(sentence));
    await resolve("real.example");
    await resolve("real.example");
    end();
    await resolve("third.example");
    expect([heard.length, said.length]).toEqual([1, 1]);
  });
});
