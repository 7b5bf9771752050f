/** The host's own network as the machine's: its sockets, its resolver. */
import { createSocket } from "node:dgram";
import { promises as dns, type LookupAddress } from "node:dns";
import { connect } from "node:net";
import { socketDuplex } from "../api/node-socket.node.ts";
import type { OutsideAnswer, OutsideRecord, OutsideType, Resolver } from "../engine/dns/index.ts";
import { type Uplink, UplinkError } from "./uplink.ts";

/** connect(2) says these when somebody is there and does not want to, or is not there in time. */
const refusals: ReadonlySet<string> = new Set(["ECONNREFUSED", "ECONNRESET"]);

export const hostUplink: Uplink = {
  connect: ({ address, port }, signal) =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: address, port, allowHalfOpen: true });
      const abandon = (): void => void socket.destroy();
      signal.addEventListener("abort", abandon, { once: true });
      socket.once("connect", () => {
        signal.removeEventListener("abort", abandon);
        socket.setNoDelay(true);
        resolve(socketDuplex(socket));
      });
      socket.once("error", (cause: NodeJS.ErrnoException) =>
        reject(
          new UplinkError(
            refusals.has(cause.code ?? "") ? "refused" : "unreachable",
            `${address}:${port}: ${cause.code ?? cause.message}`,
            { cause },
          ),
        ),
      );
    }),
  openDatagrams({ address, port }, receive) {
    const socket = createSocket("udp4");
    socket.on("message", (data, from) => {
      if (from.address === address && from.port === port) receive(new Uint8Array(data));
    });
    socket.on("error", () => undefined);
    socket.unref();
    return {
      send: (data) => socket.send(data, port, address),
      close: () => void socket.close(),
    };
  },
};

/** The system's resolver gives no lifetimes; names are asked for again soon. */
const lifetime = 30;
const noSuchName: ReadonlySet<string> = new Set(["ENOTFOUND", "ENODATA", "ENONAME"]);

/** Names as the host knows them, its hosts file included; other servers only where a container names them (`--dns`). */
export const hostResolver: Resolver = {
  async resolve(name, type, { servers }): Promise<OutsideAnswer> {
    const record = (value: OutsideRecord["record"]): OutsideRecord => ({ name, ttl: lifetime, record: value });
    try {
      return { status: "answered", records: (await ask(name, type, servers)).map(record) };
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      return noSuchName.has(code) ? await exists(name, type, servers) : { status: "failed" };
    }
  },
};

/** A name without records of one type may have others: it exists, and its answer is empty (RFC 2308). */
async function exists(name: string, type: OutsideType, servers: readonly string[]): Promise<OutsideAnswer> {
  if (type === "A") return { status: "noSuchName" };
  const there = await ask(name, "A", servers).then(
    () => true,
    () => false,
  );
  return there ? { status: "answered", records: [] } : { status: "noSuchName" };
}

async function ask(
  name: string,
  type: OutsideType,
  servers: readonly string[],
): Promise<readonly OutsideRecord["record"][]> {
  const resolver = new dns.Resolver({ timeout: 3000, tries: 2 });
  if (servers.length > 0) resolver.setServers([...servers]);
  switch (type) {
    case "A":
    case "AAAA": {
      const family = type === "A" ? 4 : 6;
      const found =
        servers.length === 0
          ? (await dns.lookup(name, { all: true, family })).map(({ address }: LookupAddress) => address)
          : await (type === "A" ? resolver.resolve4(name) : resolver.resolve6(name));
      return found.map((address) => ({ type, address }));
    }
    case "CNAME":
      return (await resolver.resolveCname(name)).map((target) => ({ type, target }));
    case "PTR":
      return (await resolver.resolvePtr(name)).map((target) => ({ type, target }));
    case "TXT":
      return (await resolver.resolveTxt(name)).map((texts) => ({ type, texts }));
    case "MX":
      return (await resolver.resolveMx(name)).map(({ priority, exchange }) => ({
        type,
        preference: priority,
        exchange,
      }));
  }
}
