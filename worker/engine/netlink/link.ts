/** rtnetlink's network devices (RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK; linux/if_link.h). */
import { Attributes, attribute, group, nested, text, u8, u16, u32 } from "./attributes.ts";
import { flags, message, parseMessages } from "./message.ts";

const types = { newLink: 16, deleteLink: 17, getLink: 18, newNamespaceId: 88 } as const;
const ifla = {
  address: 1,
  name: 3,
  mtu: 4,
  link: 5,
  stats: 7,
  master: 10,
  queueLength: 13,
  operstate: 16,
  info: 18,
  netNsPid: 19,
  afSpec: 26,
  linkNetnsId: 37,
} as const;
const infoKind = 1;
const infoData = 2;
const vethPeer = 1;
export const linkFlags = { up: 0x1, broadcast: 0x2, loopback: 0x8, running: 0x40 } as const;
const afInet6 = 10;
const addressGenerationNone = 1;

/** struct ifinfomsg. */
function header(index: number, up: boolean | undefined): Uint8Array {
  const out = new Uint8Array(16);
  const view = new DataView(out.buffer);
  view.setInt32(4, index, true);
  if (up !== undefined) {
    view.setUint32(8, up ? linkFlags.up : 0, true);
    view.setUint32(12, linkFlags.up, true);
  }
  return out;
}

export interface LinkOptions {
  readonly name?: string;
  /** The device's index, chosen by us so that the messages that follow can name it without a round trip. 0: the kernel chooses. */
  readonly index?: number;
  readonly mac?: Uint8Array;
  readonly mtu?: number;
  /** IFLA_TXQLEN; Docker's devices have none. */
  readonly queueLength?: number;
  readonly up?: boolean;
  /** Index of the bridge. */
  readonly master?: number;
  /** Moves (or makes) the device in the network namespace of this process. */
  readonly namespacePid?: number;
  /** Namespace id ({@link namespaceId}) of a parent device that lives elsewhere. */
  readonly linkNamespace?: number;
}

function common(options: LinkOptions): Uint8Array[] {
  const out: Uint8Array[] = [];
  if (options.mac !== undefined) out.push(attribute(ifla.address, options.mac));
  if (options.mtu !== undefined) out.push(u32(ifla.mtu, options.mtu));
  if (options.name !== undefined) out.push(text(ifla.name, options.name));
  if (options.queueLength !== undefined) out.push(u32(ifla.queueLength, options.queueLength));
  if (options.master !== undefined) out.push(u32(ifla.master, options.master));
  if (options.namespacePid !== undefined) out.push(u32(ifla.netNsPid, options.namespacePid));
  if (options.linkNamespace !== undefined) out.push(u32(ifla.linkNetnsId, options.linkNamespace));
  return out;
}

const createFlags = flags.request | flags.ack | flags.create | flags.exclusive;
const create = (options: LinkOptions, link: Uint8Array[], kind: string, data?: Uint8Array): Uint8Array =>
  message(types.newLink, createFlags, header(options.index ?? 0, options.up), [
    ...link,
    ...common(options),
    group(ifla.info, attribute(infoKind, new TextEncoder().encode(kind)), ...(data === undefined ? [] : [data])),
  ]);

export interface BridgeOptions {
  /** Bridged frames pass iptables' FORWARD chain too; what `enable_icc=false` needs. */
  readonly callIptables?: boolean;
}
const bridgeAttributes = { callIptables: 36, callIp6tables: 37 } as const;

export function createBridge(options: LinkOptions & BridgeOptions): Uint8Array {
  const data = options.callIptables
    ? group(infoData, u8(bridgeAttributes.callIptables, 1), u8(bridgeAttributes.callIp6tables, 1))
    : undefined;
  return create(options, [], "bridge", data);
}

/**
 * A veth pair whose `peer` stays in the namespace that the message is sent in. With `namespacePid` in the device's own options,
 * the device is made in that process's namespace and joins `master` there: one message connects a container's namespace to a
 * bridge of the machine (rtnl_newlink takes the destination namespace from the outer attributes, veth_newlink the peer's from the
 * socket). The kernel honours the peer's index only where the device's is given too.
 */
export const createVeth = (options: LinkOptions, peer: LinkOptions): Uint8Array =>
  create(
    options,
    [],
    "veth",
    group(infoData, attribute(vethPeer, join(header(peer.index ?? 0, peer.up), ...common(peer)))),
  );

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export const createDummy = (options: LinkOptions): Uint8Array => create(options, [], "dummy");

export const macvlanModes = { private: 1, vepa: 2, bridge: 4, passthru: 8 } as const;
export type MacvlanMode = keyof typeof macvlanModes;
export const createMacvlan = (options: LinkOptions, parent: number, mode: MacvlanMode): Uint8Array =>
  create(options, [u32(ifla.link, parent)], "macvlan", group(infoData, u32(1, macvlanModes[mode])));

