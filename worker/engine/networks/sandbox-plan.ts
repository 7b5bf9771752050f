/** From a container's request to a sandbox and the operations that make it: pure decisions on addresses, devices, routes and rules. */
import type { EndpointSettings } from "../domains.ts";
import { EngineError } from "../errors.ts";
import {
  addRoute,
  addRule,
  deleteRoute,
  type FirewallRule,
  formatAddress,
  parseMac,
  sequence,
} from "../netlink/index.ts";
import type { Op } from "../ports/guest.ts";
import type { Randomness } from "../ports/host.ts";
import { createDeviceOps, givesGateway } from "./drivers.ts";
import { portRules, rulesOp } from "./firewall.ts";
import { address, chooseAddress, poolFamily } from "./ipam.ts";
import type { AddressPool, Endpoint, NetworkLink, NetworkRecord, PublishedPort } from "./model.ts";
import { endpointMacText, hexId } from "./naming.ts";
import type { KernelState } from "./state.ts";

export const isDefaultBridge = (record: NetworkRecord): boolean => record.name === "bridge";
/** Networks that libnetwork serves names on: all that users make. */
export const isUserDefined = (record: NetworkRecord): boolean => !["bridge", "host", "none"].includes(record.name);

export interface EndpointIdentity {
  readonly container: string;
  readonly name: string;
  readonly hostname: string;
}

/** Docker's DNSNames: name, aliases, short id, and the hostname where it is another. */
export function dnsNames(
  record: NetworkRecord,
  identity: EndpointIdentity,
  config: EndpointSettings,
): readonly string[] {
  if (!isUserDefined(record)) return [];
  const names = [identity.name, ...(config.Aliases ?? []), identity.container.slice(0, 12), identity.hostname];
  return [...new Set(names.filter((name) => name !== ""))];
}

const poolOf = (record: NetworkRecord, family: 4 | 6): readonly AddressPool[] =>
  record.pools.filter((pool) => poolFamily(pool) === family);

/** The address asked for, or the lowest that is free. */
function allocate(
  record: NetworkRecord,
  family: 4 | 6,
  asked: string | undefined,
  state: KernelState,
): string | undefined {
  const pools = poolOf(record, family);
  if (pools.length === 0) return undefined;
  const taken = state.addresses(record.id);
  if (asked !== undefined && asked !== "") {
    const wanted = formatAddress(address(asked));
    if (taken.has(wanted) || pools.some((pool) => pool.gateway === wanted || pool.reserved.includes(wanted)))
      throw new EngineError("forbidden", "Address already in use");
    return wanted;
  }
  for (const pool of pools) {
    const free = chooseAddress(pool, taken);
    if (free !== undefined) return formatAddress(free);
  }
  throw new EngineError(
    "unavailable",
    `no available IPv${family} addresses on this network's address pools: ${record.name} (${record.id})`,
  );
}

export interface NewEndpoint {
  readonly endpoint: Endpoint;
  readonly ops: readonly Op[];
}

/** A new endpoint with its device in `namespace`. `device` is the name and index that it gets there. */
export function planEndpoint(input: {
  readonly record: NetworkRecord;
  readonly link: NetworkLink | undefined;
  readonly identity: EndpointIdentity;
  readonly config: EndpointSettings;
  readonly namespace: string | undefined;
  readonly device: { readonly name: string; readonly index: number };
  readonly state: KernelState;
  readonly random: Randomness;
}): NewEndpoint {
  const { record, link, config, state, random, namespace } = input;
  const common = {
    id: hexId(random),
    network: record.id,
    networkName: record.name,
    config,
    dnsNames: dnsNames(record, input.identity, config),
    ports: [],
    rules: [],
  };
  if (link === undefined || namespace === undefined) {
    const none = { mac: "", address4: undefined, address6: undefined, device: undefined, hostDevice: undefined };
    return { endpoint: { ...common, ...none }, ops: [] };
  }
  const asked = config.IPAMConfig ?? {};
  const address4 = record.enableIPv4 ? allocate(record, 4, asked.IPv4Address, state) : undefined;
  const askedMac = config.MacAddress ? config.MacAddress.toLowerCase() : undefined;
  const mac = askedMac ?? endpointMacText(address4, random);
  if (parseMac(mac) === undefined) throw new EngineError("invalidParameter", `invalid MAC address: ${mac}`);
  const hostIndex = state.newLinkIndex();
  // A device made beside its parent keeps the index that it had there.
  const device = record.driver === "bridge" ? input.device : { name: input.device.name, index: hostIndex };
  const veth = `veth${hexId(random).slice(0, 7)}`;
  const endpoint: Endpoint = {
    ...common,
    mac: record.driver === "ipvlan" ? "" : mac,
    address4,
    address6: record.enableIPv6 ? allocate(record, 6, asked.IPv6Address, state) : undefined,
    device,
    hostDevice: record.driver === "bridge" ? veth : undefined,
  };
  const ops = createDeviceOps(
    record,
    link,
    { device, hostDevice: veth, hostIndex, mac, address4: endpoint.address4, address6: endpoint.address6 },
    namespace,
  );
  return { endpoint, ops };
}

