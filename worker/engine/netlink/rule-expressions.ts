/**
 * A firewall rule as the list of nf_tables expressions that iptables-nft 1.8 writes for it: native ones for interfaces, addresses,
 * protocol and ports, xtables matches and targets (nft_compat) for addrtype, conntrack, DNAT and MASQUERADE.
 */
import { attribute, concat, nested, text, u32be, u64be } from "./attributes.ts";
import {
  type ConnectionState,
  type FirewallRule,
  type Negatable,
  protocolNumbers,
  type RuleTarget,
} from "./firewall-rule.ts";
import { addressBytes, networkOf, type Prefix } from "./ip-address.ts";

const register = 1;
const metaKeys = { inName: 6, outName: 7, protocol: 16 } as const;
const bases = { network: 1, transport: 2 } as const;
const verdicts = { drop: 0, accept: 1, jump: -3, return: -5 } as const;
const listElement = 1;

/** Size to which xtables structures are padded: the alignment of a 64-bit number, 4 on i386 and 8 on 64-bit machines. */
export type XtablesAlignment = 4 | 8;

const expression = (name: string, ...attributes: readonly Uint8Array[]): Uint8Array =>
  nested(listElement, text(1, name), nested(2, ...attributes));

const meta = (key: number): Uint8Array => expression("meta", u32be(2, key), u32be(1, register));
const compare = (value: Uint8Array, not: boolean | undefined): Uint8Array =>
  expression("cmp", u32be(1, register), u32be(2, not ? 1 : 0), nested(3, attribute(1, value)));
const payload = (base: number, offset: number, length: number): Uint8Array =>
  expression("payload", u32be(1, register), u32be(2, base), u32be(3, offset), u32be(4, length));
const mask = (bytes: Uint8Array): Uint8Array =>
  expression(
    "bitwise",
    u32be(1, register),
    u32be(2, register),
    u32be(3, bytes.length),
    nested(4, attribute(1, bytes)),
    nested(5, attribute(1, new Uint8Array(bytes.length))),
  );
const counter = (): Uint8Array => expression("counter", u64be(1, 0n), u64be(2, 0n));

const name = (value: string): Uint8Array => new TextEncoder().encode(`${value}\0`);
const interfaceMatch = (key: number, entry: Negatable<string> | undefined): Uint8Array[] =>
  entry === undefined ? [] : [meta(key), compare(name(entry.value), entry.not)];

const addressOffsets = { 4: { source: 12, destination: 16 }, 6: { source: 8, destination: 24 } } as const;

/** Whole bytes of a prefix are compared as such; other lengths go through a mask. */
function addressMatch(entry: Negatable<Prefix> | undefined, end: "source" | "destination"): Uint8Array[] {
  if (entry === undefined) return [];
  const prefix = networkOf(entry.value);
  const offset = addressOffsets[prefix.address.family][end];
  const bytes = addressBytes(prefix.address);
  if (prefix.length % 8 === 0) {
    const length = prefix.length / 8;
    return length === 0 ? [] : [payload(bases.network, offset, length), compare(bytes.slice(0, length), entry.not)];
  }
  const maskBytes = bytes.map((_, i) => {
    const bits = Math.min(8, Math.max(0, prefix.length - i * 8));
    return (0xff << (8 - bits)) & 0xff;
  });
  return [payload(bases.network, offset, bytes.length), mask(maskBytes), compare(bytes, entry.not)];
}

const stateBits: Readonly<Record<ConnectionState, number>> = { ESTABLISHED: 2, RELATED: 4, NEW: 8, DNAT: 0x80 };

function padded(size: number, alignment: XtablesAlignment): { readonly bytes: Uint8Array; readonly view: DataView } {
  const bytes = new Uint8Array(Math.ceil(size / alignment) * alignment);
  return { bytes, view: new DataView(bytes.buffer) };
}

const xtables = (kind: "match" | "target", extension: string, revision: number, info: Uint8Array): Uint8Array =>
  expression(kind, text(1, extension), u32be(2, revision), attribute(3, info));

