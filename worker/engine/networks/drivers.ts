/** How each driver's networks and endpoints look in the kernel, as operations and messages. Decides, does not act. */

import {
  addAddress,
  changeLink,
  createBridge,
  createIpvlan,
  createMacvlan,
  createVeth,
  type IpvlanFlag,
  type IpvlanMode,
  type MacvlanMode,
  namespaceId,
  type Prefix,
  parseMac,
  sequence,
  withoutIpv6Addresses,
} from "../netlink/index.ts";
import type { Op } from "../ports/guest.ts";
import { address, poolFamily, poolPrefixLength, prefix } from "./ipam.ts";
import type { AddressPool, NetworkRecord } from "./model.ts";

export const options = {
  bridgeName: "com.docker.network.bridge.name",
  defaultBridge: "com.docker.network.bridge.default_bridge",
  interContainer: "com.docker.network.bridge.enable_icc",
  masquerade: "com.docker.network.bridge.enable_ip_masquerade",
  hostBinding: "com.docker.network.bridge.host_binding_ipv4",
  inhibitIpv4: "com.docker.network.bridge.inhibit_ipv4",
  mtu: "com.docker.network.driver.mtu",
  parent: "parent",
  macvlanMode: "macvlan_mode",
  ipvlanMode: "ipvlan_mode",
  ipvlanFlag: "ipvlan_flag",
} as const;

/** Go's strconv.ParseBool for what was checked when the network was made. */
export const isTrue = (value: string | undefined, absent: boolean): boolean =>
  value === undefined ? absent : ["1", "t", "T", "true", "TRUE", "True"].includes(value);

export const bridgeName = (record: Pick<NetworkRecord, "id" | "options">): string =>
  record.options[options.bridgeName] ?? `br-${record.id.slice(0, 12)}`;

export function mtuOf(record: Pick<NetworkRecord, "options">): number | undefined {
  const value = Number(record.options[options.mtu]);
  return Number.isInteger(value) && value > 0 && value !== 1500 ? value : undefined;
}

export const gatewayPrefix = (pool: AddressPool): Prefix | undefined =>
  pool.gateway === undefined ? undefined : { address: address(pool.gateway), length: poolPrefixLength(pool) };

/** The bridge with the networks' gateways on it, up. */
export function createBridgeOps(record: NetworkRecord, index: number, mac: Uint8Array): readonly Op[] {
  const name = bridgeName(record);
  const mtu = mtuOf(record);
  const gateways = isTrue(record.options[options.inhibitIpv4], false)
    ? []
    : record.pools.flatMap((pool) => gatewayPrefix(pool) ?? []);
  const create = createBridge({
    name,
    index,
    mac,
    ...(mtu === undefined ? {} : { mtu }),
    callIptables: !isTrue(record.options[options.interContainer], true),
  });
  const set = (path: string, data: string): Op => ({
    op: "write",
    path: `/proc/sys/net/${path}`,
    data,
    create: false,
    ignore: ["*"],
  });
  return [
    { op: "netlink", protocol: "route", messages: sequence([create]) },
    // Lets localhost be translated to an address behind the bridge: published ports on 127.0.0.1.
    set(`ipv4/conf/${name}/route_localnet`, "1\n"),
    ...(record.enableIPv6 ? [set(`ipv6/conf/${name}/disable_ipv6`, "0\n")] : []),
    {
      op: "netlink",
      protocol: "route",
      messages: sequence([changeLink(index, { up: true }), ...gateways.map((gateway) => addAddress(index, gateway))]),
    },
  ];
}

export interface DeviceRequest {
  readonly device: { readonly name: string; readonly index: number };
  /** Of a veth the machine's end; else the name under which the device is made. */
  readonly hostDevice: string;
  readonly hostIndex: number;
  readonly mac: string;
  readonly address4: string | undefined;
  readonly address6: string | undefined;
}

/** Messages, sent in the container's namespace, that make its device with its addresses, up. One of the network's driver. */
export function createDeviceOps(
  record: NetworkRecord,
  link: { readonly index: number },
  request: DeviceRequest,
  namespace: string,
): readonly Op[] {
  const { name, index } = request.device;
  const mtu = mtuOf(record);
  const own = { name, queueLength: 0, ...(mtu === undefined ? {} : { mtu }) };
  // Made beside its parent, where the name may be taken, and renamed once it is here.
  const elsewhere = { ...own, name: request.hostDevice, index, linkNamespace: machineNamespace };
  const mac = parseMac(request.mac);
  const withMac = { ...own, ...(mac === undefined ? {} : { mac }) };
  const rest = [
    ...(request.address6 === undefined ? [withoutIpv6Addresses(index)] : []),
    changeLink(index, { up: true }),
    ...addressesOf(record, request).map((entry) => addAddress(index, entry)),
  ];
  const route = (messages: readonly Uint8Array[], ignore?: Op["ignore"]): Op => ({
    op: "netlink",
    protocol: "route",
    namespace,
    messages: sequence(messages),
    ...(ignore === undefined ? {} : { ignore }),
  });
  // The machine's namespace gets id 0 in the container's, where it has none yet: the parent device is named through it.
  const machine = route([namespaceId(machineNamespace, 1)], ["EEXIST"]);
  switch (record.driver) {
    case "macvlan": {
      const mode = (record.options[options.macvlanMode] ?? "bridge") as MacvlanMode;
      const create = createMacvlan({ ...withMac, ...elsewhere }, link.index, mode);
      return [machine, route([create, changeLink(index, { name }), ...rest])];
    }
    case "ipvlan": {
      const mode = (record.options[options.ipvlanMode] ?? "l2") as IpvlanMode;
      const flag = (record.options[options.ipvlanFlag] ?? "bridge") as IpvlanFlag;
      const create = createIpvlan(elsewhere, link.index, mode, flag);
      return [machine, route([create, changeLink(index, { name }), ...rest])];
    }
    default: {
      const host = {
        name: request.hostDevice,
        index: request.hostIndex,
        master: link.index,
        namespacePid: 1,
        queueLength: 0,
        up: true,
        ...(mtu === undefined ? {} : { mtu }),
      };
      return [route([createVeth(host, { ...withMac, index }), ...rest])];
    }
  }
}

const machineNamespace = 0;

function addressesOf(record: NetworkRecord, request: DeviceRequest): readonly Prefix[] {
  return record.pools.flatMap((pool) => {
    const text = poolFamily(pool) === 4 ? request.address4 : request.address6;
    if (text === undefined) return [];
    const value = address(text);
    const subnet = prefix(pool.subnet);
    if (value.family !== subnet.address.family) return [];
    return [{ address: value, length: subnet.length }];
  });
}

/** Networks whose containers get a default route: neither internal nor without a gateway. */
export const givesGateway = (record: NetworkRecord, family: 4 | 6): boolean =>
  !record.internal && record.pools.some((pool) => poolFamily(pool) === family && pool.gateway !== undefined);