export const ipvlanModes = { l2: 0, l3: 1, l3s: 2 } as const;
export type IpvlanMode = keyof typeof ipvlanModes;
export const ipvlanFlags = { bridge: 0, private: 1, vepa: 2 } as const;
export type IpvlanFlag = keyof typeof ipvlanFlags;
export const createIpvlan = (options: LinkOptions, parent: number, mode: IpvlanMode, flag: IpvlanFlag): Uint8Array =>
  create(
    options,
    [u32(ifla.link, parent)],
    "ipvlan",
    group(infoData, u16(1, ipvlanModes[mode]), u16(2, ipvlanFlags[flag])),
  );

export const createVlan = (options: LinkOptions, parent: number, id: number): Uint8Array =>
  create(options, [u32(ifla.link, parent)], "vlan", group(infoData, u16(1, id)));

/** By index, or by the name in `options` where the index is 0. */
export const changeLink = (index: number, options: LinkOptions): Uint8Array =>
  message(types.newLink, flags.request | flags.ack, header(index, options.up), common(options));

/** No link-local IPv6 address, hence no neighbour discovery either, once the device comes up. */
export const withoutIpv6Addresses = (index: number): Uint8Array =>
  message(types.newLink, flags.request | flags.ack, header(index, undefined), [
    nested(ifla.afSpec, nested(afInet6, u8(8, addressGenerationNone))),
  ]);

export const deleteLink = (index: number, name?: string): Uint8Array =>
  message(
    types.deleteLink,
    flags.request | flags.ack,
    header(index, undefined),
    name === undefined ? [] : [text(ifla.name, name)],
  );

/** Gives the network namespace of a process the id by which this one can refer to it. */
export const namespaceId = (id: number, pid: number): Uint8Array =>
  message(types.newNamespaceId, flags.request | flags.ack, new Uint8Array(4), [u32(1, id), u32(2, pid)]);

export const listLinks = (): Uint8Array => message(types.getLink, flags.request | flags.dump, header(0, undefined));
export const getLink = (name: string): Uint8Array =>
  message(types.getLink, flags.request | flags.ack, header(0, undefined), [text(ifla.name, name)]);

export interface Link {
  readonly index: number;
  readonly name: string;
  readonly kind: string | undefined;
  readonly up: boolean;
  readonly mac: string;
  readonly mtu: number;
  readonly master: number | undefined;
  /** Of a veth: the peer's index in its own namespace; of macvlan and ipvlan: the parent. */
  readonly link: number | undefined;
  /** The id under which this namespace knows the peer's; absent when it is this one. */
  readonly linkNamespace: number | undefined;
  readonly received: LinkCounters;
  readonly sent: LinkCounters;
}
export interface LinkCounters {
  readonly packets: number;
  readonly bytes: number;
  readonly errors: number;
  readonly dropped: number;
}

export function parseLinks(bytes: Uint8Array): readonly Link[] {
  return parseMessages(bytes).flatMap(({ type, payload }) => {
    if (type !== types.newLink || payload.length < 16) return [];
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    const attributes = new Attributes(payload.subarray(16));
    const stats = attributes.bytes(ifla.stats);
    return [
      {
        index: view.getInt32(4, true),
        name: attributes.text(ifla.name) ?? "",
        kind: attributes.nested(ifla.info).text(infoKind),
        up: (view.getUint32(8, true) & linkFlags.up) !== 0,
        mac: formatMac(attributes.bytes(ifla.address) ?? new Uint8Array()),
        mtu: attributes.u32(ifla.mtu) ?? 0,
        master: attributes.u32(ifla.master),
        link: attributes.u32(ifla.link),
        linkNamespace: attributes.u32(ifla.linkNetnsId),
        received: counters(stats, 0),
        sent: counters(stats, 1),
      },
    ];
  });
}

/** struct rtnl_link_stats: pairs of packets, bytes, errors, dropped; received first. */
function counters(stats: Uint8Array | undefined, offset: 0 | 1): LinkCounters {
  if (stats === undefined || stats.length < 32) return { packets: 0, bytes: 0, errors: 0, dropped: 0 };
  const view = new DataView(stats.buffer, stats.byteOffset, stats.byteLength);
  const at = (pair: number): number => view.getUint32((pair * 2 + offset) * 4, true);
  return { packets: at(0), bytes: at(1), errors: at(2), dropped: at(3) };
}

export const formatMac = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":");

export function parseMac(value: string): Uint8Array | undefined {
  if (!/^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}$/.test(value)) return undefined;
  return Uint8Array.from(value.split(/[:-]/), (part) => Number.parseInt(part, 16));
}
