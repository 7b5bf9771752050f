/** SSH agents of a BuildKit client, which the session forwards (BuildKit's sshforward), as sockets in the machine. */
import { randomUUID } from "node:crypto";
import type { Guest } from "../../engine/ports/guest.ts";
import { relay } from "../../engine/relay.ts";
import type { Session } from "./session.node.ts";

export type AgentMachine = Pick<Guest, "batch" | "listen">;

export interface ForwardedAgents {
  readonly byId: Readonly<Record<string, { readonly socket: string }>>;
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
  const byId: Record<string, { readonly socket: string }> = {};
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
      byId[id] = { socket: path };
    }
  return {
    byId,
    close: async () => {
      for (const listener of listeners) await listener.close();
      await machine?.batch(Object.values(byId).map(({ socket }) => ({ op: "unlink", path: socket, ignore: ["*"] })));
    },
  };
}
