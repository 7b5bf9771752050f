/** `docker info`. */

import { bytesSize } from "../../../go/units.ts";
import { authFor, hubAuthKey } from "../../config/auth.ts";
import { dockerFunctions } from "../../format/functions.ts";
import { typed } from "../../format/typed.ts";
import { namedPlugins } from "../../plugins.ts";
import { clientApiVersion } from "../../session/client.ts";
import type { Context, Handler } from "../../session/context.ts";
import { CliError, ConnectionError, messageOf } from "../../session/errors.ts";
import { clientVersion } from "../../session/version.ts";
import { struct, Template } from "../../template/index.ts";

// The answer has some seventy fields and most are only shown.
// biome-ignore lint/suspicious/noExplicitAny: fields are checked where they are shown
type Info = Readonly<Record<string, any>>;

export const info: Handler = async (context) => {
  const format = context.flags.string("format");
  if (format !== "") return formatted(context, format);
  const { client, out, err } = context;
  let server: Info | undefined;
  let failure: unknown;
  try {
    server = await client.get<Info>("/info");
  } catch (error) {
    failure = error;
  }
  const user = (await authFor(context, hubAuthKey))?.username ?? "";
  out.print(clientText(context));
  out.print("\nServer:\n");
  if (server !== undefined) {
    out.print(serverText(server, user));
    for (const warning of (server.Warnings as readonly string[] | null) ?? []) err.line(warning);
  }
  if (failure instanceof ConnectionError) throw failure;
  if (failure !== undefined) {
    err.line(`ERROR: ${messageOf(failure)}`);
    throw new CliError("errors pretty printing info");
  }
  return 0;
};

async function formatted(context: Context, format: string): Promise<number> {
  const { client, out, err } = context;
  const failures: string[] = [];
  const server: Info = await client.get<Info>("/info").catch((error) => {
    if (error instanceof ConnectionError) failures.push(messageOf(error));
    else err.line(messageOf(error));
    return emptyInfo;
  });
  let template: Template;
  try {
    template = new Template("", format === "json" ? "{{json .}}" : format, { functions: dockerFunctions });
  } catch (error) {
    throw new CliError(
      [...failures, `template parsing error: ${messageOf(error)}`].join("\n"),
      failures.length > 0 ? 1 : 64,
    );
  }
  const own = {
    ClientInfo: struct(
      {
        Debug: false,
        Version: clientVersion.Version,
        GitCommit: clientVersion.GitCommit,
        GoVersion: clientVersion.GoVersion,
        Os: clientVersion.Os,
        Arch: clientVersion.Arch,
        BuildTime: clientVersion.BuildTime,
        Context: context.contextName,
        Plugins: [],
        Warnings: null,
      },
      "system.clientInfo",
      { DefaultAPIVersion: clientApiVersion, APIVersion: client.version },
    ),
  };
  const data = struct({ ...(typed(server, { type: "system.dockerInfo" }) as object), ...own }, "system.dockerInfo", {
    ID: server.ID,
    ServerErrors: [],
  });
  try {
    out.print(template.execute(data));
  } catch (error) {
    failures.push(messageOf(error));
  }
  out.print("\n");
  if (failures.length > 0) throw new CliError(failures.join("\n"));
  return 0;
}

/** What templates see of an engine that does not answer. */
const emptyInfo: Info = {
  ID: "",
  Containers: 0,
  Images: 0,
  Driver: "",
  Plugins: { Volume: null, Network: null, Authorization: null, Log: null },
  ServerVersion: "",
  OperatingSystem: "",
  Name: "",
};

function clientText({ contextName }: Context): string {
  const plugins = namedPlugins();
  const lines = [
    "Client:",
    ` Version:    ${clientVersion.Version}`,
    ` Context:    ${contextName}`,
    " Debug Mode: false",
  ];
  if (plugins.length > 0)
    lines.push(" Plugins:", ...plugins.map(([name, description]) => `  ${name}: ${description} (Docker Inc.)`));
  return `${lines.join("\n")}\n`;
}

