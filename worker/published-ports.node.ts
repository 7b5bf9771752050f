/**
 * Ports that containers publish, on this machine: clients of `npm run serve` expect what they publish at localhost, as with any engine
 * on their host. Only TCP, and only on the loopback interface, whatever address was asked for.
 */
import { createServer, type Server, type Socket } from "node:net";
import { socketDuplex } from "./api/node-socket.node.ts";
import type { Containers } from "./engine/containers/index.ts";
import type { EngineEvent } from "./engine/domains.ts";
import type { Guest } from "./engine/ports/guest.ts";

export interface PublishedPortsOptions {
  readonly guest: Guest;
  readonly events: { subscribe(listener: (event: EngineEvent) => void): { dispose(): void } };
  /** Host ports of TCP that are published now. */
  readonly published: () => Promise<readonly number[]>;
  readonly onNotice: (message: string) => void;
}

/** "localhost" means either, and clients try them in their own order. */
const loopback = ["127.0.0.1", "::1"] as const;

/** Host ports of TCP of all containers that run. */
export async function publishedPorts(containers: Pick<Containers, "list">): Promise<readonly number[]> {
  const running = (await containers.list({ all: false, size: false, filters: {} })) as readonly {
    readonly Ports: readonly { readonly PublicPort?: number; readonly Type: string }[];
  }[];
  return running
    .flatMap(({ Ports }) => Ports)
    .flatMap(({ PublicPort, Type }) => (Type === "tcp" && PublicPort !== undefined ? [PublicPort] : []));
}

/** Follows what is published until it is closed. */
export function forwardPublishedPorts({ guest, events, published, onNotice }: PublishedPortsOptions): {
  close(): void;
} {
  const open = new Map<number, readonly Server[]>();
  const listen = (port: number, host: string): Server => {
    const server = createServer({ allowHalfOpen: true }, (socket) => void relay(socket, guest, port));
    server.on("error", ({ message }) => {
      // Not every machine has IPv6.
      if (host === loopback[0]) onNotice(`port ${port} of the machine is not reachable from here: ${message}`);
    });
    return server.listen(port, host);
  };
  const follow = async (): Promise<void> => {
    const wanted = new Set(await published());
    for (const [port, servers] of open)
      if (!wanted.has(port)) {
        open.delete(port);
        for (const server of servers) server.close();
      }
    for (const port of wanted)
      if (!open.has(port))
        open.set(
          port,
          loopback.map((host) => listen(port, host)),
        );
  };
  let turn = follow();
  const subscription = events.subscribe(({ Type, Action }) => {
    if (Type === "container" && ["start", "die"].includes(Action)) turn = turn.then(follow, follow);
  });
  return {
    close() {
      subscription.dispose();
      for (const server of [...open.values()].flat()) server.close();
    },
  };
}

async function relay(socket: Socket, guest: Guest, port: number): Promise<void> {
  socket.on("error", () => undefined);
  try {
    const inside = await guest.connect({ kind: "tcp", host: "127.0.0.1", port });
    const outside = socketDuplex(socket);
    await Promise.allSettled([outside.readable.pipeTo(inside.writable), inside.readable.pipeTo(outside.writable)]);
  } catch {
    socket.destroy();
  }
}
