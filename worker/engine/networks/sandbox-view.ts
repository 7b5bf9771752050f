/** A sandbox as the containers' domain and `docker inspect` see it. */
import type { EndpointSettings, Sandbox } from "../domains.ts";
import { poolFamily, poolPrefixLength } from "./ipam.ts";
import type { Endpoint, NetworkRecord, SandboxState } from "./model.ts";
import { extraHostEntries, hostsFile, type MachineResolver, resolvConf } from "./network-files.ts";
import { portsReport } from "./ports.ts";
import { gatewayOf, isUserDefined } from "./sandbox-plan.ts";

export interface ViewContext {
  readonly network: (endpoint: Endpoint) => NetworkRecord | undefined;
  readonly machine: MachineResolver;
  /** Content of the machine's /etc/hosts. */
  readonly machineHosts: string;
  /** What "host-gateway" stands for. */
  readonly hostGateway: string;
  /** A linked container's address on the default bridge, and its host name there. */
  readonly linked: (container: string) => { readonly address: string; readonly hostname: string } | undefined;
}

export function sandboxView(state: SandboxState, context: ViewContext): Sandbox {
  const published = state.endpoints.flatMap((endpoint) => endpoint.ports);
  const reports = state.mode === "networks";
  return {
    namespace: state.namespace,
    endpoints: Object.fromEntries(
      state.endpoints.map((endpoint) => [endpoint.networkName, endpointSettings(endpoint, context.network(endpoint))]),
    ),
    ports: reports ? portsReport(published, state.exposedPorts) : {},
    hosts: hosts(state, context),
    resolvConf: resolvConf(state.mode, state.embeddedDns, state.dns, context.machine),
    key: `/var/run/docker/netns/${state.namespace === undefined ? "default" : state.id.slice(0, 12)}`,
    id: state.id,
  };
}

export const usesEmbeddedDns = (records: readonly (NetworkRecord | undefined)[]): boolean =>
  records.some((record) => record !== undefined && isUserDefined(record));

function hosts(state: SandboxState, context: ViewContext): string {
  const extra = extraHostEntries(state.extraHosts, context.hostGateway);
  if (state.mode === "host" && extra.length === 0) return context.machineHosts;
  const links = state.links.flatMap(({ container, name, alias }) => {
    const target = context.linked(container);
    if (target === undefined) return [];
    return [{ address: target.address, names: [...new Set([alias, target.hostname, name])].join(" ") }];
  });
  const own = state.endpoints.flatMap((endpoint) =>
    [endpoint.address4, endpoint.address6].flatMap((address) =>
      address === undefined ? [] : [{ address, names: ownNames(state.hostname) }],
    ),
  );
  return hostsFile([...extra, ...links, ...own]);
}

/** A host name with a domain stands before its first label. */
function ownNames(hostname: string): string {
  const dot = hostname.indexOf(".");
  return dot < 0 ? hostname : `${hostname} ${hostname.slice(0, dot)}`;
}

/** Schema EndpointSettings, fields in Docker's order. */
export function endpointSettings(endpoint: Endpoint, record: NetworkRecord | undefined): EndpointSettings {
  const { config } = endpoint;
  const length = (family: 4 | 6): number => {
    const pool = record?.pools.find((candidate) => poolFamily(candidate) === family);
    return pool === undefined ? 0 : poolPrefixLength(pool);
  };
  return {
    IPAMConfig: config.IPAMConfig ?? null,
    Links: config.Links ?? null,
    Aliases: config.Aliases ?? null,
    MacAddress: endpoint.mac,
    DriverOpts: config.DriverOpts ?? null,
    GwPriority: config.GwPriority ?? 0,
    NetworkID: endpoint.network,
    EndpointID: endpoint.id,
    Gateway: (record !== undefined && endpoint.address4 !== undefined && gatewayOf(record, 4)) || "",
    IPAddress: endpoint.address4 ?? "",
    IPPrefixLen: endpoint.address4 === undefined ? 0 : length(4),
    IPv6Gateway: (record !== undefined && endpoint.address6 !== undefined && gatewayOf(record, 6)) || "",
    GlobalIPv6Address: endpoint.address6 ?? "",
    GlobalIPv6PrefixLen: endpoint.address6 === undefined ? 0 : length(6),
    DNSNames: endpoint.dnsNames.length === 0 ? null : endpoint.dnsNames,
  };
}
