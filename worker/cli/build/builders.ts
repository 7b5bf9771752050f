/** The builder instances: there is the context's own, with the docker driver; others would need a host to run on. */

import { goTimeOf } from "../../go/time.ts";
import { bytesSize } from "../../go/units.ts";
import { formatRows } from "../format/formatter.ts";
import { alignTabs } from "../format/tabwriter.ts";
import type { Context, Handler } from "../session/context.ts";
import { CliError } from "../session/errors.ts";
import { Methods } from "../template/value.ts";

const buildxVersion = "0.29.1";
/** As a worker's record names them. */
const platforms = ["linux/386"];

interface EngineVersion {
  readonly Version: string;
}
interface BuildSummary {
  readonly created: string;
}

/** When the builder last did something; `undefined` before its first build. */
async function lastActivity({ client }: Context): Promise<string | undefined> {
  const [latest] = await client.get<readonly BuildSummary[]>("/drydock/builds").catch(() => []);
  return latest?.created;
}
const buildkit = async ({ client }: Context): Promise<string> =>
  `drydock ${(await client.get<EngineVersion>("/version")).Version}`;

export const list: Handler = async (context) => {
  const { flags, out, contextName } = context;
  const format = flags.string("format") || "table";
  const running = await buildkit(context);
  const activity = await lastActivity(context);
  const node = {
    Endpoint: contextName,
    Name: contextName,
    Platforms: platforms,
    Status: "running",
    Version: running,
  };
  const whole = {
    Current: true,
    Driver: "docker",
    Dynamic: false,
    ...(activity === undefined ? {} : { LastActivity: activity }),
    Name: contextName,
    Nodes: [node],
  };
  if (format === "json") {
    out.line(JSON.stringify(whole));
    return 0;
  }
  const isTable = format.startsWith("table");
  const rows = [
    row(
      { Name: `${contextName}*`, DriverEndpoint: "docker", Status: "", Buildkit: "", Platforms: "" },
      isTable,
      contextName,
    ),
    row(
      {
        Name: ` \\_ ${contextName}`,
        DriverEndpoint: ` \\_ ${contextName}`,
        Status: "running",
        Buildkit: running,
        Platforms: platforms.join(", "),
      },
      isTable,
      contextName,
    ),
  ];
  const template =
    format === "table" ? "table {{.Name}}\t{{.DriverEndpoint}}\t{{.Status}}\t{{.Buildkit}}\t{{.Platforms}}" : format;
  const headers = {
    Name: "NAME/NODE",
    DriverEndpoint: "DRIVER/ENDPOINT",
    Status: "STATUS",
    Buildkit: "BUILDKIT",
    Platforms: "PLATFORMS",
    LastActivity: "LAST ACTIVITY",
    Error: "ERROR",
  };
  out.print(formatRows(template, headers, rows));
  return 0;
};

function row(fields: Readonly<Record<string, string>>, isTable: boolean, plainName: string): Methods {
  return new Methods("*commands.lsContext", {
    ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, () => value])),
    ...(isTable ? {} : { Name: () => plainName }),
    LastActivity: () => "",
    Error: () => "",
  });
}

export const inspect: Handler = async (context) => {
  const { args, out, contextName, client } = context;
  const [name = contextName] = args;
  if (name !== contextName && name !== "default") throw new CliError(`no builder ${JSON.stringify(name)} found`);
  const activity = await lastActivity(context);
  const head = [
    `Name:\t${contextName}`,
    "Driver:\tdocker",
    ...(activity === undefined ? [] : [`Last Activity:\t${goTimeOf(activity.replace(/\.\d+/, ""))}`]),
  ];
  const node = [
    `Name:\t${contextName}`,
    `Endpoint:\t${contextName}`,
    "Status:\trunning",
    `BuildKit version:\t${await buildkit(context)}`,
    `Platforms:\t${platforms.join(", ")}`,
  ];
  const { MemTotal } = await client.get<{ readonly MemTotal: number }>("/info");
  const align = (lines: readonly string[]): string => alignTabs(`${lines.join("\n")}\n`, { minimum: 0, padding: 1 });
  out.print(`${align(head)}\nNodes:\n${align(node)}Labels:\n drydock.machine.memory: ${bytesSize(MemTotal)}\n`);
  return 0;
};

export const use: Handler = async ({ args: [name = ""], contextName, configDirectory }) => {
  if (name === contextName || name === "default") return 0;
  const path = `${configDirectory}/buildx/instances/${name}`;
  throw new CliError(`failed to find instance ${JSON.stringify(name)}: open ${path}: no such file or directory`);
};

export const stop: Handler = async ({ args: [name = ""], contextName }) => {
  if (name !== "" && name !== contextName && name !== "default")
    throw new CliError(`no builder ${JSON.stringify(name)} found`);
  return 0;
};

export const remove: Handler = async ({ args, contextName, flags, err }) => {
  if (flags.bool("all-inactive")) {
    if (args.length > 0) throw new CliError("cannot specify builder name when --all-inactive is set");
    return 0;
  }
  const names = args.length > 0 ? args : [flags.string("builder") || contextName];
  for (const name of names)
    err.line(
      name === contextName || name === "default"
        ? `failed to remove ${name}: context builder cannot be removed, run \`docker context rm ${name}\` to remove this context`
        : `failed to remove ${name}: no builder ${JSON.stringify(name)} found`,
    );
  throw new CliError("failed to remove one or more builders");
};

export const create: Handler = async ({ flags }) => {
  const driver = flags.string("driver") || "docker-container";
  if (flags.bool("append") && flags.bool("leave")) throw new CliError("cannot use --append and --leave together");
  if (!["docker", "docker-container", "kubernetes", "remote"].includes(driver))
    throw new CliError(`failed to find driver ${JSON.stringify(driver)}`);
  if (driver === "docker")
    throw new CliError(
      'additional instances of driver "docker" cannot be created: the context\'s own builder is the engine itself',
    );
  throw new CliError(
    `driver ${JSON.stringify(driver)} needs a BuildKit daemon, for which this machine has no image: the builder "default" builds with the engine itself`,
  );
};

export const version: Handler = async ({ out }) => {
  out.line(`github.com/docker/buildx ${buildxVersion} drydock`);
  return 0;
};
