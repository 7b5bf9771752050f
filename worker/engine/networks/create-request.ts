/** Checks what `POST /networks/create` asks for, in Docker's words, and makes a record of it. */
import { syntaxError } from "../../go/strconv.ts";
import type { NetworkId } from "../domains.ts";
import { EngineError } from "../errors.ts";
import {
  contains,
  formatAddress,
  formatPrefix,
  networkOf,
  overlaps,
  type Prefix,
  parseAddress,
  parsePrefix,
} from "../netlink/ip-address.ts";
import { ipvlanFlags, ipvlanModes, macvlanModes } from "../netlink/link.ts";
import { bridgeName, isTrue, options } from "./drivers.ts";
import { chooseGateway, chooseSubnet, chooseSubnet6, prefix } from "./ipam.ts";
import type { AddressPool, DriverName, IpamConfig, NetworkRecord } from "./model.ts";

/** Schema NetworkCreateRequest. */
export interface NetworkCreateRequest {
  readonly Name: string;
  readonly Driver?: string;
  readonly Scope?: string;
  readonly Internal?: boolean;
  readonly Attachable?: boolean;
  readonly Ingress?: boolean;
  readonly ConfigOnly?: boolean;
  readonly ConfigFrom?: { readonly Network?: string } | null;
  readonly IPAM?: {
    readonly Driver?: string;
    readonly Options?: Readonly<Record<string, string>> | null;
    readonly Config?: readonly IpamConfig[] | null;
  } | null;
  readonly EnableIPv4?: boolean | null;
  readonly EnableIPv6?: boolean | null;
  readonly Options?: Readonly<Record<string, string>> | null;
  readonly Labels?: Readonly<Record<string, string>> | null;
}

const invalid = (message: string): EngineError => new EngineError("invalidParameter", message);
const forbidden = (message: string): EngineError => new EngineError("forbidden", message);

/** moby's multierror: one message plain, several as a list. */
export function joinErrors(head: string, errors: readonly string[]): string {
  return `${head}:\n${errors.length === 1 ? errors[0] : errors.map((error) => `* ${error}`).join("\n")}`;
}

/** libnetwork's ValidateIPAM. */
export function ipamErrors(configs: readonly IpamConfig[], ipv6: boolean): readonly string[] {
  return configs.flatMap((config) => {
    const text = config.Subnet ?? "";
    const subnet = parsePrefix(text);
    if (subnet === undefined) return [`invalid subnet ${text}: invalid CIDR block notation`];
    if (subnet.address.family === 6 && !ipv6) return [];
    const errors: string[] = [];
    const masked = formatPrefix(networkOf(subnet));
    if (formatPrefix(subnet) !== masked) errors.push(`invalid subnet ${formatPrefix(subnet)}: it should be ${masked}`);
    errors.push(...rangeErrors(config.IPRange ?? "", subnet));
    const check = (what: string, value: string): void => {
      const problem = addressError(value, subnet);
      if (problem !== undefined) errors.push(`invalid ${what} ${value}: ${problem}`);
    };
    if (config.Gateway) check("gateway", config.Gateway);
    for (const value of Object.values(config.AuxiliaryAddresses ?? {})) check("auxiliary address", value);
    return errors;
  });
}

function rangeErrors(text: string, subnet: Prefix): readonly string[] {
  if (text === "") return [];
  const range = parsePrefix(text);
  if (range === undefined) return [`invalid ip-range ${text}: invalid CIDR block notation`];
  if (range.address.family !== subnet.address.family)
    return [`invalid ip-range ${text}: parent subnet is an IPv${subnet.address.family} block`];
  const parent = formatPrefix(networkOf(subnet));
  const errors: string[] = [];
  if (range.length < subnet.length)
    errors.push(`invalid ip-range ${text}: CIDR block is bigger than its parent subnet ${parent}`);
  const masked = formatPrefix(networkOf(range));
  if (formatPrefix(range) !== masked) errors.push(`invalid ip-range ${text}: it should be ${masked}`);
  if (!overlaps(subnet, range))
    errors.push(`invalid ip-range ${text}: parent subnet ${parent} doesn't contain ip-range`);
  return errors;
}

function addressError(text: string, subnet: Prefix): string | undefined {
  const value = parseAddress(text);
  if (value === undefined) return "invalid address";
  if (value.family !== subnet.address.family) return `parent subnet is an IPv${subnet.address.family} block`;
  if (!contains(subnet, value)) return `parent subnet ${formatPrefix(networkOf(subnet))} doesn't contain this address`;
  return undefined;
}

function driverOf(request: NetworkCreateRequest): DriverName {
  if (request.ConfigOnly) return "null";
  const driver = request.Driver || "bridge";
  switch (driver) {
    case "bridge":
    case "macvlan":
    case "ipvlan":
      return driver;
    case "host":
    case "null":
      throw forbidden(`only one instance of "${driver}" network is allowed`);
    case "overlay":
      throw forbidden(
        'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
      );
    default:
      throw new EngineError("notFound", `plugin "${driver}" not found`);
  }
}

