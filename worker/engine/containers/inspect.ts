/** `GET /containers/{id}/json` in the shape of API 1.51. Pure. */

import { inKeyOrder } from "../../go/json.ts";
import type { ContainerId, Sandbox } from "../domains.ts";
import { initLayer } from "../runtime/index.ts";
import type { Container } from "./container.ts";
import { parseLink } from "./links.ts";
import type { ContainerRecord, MountPoint } from "./model.ts";
import { containerDirectory, logName, mergedDirectory, upperDirectory, workDirectory } from "./paths.ts";
import { hasProcess, isRunning } from "./predicates.ts";

export function stateView(container: Container): object {
  const { state } = container;
  return {
    Status: state.status,
    Running: isRunning(state),
    Paused: state.status === "paused",
    Restarting: state.status === "restarting",
    OOMKilled: state.oomKilled,
    Dead: state.status === "dead",
    Pid: hasProcess(state) ? state.pid : 0,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: state.startedAt,
    FinishedAt: state.finishedAt,
    ...(container.health === undefined ? {} : { Health: container.health }),
  };
}

export function mountView(mount: MountPoint): object {
  const { detail: _, ...view } = mount;
  const { Type, Name, Source, Destination, Driver, Mode, RW, Propagation } = view;
  return {
    Type,
    ...(Name === undefined ? {} : { Name }),
    Source,
    Destination,
    ...(Driver === undefined ? {} : { Driver }),
    Mode,
    RW,
    Propagation,
  };
}

export interface InspectExtras {
  readonly sandbox: Sandbox | undefined;
  readonly lowers: readonly string[];
  /** The container that a `--link` names. */
  readonly nameOf: (reference: string) => string;
  readonly sizes?: { readonly rw: number; readonly rootFs: number } | undefined;
}

export function inspectView(container: Container, extras: InspectExtras): object {
  const { record } = container;
  const directory = containerDirectory(record.id);
  const { NetworkMode } = record.hostConfig;
  const network = NetworkMode.startsWith("container:")
    ? containerDirectory(NetworkMode.slice("container:".length) as ContainerId)
    : directory;
  const lower = [initLayer, ...extras.lowers].join(":");
  const execs = [...container.executions.keys()];
  const started = record.state.startedAt !== "0001-01-01T00:00:00Z";
  const logged = record.hostConfig.LogConfig.Type === "json-file" && started;
  return {
    Id: record.id,
    Created: record.created,
    Path: record.path,
    Args: record.args,
    State: stateView(container),
    Image: record.image,
    ResolvConfPath: started ? `${network}/resolv.conf` : "",
    HostnamePath: started ? `${network}/hostname` : "",
    HostsPath: started ? `${network}/hosts` : "",
    LogPath: logged ? `${directory}/${logName(record.id)}` : "",
    Name: `/${record.name}`,
    RestartCount: record.restartCount,
    Driver: "overlay2",
    Platform: "linux",
    MountLabel: "",
    ProcessLabel: "",
    AppArmorProfile: "",
    ExecIDs: execs.length === 0 ? null : execs,
    HostConfig: { ...record.hostConfig, Links: linksView(record, extras.nameOf) },
    GraphDriver: {
      Data: {
        ID: record.id,
        LowerDir: lower,
        MergedDir: mergedDirectory(record.id),
        UpperDir: upperDirectory(record.id),
        WorkDir: workDirectory(record.id),
      },
      Name: "overlay2",
    },
    ...(extras.sizes === undefined ? {} : { SizeRw: extras.sizes.rw, SizeRootFs: extras.sizes.rootFs }),
    Mounts: record.mounts.map(mountView),
    Config: {
      ...record.config,
      Labels: inKeyOrder(record.config.Labels),
      ...(record.config.ExposedPorts ? { ExposedPorts: inKeyOrder(record.config.ExposedPorts) } : {}),
      ...(record.config.Volumes ? { Volumes: inKeyOrder(record.config.Volumes) } : {}),
    },
    NetworkSettings: networkSettings(container, extras.sandbox),
  };
}

/** "db:alias" is shown as "/db:/web/alias". */
function linksView(record: ContainerRecord, nameOf: (reference: string) => string): readonly string[] | null {
  const { Links } = record.hostConfig;
  if (Links === null || Links.length === 0) return Links;
  return Links.map(parseLink).map(({ reference, alias }) => {
    return `/${nameOf(reference)}:/${record.name}/${alias}`;
  });
}

const endpointDefaults = {
  IPAMConfig: null,
  Links: null,
  Aliases: null,
  MacAddress: "",
  DriverOpts: null,
  GwPriority: 0,
  NetworkID: "",
  EndpointID: "",
  Gateway: "",
  IPAddress: "",
  IPPrefixLen: 0,
  IPv6Gateway: "",
  GlobalIPv6Address: "",
  GlobalIPv6PrefixLen: 0,
  DNSNames: null,
};

export function endpointsView(
  container: Container,
  sandbox: Sandbox | undefined,
): Record<string, typeof endpointDefaults> {
  const endpoints = sandbox?.endpoints ?? container.record.networks;
  return Object.fromEntries(
    Object.entries(endpoints).map(([name, settings]) => [
      name,
      { ...endpointDefaults, ...settings } as typeof endpointDefaults,
    ]),
  );
}

function networkSettings(container: Container, sandbox: Sandbox | undefined): object {
  const networks = endpointsView(container, sandbox);
  const bridge = networks.bridge ?? endpointDefaults;
  return {
    Bridge: "",
    SandboxID: sandbox?.id ?? "",
    SandboxKey: sandbox?.key ?? "",
    Ports: sandbox?.ports ?? {},
    HairpinMode: false,
    LinkLocalIPv6Address: "",
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: bridge.EndpointID,
    Gateway: bridge.Gateway,
    GlobalIPv6Address: bridge.GlobalIPv6Address,
    GlobalIPv6PrefixLen: bridge.GlobalIPv6PrefixLen,
    IPAddress: bridge.IPAddress,
    IPPrefixLen: bridge.IPPrefixLen,
    IPv6Gateway: bridge.IPv6Gateway,
    MacAddress: bridge.MacAddress,
    Networks: networks,
  };
}

/** "Up 3 minutes (healthy)", "Exited (0) 2 hours ago", as moby's State.String. */
export function statusText(container: Container, now: number, human: (ms: number) => string): string {
  const { state } = container;
  const since = (time: string): string => human(now - Date.parse(time));
  const health = container.health === undefined ? "" : ` (${healthText(container.health.Status)})`;
  switch (state.status) {
    case "running":
      return `Up ${since(state.startedAt)}${health}`;
    case "paused":
      return `Up ${since(state.startedAt)} (Paused)`;
    case "restarting":
      return `Restarting (${state.exitCode}) ${since(state.finishedAt)} ago`;
    case "created":
      return "Created";
    case "removing":
      return "Removal In Progress";
    case "dead":
      return "Dead";
    case "exited":
      return `Exited (${state.exitCode}) ${since(state.finishedAt)} ago`;
  }
}
function healthText(status: string): string {
  return status === "starting" ? "health: starting" : status;
}
