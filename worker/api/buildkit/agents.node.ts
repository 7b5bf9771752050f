/** SSH agents of a BuildKit client, which the session forwards (BuildKit's sshforward), as sockets in the machine. */
import { randomUUID } from "node:crypto";
import type { Guest } from "../../engine/ports/guest.ts";
import { relay } from "../../engine/relay.ts";
import type { Session } from "./session.node.ts";

export type AgentMachine = Pick<Guest, "batch" | "listen">;

export interface ForwardedAgents {
  /** Paths in the machine by the agents' ids. */
  readonly sockets: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const directory = "/run/drydock/agents";

/** Those that the Dockerfile's mounts name; a session does not say which there are. */
export async function forwardAgents(
  dockerfile: string,
  session: Session,
  machine: AgentMachine | undefined,
): Promise<ForwardedAgents> {
  const mounts = [...dockerfile.matchAll(/--mount=\S*type=ssh\S*/g)].map(([mount]) => mount);
  const ids = new Set(mounts.map((mount) => /[=,]id=([^,\s]+)/.exec(mount)?.[1] ?? "default"));
  const sockets: Record<string, string> = {};
  const listeners: Awaited<ReturnType<AgentMachine["listen"]>>[] = [];
  if (machine !== undefined)
    for (const id of ids) {
      const connect = await session.agent(id);
      if (connect === undefined) continue;
      const path = `${directory}/${randomUUID()}`;
      await machine.batch([{ op: "mkdir", path: directory, parents: true, mode: 0o700 }]);
      const listener = await machine.listen({ kind: "unix", path }, { mode: 0o600 });
      void relay(listener.connections, async () => connect());
      listeners.push(listener);
      sockets[id] = path;
    }
  return {
    sockets,
    close: async () => {
      for (const listener of listeners) await listener.close();
      await machine?.batch(Object.values(sockets).map((path) => ({ op: "unlink", path, ignore: ["*"] })));
    },
  };
}