const booleans = [options.interContainer, options.masquerade, options.defaultBridge, options.inhibitIpv4];
const goBooleans = ["1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False"];
/** IFNAMSIZ without the final NUL. */
const longestDeviceName = 15;

function checkOptions(record: NetworkRecord, others: readonly NetworkRecord[]): void {
  const given = record.options;
  switch (record.driver) {
    case "macvlan": {
      const mode = given[options.macvlanMode] ?? "bridge";
      if (!(mode in macvlanModes))
        throw new EngineError(
          "system",
          `requested macvlan mode '${mode}' is not valid, 'bridge' mode is the macvlan driver default`,
        );
      return;
    }
    case "ipvlan": {
      const mode = given[options.ipvlanMode] ?? "l2";
      if (!(mode in ipvlanModes))
        throw new EngineError(
          "system",
          `requested ipvlan mode '${mode}' is not valid, 'l2' mode is the ipvlan driver default`,
        );
      const flag = given[options.ipvlanFlag] ?? "bridge";
      if (!(flag in ipvlanFlags))
        throw new EngineError(
          "system",
          `requested ipvlan flag '${flag}' is not valid, 'bridge' is the ipvlan driver default`,
        );
      return;
    }
    case "bridge":
      checkBridgeOptions(record, others);
      return;
    default:
      return;
  }
}

function checkBridgeOptions(record: NetworkRecord, others: readonly NetworkRecord[]): void {
  const mtu = record.options[options.mtu];
  if (mtu !== undefined && !/^[+-]?\d+$/.test(mtu))
    throw invalid(`failed to parse ${options.mtu} value: ${mtu} (${syntaxError("Atoi", mtu)})`);
  for (const name of booleans) {
    const value = record.options[name];
    if (value !== undefined && !goBooleans.includes(value))
      throw invalid(`failed to parse ${name} value: ${value} (${syntaxError("ParseBool", value)})`);
  }
  const name = bridgeName(record);
  for (const other of others)
    if (other.driver === "bridge" && !other.configOnly && bridgeName(other) === name)
      throw forbidden(
        `cannot create network ${record.id} (${name}): conflicts with network ${other.id} (${name}): networks have same bridge name`,
      );
  if (name.length > longestDeviceName) throw new EngineError("system", "numerical result out of range");
  for (const family of [4, 6] as const)
    if (record.pools.filter((pool) => prefix(pool.subnet).address.family === family).length > 1)
      throw forbidden("bridge driver doesn't support multiple subnets");
}

export interface CreateContext {
  readonly id: NetworkId;
  readonly created: string;
  readonly networks: readonly NetworkRecord[];
  /** Prefixes of the machine's own devices and routes, which automatic subnets keep clear of. */
  readonly machinePrefixes: readonly Prefix[];
  /** Of the engine's unique local IPv6 prefix. */
  readonly globalId: Uint8Array;
}

export function networkRecord(asked: NetworkCreateRequest, context: CreateContext): NetworkRecord {
  const { networks } = context;
  if ((asked.Name ?? "").trim() === "") throw invalid("invalid name: name is empty");
  if (["bridge", "host", "none", "default"].includes(asked.Name))
    throw forbidden(`operation is not permitted on predefined ${asked.Name} network `);
  if (networks.some((network) => network.name === asked.Name))
    throw new EngineError("conflict", `network with name ${asked.Name} already exists`, { resource: asked.Name });
  if (asked.Ingress) throw forbidden("Ingress network can only be global scope network");
  if (asked.Scope === "swarm" || asked.Scope === "global")
    throw forbidden("cannot create a swarm scoped network when swarm is not active");
  const request = withConfiguration(asked, networks);
  const driver = driverOf(request);
  const enableIPv4 = request.EnableIPv4 ?? true;
  const enableIPv6 = request.EnableIPv6 ?? false;
  if (!enableIPv4 && !enableIPv6) throw invalid("IPv4 or IPv6 must be enabled");
  const configs = request.IPAM?.Config ?? [];
  const errors = ipamErrors(configs, enableIPv6);
  if (errors.length > 0) throw invalid(joinErrors("invalid network config", errors));
  const ipamDriver = request.IPAM?.Driver || "default";
  if (ipamDriver !== "default" && ipamDriver !== "null")
    throw new EngineError("notFound", `plugin "${ipamDriver}" not found`);
  if (ipamDriver === "null") throw invalid("ipv4 pool is empty");
  const base: NetworkRecord = {
    schema: 1,
    id: context.id,
    name: request.Name,
    created: context.created,
    driver,
    enableIPv4,
    enableIPv6,
    internal: request.Internal ?? false,
    attachable: request.Attachable ?? false,
    configOnly: request.ConfigOnly ?? false,
    configFrom: request.ConfigFrom?.Network ?? "",
    ipam: { driver: ipamDriver, options: request.IPAM?.Options ?? null, config: configs },
    pools: [],
    configuredSubnets: configs.flatMap((config) => config.Subnet ?? []),
    options: request.Options ?? {},
    labels: request.Labels ?? {},
  };
  if (base.configOnly) return base;
  checkOptions(base, networks);
  const record = withPools(base, configs, context);
  if (driver === "bridge") checkBridgeOptions(record, networks);
  return record;
}