/** The endpoint that gives the sandbox its default route: the highest GwPriority, then the first by network name (libnetwork's order). */
export function gatewayEndpoint(
  endpoints: readonly Endpoint[],
  networks: (endpoint: Endpoint) => NetworkRecord | undefined,
  family: 4 | 6,
): Endpoint | undefined {
  return endpoints
    .filter((endpoint) => {
      const record = networks(endpoint);
      const has = family === 4 ? endpoint.address4 : endpoint.address6;
      return record !== undefined && has !== undefined && givesGateway(record, family);
    })
    .sort(
      (a, b) =>
        (b.config.GwPriority ?? 0) - (a.config.GwPriority ?? 0) ||
        (a.networkName < b.networkName ? -1 : a.networkName > b.networkName ? 1 : 0),
    )[0];
}

export function gatewayOf(record: NetworkRecord, family: 4 | 6): string | undefined {
  if (!givesGateway(record, family)) return undefined;
  return poolOf(record, family).find((pool) => pool.gateway !== undefined)?.gateway;
}

/** Changes the default routes from what `before` gives to what `after` gives. */
export function routeOps(
  namespace: string,
  before: readonly Endpoint[],
  after: readonly Endpoint[],
  networks: (endpoint: Endpoint) => NetworkRecord | undefined,
): readonly Op[] {
  const removals: Uint8Array[] = [];
  const additions: Uint8Array[] = [];
  for (const family of [4, 6] as const) {
    const from = gatewayEndpoint(before, networks, family);
    const to = gatewayEndpoint(after, networks, family);
    if (from?.id === to?.id) continue;
    const target = (endpoint: Endpoint | undefined) => {
      const record = endpoint === undefined ? undefined : networks(endpoint);
      const gateway = record === undefined ? undefined : gatewayOf(record, family);
      if (endpoint?.device === undefined || gateway === undefined) return undefined;
      // ipvlan in layer 3 mode knows no neighbours: the route names the device alone.
      const layer3 = record?.driver === "ipvlan" && record.options.ipvlan_mode?.startsWith("l3");
      return { ...(layer3 ? {} : { gateway: address(gateway) }), link: endpoint.device.index };
    };
    const old = target(from);
    const next = target(to);
    // A device that has gone has taken its routes along.
    if (old !== undefined && after.some((endpoint) => endpoint.id === from?.id))
      removals.push(deleteRoute(family, old));
    if (next !== undefined) additions.push(addRoute(family, next));
  }
  const op = (messages: readonly Uint8Array[], ignore?: Op["ignore"]): readonly Op[] =>
    messages.length === 0
      ? []
      : [
          {
            op: "netlink",
            protocol: "route",
            namespace,
            messages: sequence(messages),
            ...(ignore === undefined ? {} : { ignore }),
          },
        ];
  return [...op(removals, ["ESRCH"]), ...op(additions)];
}

/** Rules for what is published on an endpoint. */
export function publishRules(
  bridge: string,
  endpoint: Endpoint,
  ports: readonly PublishedPort[],
): readonly FirewallRule[] {
  return [endpoint.address4, endpoint.address6].flatMap((own) =>
    own === undefined ? [] : portRules(bridge, own, ports),
  );
}

export const addRulesOp = (rules: readonly FirewallRule[]): Op => rulesOp(rules.map((rule) => addRule(rule)));
