/**
 * `docker swarm`, `node`, `service`, `stack`, `secret`, `config`: each asks the engine. An engine outside a swarm refuses, and its
 * words are what the user sees.
 */

import { syntaxError } from "../../../go/strconv.ts";
import { humanDuration } from "../../../go/units.ts";
import { formatRows } from "../../format/formatter.ts";
import { inspectAll } from "../../format/inspect.ts";
import { naturalCompare } from "../../format/text.ts";
import { showHelp } from "../../help/show.ts";
import { openFile } from "../../io/copy.ts";
import { toMap } from "../../run/key-values.ts";
import { filterQuery, segment } from "../../session/client.ts";
import type { Context, Handler } from "../../session/context.ts";
import { CliError, messageOf, throwJoined } from "../../session/errors.ts";
import { Methods } from "../../template/value.ts";

type Kind = "node" | "service" | "secret" | "config";

interface Named {
  readonly ID: string;
  readonly CreatedAt: string;
  readonly UpdatedAt: string;
  readonly Version: { readonly Index: number };
  readonly Spec: Readonly<Record<string, unknown>> & {
    readonly Name?: string;
    readonly Labels?: Readonly<Record<string, string>> | null;
  };
  readonly Description?: { readonly Hostname?: string; readonly Engine?: { readonly EngineVersion?: string } };
  readonly Status?: { readonly State?: string };
  readonly ManagerStatus?: { readonly Leader?: boolean; readonly Reachability?: string; readonly Addr?: string };
  readonly ServiceStatus?: { readonly RunningTasks: number; readonly DesiredTasks: number };
}

const title = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

const tables: Readonly<Record<Kind, { readonly format: string; readonly headers: Readonly<Record<string, string>> }>> =
  {
    node: {
      format:
        "table {{.ID}} {{if .Self}}*{{else}} {{ end }}\\t{{.Hostname}}\\t{{.Status}}\\t{{.Availability}}\\t{{.ManagerStatus}}\\t{{.EngineVersion}}",
      headers: {
        ID: "ID",
        Self: "",
        Hostname: "HOSTNAME",
        Status: "STATUS",
        Availability: "AVAILABILITY",
        ManagerStatus: "MANAGER STATUS",
        EngineVersion: "ENGINE VERSION",
      },
    },
    service: {
      format: "table {{.ID}}\\t{{.Name}}\\t{{.Mode}}\\t{{.Replicas}}\\t{{.Image}}\\t{{.Ports}}",
      headers: { ID: "ID", Name: "NAME", Mode: "MODE", Replicas: "REPLICAS", Image: "IMAGE", Ports: "PORTS" },
    },
    secret: {
      format: "table {{.ID}}\\t{{.Name}}\\t{{.Driver}}\\t{{.CreatedAt}}\\t{{.UpdatedAt}}",
      headers: {
        ID: "ID",
        Name: "NAME",
        Driver: "DRIVER",
        CreatedAt: "CREATED",
        UpdatedAt: "UPDATED",
        Labels: "LABELS",
      },
    },
    config: {
      format: "table {{.ID}}\\t{{.Name}}\\t{{.CreatedAt}}\\t{{.UpdatedAt}}",
      headers: { ID: "ID", Name: "NAME", CreatedAt: "CREATED", UpdatedAt: "UPDATED", Labels: "LABELS" },
    },
  };