/** `--config-from`: driver options and address management come from a config-only network. */
function withConfiguration(request: NetworkCreateRequest, networks: readonly NetworkRecord[]): NetworkCreateRequest {
  const from = request.ConfigFrom?.Network;
  if (from === undefined || from === "") return request;
  const source = networks.find((network) => network.name === from || network.id === from);
  if (source === undefined)
    throw new EngineError("notFound", `configuration network ${JSON.stringify(from)} does not exist`);
  if (!source.configOnly)
    throw forbidden(`configuration network ${JSON.stringify(from)} is not a configuration network`);
  return {
    ...request,
    EnableIPv4: source.enableIPv4,
    EnableIPv6: source.enableIPv6,
    Internal: source.internal,
    IPAM: { Driver: source.ipam.driver, Options: source.ipam.options, Config: source.ipam.config },
    Options: source.options,
    Labels: { ...source.labels, ...request.Labels },
  };
}

function withPools(record: NetworkRecord, configs: readonly IpamConfig[], context: CreateContext): NetworkRecord {
  const taken = context.networks.flatMap((network) => network.pools.map((pool) => prefix(pool.subnet)));
  const automatic = [...taken, ...context.machinePrefixes];
  const pools: AddressPool[] = [];
  const shown: IpamConfig[] = [];
  const used = configs.filter((config) => prefix(config.Subnet ?? "").address.family === 4 || record.enableIPv6);
  for (const family of [4, 6] as const) {
    if (family === 4 ? !record.enableIPv4 : !record.enableIPv6) continue;
    const own = used.filter((config) => prefix(config.Subnet ?? "").address.family === family);
    for (const config of own) {
      const subnet = prefix(config.Subnet ?? "");
      const earlier = pools.map((pool) => prefix(pool.subnet));
      if ([...taken, ...earlier].some((other) => overlaps(other, subnet)))
        throw forbidden("invalid pool request: Pool overlaps with other one on this address space");
      pools.push(configuredPool(config, subnet, needsNoGateway(record, family)));
      shown.push(config);
    }
    if (own.length > 0) continue;
    const subnet = family === 4 ? chooseSubnet(automatic) : chooseSubnet6(context.globalId, automatic);
    if (subnet === undefined) throw invalid("all predefined address pools have been fully subnetted");
    const gateway = chooseGateway(subnet, undefined, []);
    const text = gateway === undefined ? undefined : formatAddress(gateway);
    pools.push({ subnet: formatPrefix(subnet), gateway: text, reserved: [] });
    shown.push({ Subnet: formatPrefix(subnet), ...(text === undefined ? {} : { Gateway: text }) });
  }
  return { ...record, pools, ipam: { ...record.ipam, config: shown } };
}

/** Networks for which no address is set aside as their gateway's, unless one is asked for (the drivers' GetSkipGwAlloc). */
function needsNoGateway(record: NetworkRecord, family: 4 | 6): boolean {
  if (["macvlan", "ipvlan"].includes(record.driver)) {
    // Without a parent device there is no way out, as in an internal network; in layer 3 the way out is the device itself.
    const isRouted = ["l3", "l3s"].includes(record.options[options.ipvlanMode] ?? "");
    return record.internal || isRouted || !record.options[options.parent];
  }
  if (record.driver !== "bridge") return record.internal;
  const isIsolated = record.options[`com.docker.network.bridge.gateway_mode_ipv${family}`] === "isolated";
  return isIsolated || (family === 4 && record.internal && isTrue(record.options[options.inhibitIpv4], false));
}

function configuredPool(config: IpamConfig, subnet: Prefix, gatewayless: boolean): AddressPool {
  const range = config.IPRange ? prefix(config.IPRange) : undefined;
  const automatic = gatewayless ? undefined : chooseGateway(subnet, range, []);
  const chosen = config.Gateway ? parseAddress(config.Gateway) : automatic;
  const gateway = chosen === undefined ? undefined : formatAddress(chosen);
  const reserved: string[] = [];
  for (const [name, value] of Object.entries(config.AuxiliaryAddresses ?? {})) {
    const parsed = parseAddress(value);
    const text = parsed === undefined ? value : formatAddress(parsed);
    if (text === gateway || reserved.includes(text))
      throw new EngineError(
        "system",
        `failed to allocate secondary ip address (${name}:${value}): Address already in use`,
      );
    reserved.push(text);
  }
  return {
    subnet: formatPrefix(subnet),
    ...(range === undefined ? {} : { range: formatPrefix(range) }),
    gateway,
    reserved,
  };
}
