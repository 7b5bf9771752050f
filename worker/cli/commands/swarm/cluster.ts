/** `docker swarm`: a swarm is begun, joined, left, changed. */
import { showHelp } from "../../help/show.ts";
import { segment } from "../../session/client.ts";
import type { Context, Handler } from "../../session/context.ts";
import { CliError, messageOf } from "../../session/errors.ts";
import type { Named } from "./named.ts";

interface SwarmInspect {
  readonly Version: { readonly Index: number };
  readonly Spec: Readonly<Record<string, unknown>>;
  readonly JoinTokens: { readonly Worker: string; readonly Manager: string };
}

export const init: Handler = async (context) => {
  const { flags, client, out } = context;
  const pools = flags.list("default-addr-pool");
  const node = await client.post<string>("/swarm/init", {
    ListenAddr: flags.list("listen-addr").at(-1) ?? "0.0.0.0:2377",
    AdvertiseAddr: flags.string("advertise-addr"),
    DataPathAddr: flags.string("data-path-addr"),
    DataPathPort: flags.number("data-path-port"),
    ForceNewCluster: flags.bool("force-new-cluster"),
    Spec: {
      Labels: null,
      Orchestration: {},
      Raft: {},
      Dispatcher: {},
      CAConfig: {},
      TaskDefaults: {},
      EncryptionConfig: { AutoLockManagers: flags.bool("autolock") },
    },
    AutoLockManagers: flags.bool("autolock"),
    Availability: flags.string("availability"),
    DefaultAddrPool: pools.length === 0 ? null : pools,
    SubnetSize: flags.number("default-addr-pool-mask-length"),
  });
  out.print(`Swarm initialized: current node (${node}) is now a manager.\n\n`);
  await printJoinCommand(context, node, "worker");
  out.line("To add a manager to this swarm, run 'docker swarm join-token manager' and follow the instructions.");
  return 0;
};

async function printJoinCommand({ client, out }: Context, node: string, role: "worker" | "manager"): Promise<void> {
  const { ManagerStatus } = await client.get<Named>(`/nodes/${segment(node)}`);
  const { JoinTokens } = await client.get<SwarmInspect>("/swarm");
  const token = role === "worker" ? JoinTokens.Worker : JoinTokens.Manager;
  if (ManagerStatus !== undefined)
    out.print(
      `To add a ${role} to this swarm, run the following command:\n\n    docker swarm join --token ${token} ${ManagerStatus.Addr}\n\n`,
    );
}

export const join: Handler = async ({ flags, args, client, out }) => {
  const [remote = ""] = args;
  await client.post("/swarm/join", {
    ListenAddr: flags.list("listen-addr").at(-1) ?? "0.0.0.0:2377",
    AdvertiseAddr: flags.string("advertise-addr"),
    DataPathAddr: flags.string("data-path-addr"),
    RemoteAddrs: [remote],
    JoinToken: flags.string("token"),
    Availability: flags.string("availability"),
  });
  const info = await client.get<{ readonly Swarm?: { readonly ControlAvailable?: boolean } }>("/info");
  out.line(`This node joined a swarm as a ${info.Swarm?.ControlAvailable === true ? "manager" : "worker"}.`);
  return 0;
};

export const leave: Handler = async ({ flags, client, out }) => {
  await client.post("/swarm/leave", undefined, { force: flags.bool("force") });
  out.line("Node left the swarm.");
  return 0;
};

export const joinToken: Handler = async (context) => {
  const { flags, args, client, out } = context;
  const [role = ""] = args;
  if (role !== "worker" && role !== "manager") throw new CliError(`unknown role ${role}`);
  const before = await client.get<SwarmInspect>("/swarm");
  if (flags.bool("rotate")) {
    const rotate = role === "worker" ? "rotateWorkerToken" : "rotateManagerToken";
    await client.post("/swarm/update", before.Spec, { version: before.Version.Index, [rotate]: "true" });
    if (!flags.bool("quiet")) out.print(`Successfully rotated ${role} join token.\n\n`);
  }
  if (flags.bool("quiet")) {
    const { JoinTokens } = await client.get<SwarmInspect>("/swarm");
    out.line(role === "worker" ? JoinTokens.Worker : JoinTokens.Manager);
    return 0;
  }
  const info = await client.get<{ readonly Swarm: { readonly NodeID: string } }>("/info");
  await printJoinCommand(context, info.Swarm.NodeID, role);
  return 0;
};

export const unlockKey: Handler = async ({ client }) => {
  await client.get("/swarm/unlockkey").catch((error) => {
    throw new CliError(`could not fetch unlock key: ${messageOf(error)}`);
  });
  throw new CliError("no unlock key is set");
};

export const swarmUpdate: Handler = async (context) => {
  const { flags, client, out, invocation, configDirectory, node } = context;
  if (!node.flags.some((f) => flags.changed(f.name)))
    return showHelp(node, { invocation, out, configDirectory, client });
  const swarm = await client.get<SwarmInspect>("/swarm");
  await client.post(
    "/swarm/update",
    {
      ...swarm.Spec,
      ...(flags.changed("autolock") && { EncryptionConfig: { AutoLockManagers: flags.bool("autolock") } }),
    },
    { version: swarm.Version.Index },
  );
  out.line("Swarm updated.");
  return 0;
};

export const unlock: Handler = async ({ client }) => {
  const info = await client.get<{ readonly Swarm?: { readonly LocalNodeState?: string } }>("/info");
  const state = info.Swarm?.LocalNodeState;
  if (state === "inactive") throw new CliError("Error: This node is not part of a swarm");
  if (state !== "locked") throw new CliError("Error: swarm is not locked");
  throw new CliError("Please enter unlock key: a terminal is needed");
};