function rowOf(kind: Kind, item: Named, now: number, self: string): Methods {
  const since = (text: string): string => `${humanDuration(now - Date.parse(text))} ago`;
  const task = item.Spec.TaskTemplate as { readonly ContainerSpec?: { readonly Image?: string } } | undefined;
  const mode = Object.keys((item.Spec.Mode as object | undefined) ?? { Replicated: {} })[0] ?? "Replicated";
  const manager = item.ManagerStatus;
  return new Methods(`*${kind}.${kind}Context`, {
    ID: () => item.ID,
    Self: () => item.ID === self,
    Hostname: () => item.Description?.Hostname ?? "",
    Status: () => title(item.Status?.State ?? ""),
    Availability: () => title(String(item.Spec.Availability ?? "")),
    ManagerStatus: () =>
      manager === undefined ? "" : manager.Leader === true ? "Leader" : title(manager.Reachability ?? ""),
    EngineVersion: () => item.Description?.Engine?.EngineVersion ?? "",
    Name: () => item.Spec.Name ?? "",
    Mode: () => mode.toLowerCase(),
    Replicas: () => `${item.ServiceStatus?.RunningTasks ?? 0}/${item.ServiceStatus?.DesiredTasks ?? 0}`,
    Image: () => (task?.ContainerSpec?.Image ?? "").replace(/@.*$/, ""),
    Ports: () => "",
    Driver: () => (item.Spec.Driver as { readonly Name?: string } | undefined)?.Name ?? "",
    CreatedAt: () => since(item.CreatedAt),
    UpdatedAt: () => since(item.UpdatedAt),
    Labels: () =>
      Object.entries(item.Spec.Labels ?? {})
        .map(([k, v]) => `${k}=${v}`)
        .join(","),
    Label: (name: string) => item.Spec.Labels?.[name] ?? "",
  });
}

export const list =
  (kind: Kind): Handler =>
  async ({ flags, client, out, now }) => {
    const items = await client.get<readonly Named[]>(`/${kind}s`, {
      filters: filterQuery(flags.filters()),
      ...(kind === "service" && !flags.bool("quiet") && { status: true }),
    });
    const self =
      kind === "node" && items.length > 0
        ? ((await client.get<{ readonly Swarm?: { readonly NodeID?: string } }>("/info")).Swarm?.NodeID ?? "")
        : "";
    const given = flags.string("format");
    const { format, headers } = tables[kind];
    const source = given !== "" && given !== "table" ? given : flags.bool("quiet") ? "{{.ID}}" : format;
    const name = (item: Named): string => item.Spec.Name ?? item.Description?.Hostname ?? "";
    const time = now();
    out.print(
      formatRows(
        source,
        headers,
        items.toSorted((a, b) => naturalCompare(name(a), name(b))).map((item) => rowOf(kind, item, time, self)),
      ),
    );
    return 0;
  };

export const inspect =
  (kind: Kind): Handler =>
  (context) => {
    if (context.flags.bool("pretty") && context.flags.string("format") !== "")
      throw new CliError("--format is incompatible with human friendly format");
    return inspectAll(context, async (reference) => ({
      value: await context.client.get(`/${kind}s/${segment(reference)}`),
      type: `swarm.${title(kind)}`,
    }));
  };

export const remove =
  (kind: Kind): Handler =>
  async ({ flags, args, client, out }) => {
    const errors: unknown[] = [];
    for (const name of args) {
      try {
        await client.delete(`/${kind}s/${segment(name)}`, { force: flags.bool("force") });
        out.line(name);
      } catch (error) {
        errors.push(error);
      }
    }
    throwJoined(errors);
    return 0;
  };