/** struct xt_addrtype_info_v1: masks of source and destination route types; RTN_LOCAL is bit 2. */
function addressTypeMatch(sourceLocal: boolean, destinationLocal: boolean, alignment: XtablesAlignment): Uint8Array {
  const { bytes, view } = padded(8, alignment);
  view.setUint16(0, sourceLocal ? 4 : 0, true);
  view.setUint16(2, destinationLocal ? 4 : 0, true);
  return xtables("match", "addrtype", 1, bytes);
}

/** struct xt_conntrack_mtinfo3: XT_CONNTRACK_STATE in match_flags (byte 146) and the mask (byte 150). */
function connectionStateMatch(states: readonly ConnectionState[], alignment: XtablesAlignment): Uint8Array {
  const { bytes, view } = padded(164, alignment);
  view.setUint16(146, 1, true);
  view.setUint16(
    150,
    states.reduce((bits, state) => bits | stateBits[state], 0),
    true,
  );
  return xtables("match", "conntrack", 3, bytes);
}

/** struct nf_nat_range2 with addresses and ports (NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED). */
function dnatTarget(target: Extract<RuleTarget, { kind: "dnat" }>, alignment: XtablesAlignment): Uint8Array {
  const { bytes, view } = padded(44, alignment);
  view.setUint32(0, 3, true);
  bytes.set(addressBytes(target.address), 4);
  bytes.set(addressBytes(target.address), 20);
  view.setUint16(36, target.port, false);
  view.setUint16(38, target.port, false);
  return xtables("target", "DNAT", 2, bytes);
}

/** IPv4: struct nf_nat_ipv4_multi_range_compat with one empty range. IPv6: an empty struct nf_nat_range. */
function masqueradeTarget(family: 4 | 6, alignment: XtablesAlignment): Uint8Array {
  const { bytes, view } = padded(family === 4 ? 20 : 40, alignment);
  if (family === 4) view.setUint32(0, 1, true);
  return xtables("target", "MASQUERADE", 0, bytes);
}

const verdict = (code: number, chain?: string): Uint8Array =>
  expression(
    "immediate",
    u32be(1, 0),
    nested(2, nested(2, u32be(1, code), ...(chain === undefined ? [] : [text(2, chain)]))),
  );

function targetExpression(rule: FirewallRule, alignment: XtablesAlignment): Uint8Array {
  const { target } = rule;
  switch (target.kind) {
    case "accept":
    case "drop":
    case "return":
      return verdict(verdicts[target.kind]);
    case "jump":
      return verdict(verdicts.jump, target.chain);
    case "masquerade":
      return masqueradeTarget(rule.family, alignment);
    case "dnat":
      return dnatTarget(target, alignment);
  }
}

/** The content of NFTA_RULE_EXPRESSIONS. */
export function ruleExpressions(rule: FirewallRule, alignment: XtablesAlignment): Uint8Array {
  const { match } = rule;
  const parts = [...interfaceMatch(metaKeys.inName, match.in), ...interfaceMatch(metaKeys.outName, match.out)];
  if (match.protocol !== undefined)
    parts.push(meta(metaKeys.protocol), compare(Uint8Array.of(protocolNumbers[match.protocol]), false));
  parts.push(...addressMatch(match.source, "source"), ...addressMatch(match.destination, "destination"));
  if (match.destinationPort !== undefined) {
    const port = Uint8Array.of(match.destinationPort >> 8, match.destinationPort & 0xff);
    parts.push(payload(bases.transport, 2, 2), compare(port, false));
  }
  if (match.sourceType !== undefined || match.destinationType !== undefined)
    parts.push(addressTypeMatch(match.sourceType !== undefined, match.destinationType !== undefined, alignment));
  if (match.connectionState !== undefined) parts.push(connectionStateMatch(match.connectionState, alignment));
  parts.push(counter(), targetExpression(rule, alignment));
  return concat(parts);
}