export function serverText(info: Info, user: string): string {
  const lines: string[] = [];
  const always = (label: string, value: unknown): void => {
    lines.push(`${label} ${value ?? ""}`);
  };
  const present = (label: string, value: unknown): void => {
    if (value !== undefined && value !== null && value !== "") always(label, value);
  };
  const list = (value: unknown): readonly string[] => (Array.isArray(value) ? value : []);
  always(" Containers:", info.Containers);
  always("  Running:", info.ContainersRunning);
  always("  Paused:", info.ContainersPaused);
  always("  Stopped:", info.ContainersStopped);
  always(" Images:", info.Images);
  present(" Server Version:", info.ServerVersion);
  present(" Storage Driver:", info.Driver);
  for (const [name, value] of info.DriverStatus ?? []) lines.push(`  ${name}: ${value}`);
  present(" Logging Driver:", info.LoggingDriver);
  present(" Cgroup Driver:", info.CgroupDriver);
  present(" Cgroup Version:", info.CgroupVersion);
  const plugins = info.Plugins ?? {};
  lines.push(" Plugins:");
  always("  Volume:", list(plugins.Volume).join(" "));
  always("  Network:", list(plugins.Network).join(" "));
  if (list(plugins.Authorization).length > 0) always("  Authorization:", list(plugins.Authorization).join(" "));
  always("  Log:", list(plugins.Log).join(" "));
  if (list(info.CDISpecDirs).length > 0)
    lines.push(" CDI spec directories:", ...list(info.CDISpecDirs).map((d) => `  ${d}`));
  if (list(info.DiscoveredDevices).length > 0)
    lines.push(
      " Discovered Devices:",
      ...(info.DiscoveredDevices as readonly { Source: string; ID: string }[]).map((d) => `  ${d.Source}: ${d.ID}`),
    );
  always(" Swarm:", info.Swarm?.LocalNodeState);
  lines.push(...swarmLines(info.Swarm ?? {}));
  const runtimes = Object.keys(info.Runtimes ?? {});
  if (runtimes.length > 0) {
    always(" Runtimes:", runtimes.join(" "));
    always(" Default Runtime:", info.DefaultRuntime);
  }
  if (info.OSType === "linux") {
    always(" Init Binary:", info.InitBinary);
    always(" containerd version:", info.ContainerdCommit?.ID);
    always(" runc version:", info.RuncCommit?.ID);
    always(" init version:", info.InitCommit?.ID);
    lines.push(...securityLines(list(info.SecurityOptions)));
  }
  present(" Kernel Version:", info.KernelVersion);
  present(" Operating System:", info.OperatingSystem);
  present(" OSType:", info.OSType);
  present(" Architecture:", info.Architecture);
  always(" CPUs:", info.NCPU);
  always(" Total Memory:", bytesSize(info.MemTotal ?? 0));
  present(" Name:", info.Name);
  present(" ID:", info.ID);
  always(" Docker Root Dir:", info.DockerRootDir);
  always(" Debug Mode:", info.Debug);
  if (info.Debug === true) {
    always("  File Descriptors:", info.NFd);
    always("  Goroutines:", info.NGoroutines);
    always("  System Time:", info.SystemTime);
    always("  EventsListeners:", info.NEventsListener);
  }
  present(" HTTP Proxy:", info.HttpProxy);
  present(" HTTPS Proxy:", info.HttpsProxy);
  present(" No Proxy:", info.NoProxy);
  present(" Username:", user);
  if (list(info.Labels).length > 0) lines.push(" Labels:", ...list(info.Labels).map((l) => `  ${l}`));
  always(" Experimental:", info.ExperimentalBuild);
  const registry = info.RegistryConfig;
  const cidrs = list(registry?.InsecureRegistryCIDRs);
  const indexes = Object.values(registry?.IndexConfigs ?? {}) as readonly { Name: string; Secure: boolean }[];
  if (cidrs.length > 0 || indexes.length > 0)
    lines.push(
      " Insecure Registries:",
      ...indexes.filter((i) => !i.Secure).map((i) => `  ${i.Name}`),
      ...cidrs.map((c) => `  ${c}`),
    );
  if (list(registry?.Mirrors).length > 0)
    lines.push(" Registry Mirrors:", ...list(registry?.Mirrors).map((m) => `  ${m}`));
  always(" Live Restore Enabled:", info.LiveRestoreEnabled);
  present(" Product License:", info.ProductLicense);
  const pools = (info.DefaultAddressPools ?? []) as readonly { Base: string; Size: number }[];
  if (pools.length > 0)
    lines.push(" Default Address Pools:", ...pools.map((p) => `   Base: ${p.Base}, Size: ${p.Size}`));
  return `${lines.join("\n")}\n\n`;
}

/** "name=seccomp,profile=builtin". */
function securityLines(options: readonly string[]): readonly string[] {
  if (options.length === 0) return [];
  return [
    " Security Options:",
    ...options.flatMap((option) => {
      const pairs = option.split(",").map((p) => p.split("="));
      const name = pairs.find(([k]) => k === "name")?.[1] ?? option;
      return [`  ${name}`, ...pairs.filter(([k]) => k === "profile").map(([, v]) => `   Profile: ${v}`)];
    }),
  ];
}

function swarmLines(swarm: Info): readonly string[] {
  const state = swarm.LocalNodeState;
  if (state === undefined || state === "" || state === "inactive" || state === "locked") return [];
  const lines = [`  NodeID: ${swarm.NodeID}`];
  if (swarm.Error) lines.push(`  Error: ${swarm.Error}`);
  lines.push(`  Is Manager: ${swarm.ControlAvailable}`);
  const cluster = swarm.Cluster;
  if (cluster && swarm.ControlAvailable && !swarm.Error)
    lines.push(`  ClusterID: ${cluster.ID}`, `  Managers: ${swarm.Managers}`, `  Nodes: ${swarm.Nodes}`);
  lines.push(`  Node Address: ${swarm.NodeAddr}`);
  const managers = ((swarm.RemoteManagers ?? []) as readonly { Addr: string }[]).map((m) => m.Addr).sort();
  if (managers.length > 0) lines.push("  Manager Addresses:", ...managers.map((m) => `   ${m}`));
  return lines;
}