async function readInput(context: Context, file: string, what: string): Promise<string> {
  if (file === "") throw new CliError(`${what} file is required`);
  const { invocation } = context;
  const stream = file === "-" ? invocation.stdin : await openFile(context, file);
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  if (file === "-" && bytes.length === 0) throw new CliError("error reading from STDIN: data is empty");
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

export const createData =
  (kind: "secret" | "config"): Handler =>
  async (context) => {
    const { flags, args, client, out } = context;
    const [name = "", file = ""] = args;
    const driver = flags.string("driver");
    if (driver !== "" && file !== "") throw new CliError("When using secret driver secret data must be empty");
    const templating = flags.string("template-driver");
    const data =
      driver !== ""
        ? undefined
        : await readInput(context, file, kind).catch((error) => {
            if (kind === "secret") throw error;
            throw new CliError(`Error reading content from ${JSON.stringify(file)}: ${messageOf(error)}`);
          });
    const { ID } = await client.post<{ readonly ID: string }>(`/${kind}s/create`, {
      Name: name,
      Labels: toMap(flags.list("label")),
      ...(data !== undefined && { Data: data }),
      ...(driver !== "" && { Driver: { Name: driver } }),
      ...(templating !== "" && { Templating: { Name: templating } }),
    });
    out.line(ID);
    return 0;
  };

/** Changes one object's specification, as `node promote` and `service scale` do. */
async function change(
  { client }: Context,
  kind: "node" | "service",
  name: string,
  edit: (spec: Named["Spec"]) => Readonly<Record<string, unknown>>,
): Promise<Named> {
  const item = await client.get<Named>(`/${kind}s/${segment(name)}`);
  await client.post(`/${kind}s/${segment(item.ID)}/update`, edit(item.Spec), { version: item.Version.Index });
  return item;
}

const roles =
  (role: "manager" | "worker", done: (name: string) => string): Handler =>
  async (context) => {
    for (const name of context.args) {
      await change(context, "node", name, (spec) => ({ ...spec, Role: role }));
      context.out.line(done(name));
    }
    return 0;
  };
export const promote = roles("manager", (name) => `Node ${name} promoted to a manager in the swarm.`);
export const demote = roles("worker", (name) => `Manager ${name} demoted in the swarm.`);

export const nodeUpdate: Handler = async (context) => {
  const { flags, args, out } = context;
  const [name = ""] = args;
  await change(context, "node", name, (spec) => ({
    ...spec,
    ...(flags.changed("availability") && { Availability: flags.string("availability") }),
    ...(flags.changed("role") && { Role: flags.string("role") }),
    Labels: { ...spec.Labels, ...toMap(flags.list("label-add")) },
  }));
  out.line(name);
  return 0;
};

/** Commands whose first question an engine outside a swarm already refuses. */
export const ask =
  (path: (context: Context) => string): Handler =>
  async (context) => {
    await context.client.get(path(context));
    throw new CliError("this command needs a swarm");
  };

export const scale: Handler = async (context) => {
  const errors: unknown[] = [];
  for (const argument of context.args) {
    const [name = "", count = ""] = argument.split("=");
    if (!argument.includes("=") || count === "" || !/^\d+$/.test(count)) {
      errors.push(
        new CliError(
          argument.includes("=")
            ? `invalid replicas value ${count}: ${syntaxError("ParseUint", count)}`
            : `invalid scale specifier '${argument}'.\nSee 'docker service scale --help'.\n\nUsage:  docker service scale SERVICE=REPLICAS [SERVICE=REPLICAS...]\n\nScale one or multiple replicated services`,
        ),
      );
      continue;
    }
    try {
      await change(context, "service", name, (spec) => ({
        ...spec,
        Mode: { Replicated: { Replicas: Number(count) } },
      }));
      context.out.line(`${name} scaled to ${count}`);
    } catch (error) {
      errors.push(new CliError(`${name}: ${messageOf(error)}`));
    }
  }
  throwJoined(errors);
  return 0;
};

export const serviceCreate: Handler = async ({ flags, args, client, out }) => {
  const [image = "", ...command] = args;
  const replicas = flags.changed("replicas") ? flags.number("replicas") : 1;
  const { ID } = await client.post<{ readonly ID: string }>("/services/create", {
    Name: flags.string("name"),
    Labels: toMap(flags.list("label")),
    TaskTemplate: {
      ContainerSpec: {
        Image: image,
        Args: command,
        Env: flags.list("env"),
        Labels: toMap(flags.list("container-label")),
      },
    },
    Mode: flags.string("mode") === "global" ? { Global: {} } : { Replicated: { Replicas: replicas } },
  });
  out.line(ID);
  return 0;
};

export const serviceUpdate: Handler = async (context) => {
  const { flags, args, out } = context;
  const [name = ""] = args;
  await change(context, "service", name, (spec) => ({
    ...spec,
    ...(flags.changed("replicas") && { Mode: { Replicated: { Replicas: flags.number("replicas") } } }),
  }));
  out.line(name);
  return 0;
};

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

/** `stack deploy` and `stack config` read their files before anything else. */
export const stackFile: Handler = async (context) => {
  const files = context.flags.list("compose-file");
  if (files.length === 0) throw new CliError("Specify a Compose file (with --compose-file)");
  for (const file of files) if (file !== "-") await openFile(context, file);
  await context.client.get("/nodes");
  throw new CliError("this command needs a swarm");
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
