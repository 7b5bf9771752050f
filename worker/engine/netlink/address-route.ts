/** rtnetlink's addresses, routes and neighbours (linux/if_addr.h, linux/rtnetlink.h, linux/neighbour.h). */
import { Attributes, attribute, u32 } from "./attributes.ts";
import {
  addressBytes,
  addressFromBytes,
  formatAddress,
  type IpAddress,
  lastAddress,
  networkOf,
  type Prefix,
} from "./ip-address.ts";
import { formatMac } from "./link.ts";
import { flags, message, parseMessages } from "./message.ts";

const types = {
  newAddress: 20,
  deleteAddress: 21,
  getAddress: 22,
  newRoute: 24,
  deleteRoute: 25,
  getRoute: 26,
  newNeighbour: 28,
  getNeighbour: 30,
} as const;
const families = { 4: 2, 6: 10 } as const;
const ifa = { address: 1, local: 2, broadcast: 4 } as const;
const noDad = 0x02;
const rta = { destination: 1, oif: 4, gateway: 5, priority: 6, preferredSource: 7 } as const;
const createFlags = flags.request | flags.ack | flags.create | flags.exclusive;

/** struct ifaddrmsg. */
function addressHeader(prefix: Prefix, index: number): Uint8Array {
  const out = new Uint8Array(8);
  out[0] = families[prefix.address.family];
  out[1] = prefix.length;
  out[2] = prefix.address.family === 6 ? noDad : 0;
  new DataView(out.buffer).setUint32(4, index, true);
  return out;
}

/** With the broadcast address that Docker gives too; IPv6 without duplicate address detection, so that it can be used at once. */
export function addAddress(index: number, prefix: Prefix): Uint8Array {
  const bytes = addressBytes(prefix.address);
  const attributes = [attribute(ifa.local, bytes)];
  if (prefix.address.family === 4 && prefix.length < 31)
    attributes.push(attribute(ifa.broadcast, addressBytes(lastAddress(prefix))));
  attributes.push(attribute(ifa.address, bytes));
  return message(types.newAddress, createFlags, addressHeader(prefix, index), attributes);
}

export const deleteAddress = (index: number, prefix: Prefix): Uint8Array =>
  message(types.deleteAddress, flags.request | flags.ack, addressHeader(prefix, index), [
    attribute(ifa.local, addressBytes(prefix.address)),
    attribute(ifa.address, addressBytes(prefix.address)),
  ]);

export const listAddresses = (): Uint8Array => message(types.getAddress, flags.request | flags.dump, new Uint8Array(8));

export interface LinkAddress {
  readonly index: number;
  readonly family: 4 | 6;
  readonly address: string;
  readonly prefixLength: number;
}

export function parseAddresses(bytes: Uint8Array): readonly LinkAddress[] {
  return parseMessages(bytes).flatMap(({ type, payload }) => {
    if (type !== types.newAddress || payload.length < 8) return [];
    const attributes = new Attributes(payload.subarray(8));
    const address = addressFromBytes(attributes.bytes(ifa.local) ?? attributes.bytes(ifa.address) ?? new Uint8Array());
    if (address === undefined) return [];
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    return [
      {
        index: view.getUint32(4, true),
        family: address.family,
        address: formatAddress(address),
        prefixLength: payload[1] ?? 0,
      },
    ];
  });
}

export interface RouteTarget {
  /** Absent: the default route. */
  readonly destination?: Prefix;
  readonly gateway?: IpAddress;
  readonly link: number;
}

/** struct rtmsg: main table, protocol boot (as iproute2 and Docker's netlink library write it), unicast. */
function routeHeader(family: 4 | 6, length: number, scope: number): Uint8Array {
  return Uint8Array.of(families[family], length, 0, 0, 254, 3, scope, 1, 0, 0, 0, 0);
}
const scopes = { universe: 0, link: 253 } as const;

function route(type: number, flagBits: number, family: 4 | 6, target: RouteTarget): Uint8Array {
  const scope = target.gateway === undefined && family === 4 ? scopes.link : scopes.universe;
  const attributes: Uint8Array[] = [];
  if (target.destination !== undefined)
    attributes.push(attribute(rta.destination, addressBytes(networkOf(target.destination).address)));
  if (target.gateway !== undefined) attributes.push(attribute(rta.gateway, addressBytes(target.gateway)));
  attributes.push(u32(rta.oif, target.link));
  return message(type, flagBits, routeHeader(family, target.destination?.length ?? 0, scope), attributes);
}

export const addRoute = (family: 4 | 6, target: RouteTarget): Uint8Array =>
  route(types.newRoute, createFlags, family, target);
export const deleteRoute = (family: 4 | 6, target: RouteTarget): Uint8Array =>
  route(types.deleteRoute, flags.request | flags.ack, family, target);
export const listRoutes = (family: 4 | 6): Uint8Array =>
  message(types.getRoute, flags.request | flags.dump, routeHeader(family, 0, 0));

export interface Route {
  readonly family: 4 | 6;
  /** "default" or CIDR notation. */
  readonly destination: string;
  readonly gateway: string | undefined;
  readonly link: number | undefined;
  readonly source: string | undefined;
  readonly metric: number | undefined;
}

const unicast = 1;
const mainTable = 254;

/** Unicast routes of the main table. */
export function parseRoutes(bytes: Uint8Array): readonly Route[] {
  return parseMessages(bytes).flatMap(({ type, payload }) => {
    if (type !== types.newRoute || payload.length < 12) return [];
    const family = payload[0] === families[6] ? 6 : 4;
    if (payload[4] !== mainTable || payload[7] !== unicast) return [];
    const attributes = new Attributes(payload.subarray(12));
    const format = (value: Uint8Array | undefined): string | undefined => {
      const address = value === undefined ? undefined : addressFromBytes(value);
      return address === undefined ? undefined : formatAddress(address);
    };
    const destination = format(attributes.bytes(rta.destination));
    return [
      {
        family,
        destination: destination === undefined ? "default" : `${destination}/${payload[1] ?? 0}`,
        gateway: format(attributes.bytes(rta.gateway)),
        link: attributes.u32(rta.oif),
        source: format(attributes.bytes(rta.preferredSource)),
        metric: attributes.u32(rta.priority),
      },
    ];
  });
}

export const listNeighbours = (): Uint8Array =>
  message(types.getNeighbour, flags.request | flags.dump, new Uint8Array(12));

export interface Neighbour {
  readonly link: number;
  readonly address: string;
  readonly mac: string | undefined;
}

export function parseNeighbours(bytes: Uint8Array): readonly Neighbour[] {
  return parseMessages(bytes).flatMap(({ type, payload }) => {
    if (type !== types.newNeighbour || payload.length < 12) return [];
    const attributes = new Attributes(payload.subarray(12));
    const address = addressFromBytes(attributes.bytes(1) ?? new Uint8Array());
    if (address === undefined) return [];
    const mac = attributes.bytes(2);
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    return [
      {
        link: view.getInt32(4, true),
        address: formatAddress(address),
        mac: mac === undefined ? undefined : formatMac(mac),
      },
    ];
  });
}
