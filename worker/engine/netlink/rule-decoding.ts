/** The way back from ./rule-expressions.ts: what iptables-nft wrote (or we), as a rule again. */
import { Attributes } from "./attributes.ts";
import {
  type ConnectionState,
  type FirewallRule,
  type Negatable,
  type Protocol,
  protocolNumbers,
  type RuleMatch,
  type RuleTarget,
} from "./firewall-rule.ts";
import { addressFromBytes, type IpAddress, type Prefix } from "./ip-address.ts";
import type { KernelRule } from "./nftables.ts";

type Selected =
  | { readonly kind: "meta"; readonly key: number }
  | { readonly kind: "payload"; readonly base: number; readonly offset: number; readonly length: number };

const decoder = new TextDecoder();
const trimmed = (bytes: Uint8Array): string => {
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
};
const maskLength = (mask: Uint8Array): number =>
  mask.reduce((bits, byte) => bits + [...byte.toString(2)].filter((bit) => bit === "1").length, 0);

/** `undefined` where the rule says something that this vocabulary has no word for. */
export function decodeRule(rule: KernelRule): FirewallRule | undefined {
  let match: RuleMatch = {};
  let target: RuleTarget | undefined;
  let selected: Selected | undefined;
  let maskBits: number | undefined;
  for (const { name, data } of rule.expressions) {
    const fields = new Attributes(data);
    switch (name) {
      case "meta":
        selected = { kind: "meta", key: fields.u32be(2) ?? 0 };
        break;
      case "payload":
        selected = {
          kind: "payload",
          base: fields.u32be(2) ?? 0,
          offset: fields.u32be(3) ?? 0,
          length: fields.u32be(4) ?? 0,
        };
        break;
      case "bitwise":
        maskBits = maskLength(fields.nested(4).bytes(1) ?? new Uint8Array());
        break;
      case "cmp": {
        const value = fields.nested(3).bytes(1) ?? new Uint8Array();
        const compared = comparison(rule.family, selected, value, fields.u32be(2) === 1, maskBits);
        if (compared === undefined) return undefined;
        match = { ...match, ...compared };
        maskBits = undefined;
        break;
      }
      case "counter":
        break;
      case "immediate": {
        const verdict = fields.nested(2).nested(2);
        target = verdictTarget((verdict.u32be(1) ?? 0) | 0, verdict.text(2));
        if (target === undefined) return undefined;
        break;
      }
      case "match": {
        const found = xtablesMatch(fields.text(1) ?? "", fields.bytes(3) ?? new Uint8Array());
        if (found === undefined) return undefined;
        match = { ...match, ...found };
        break;
      }
      case "target":
        target = xtablesTarget(rule.family, fields.text(1) ?? "", fields.bytes(3) ?? new Uint8Array());
        if (target === undefined) return undefined;
        break;
      default:
        return undefined;
    }
  }
  if (target === undefined) return undefined;
  return { family: rule.family, table: rule.table, chain: rule.chain, match, target };
}

function comparison(
  family: 4 | 6,
  selected: Selected | undefined,
  value: Uint8Array,
  not: boolean,
  maskBits: number | undefined,
): RuleMatch | undefined {
  const negatable = <T>(entry: T): Negatable<T> => (not ? { value: entry, not } : { value: entry });
  if (selected?.kind === "meta") {
    if (selected.key === 6) return { in: negatable(trimmed(value)) };
    if (selected.key === 7) return { out: negatable(trimmed(value)) };
    const protocol = Object.entries(protocolNumbers).find(([, number]) => number === value[0])?.[0];
    return selected.key === 16 && protocol !== undefined && !not ? { protocol: protocol as Protocol } : undefined;
  }
  if (selected === undefined) return undefined;
  if (selected.base === 2 && selected.offset === 2 && value.length === 2 && !not)
    return { destinationPort: ((value[0] ?? 0) << 8) | (value[1] ?? 0) };
  const size = family === 4 ? 4 : 16;
  const source = family === 4 ? 12 : 8;
  if (selected.base !== 1 || (selected.offset !== source && selected.offset !== source + size)) return undefined;
  const padded = new Uint8Array(size);
  padded.set(value.subarray(0, size));
  const address = addressFromBytes(padded);
  if (address === undefined) return undefined;
  const prefix: Prefix = { address, length: maskBits ?? value.length * 8 };
  return selected.offset === source ? { source: negatable(prefix) } : { destination: negatable(prefix) };
}

function verdictTarget(code: number, chain: string | undefined): RuleTarget | undefined {
  if (code === 1) return { kind: "accept" };
  if (code === 0) return { kind: "drop" };
  if (code === -5) return { kind: "return" };
  return code === -3 && chain !== undefined ? { kind: "jump", chain } : undefined;
}

const localType = 4;
const states: readonly (readonly [ConnectionState, number])[] = [
  ["NEW", 8],
  ["RELATED", 4],
  ["ESTABLISHED", 2],
  ["DNAT", 0x80],
];

function xtablesMatch(extension: string, info: Uint8Array): RuleMatch | undefined {
  const view = new DataView(info.buffer, info.byteOffset, info.byteLength);
  if (extension === "addrtype" && info.length >= 4) {
    const source = view.getUint16(0, true);
    const destination = view.getUint16(2, true);
    if ((source | destination | localType) !== localType) return undefined;
    return {
      ...(source === 0 ? {} : { sourceType: "LOCAL" as const }),
      ...(destination === 0 ? {} : { destinationType: "LOCAL" as const }),
    };
  }
  if (extension === "conntrack" && info.length >= 152) {
    const mask = view.getUint16(150, true);
    return { connectionState: states.filter(([, bit]) => (mask & bit) !== 0).map(([state]) => state) };
  }
  return undefined;
}

function xtablesTarget(family: 4 | 6, extension: string, info: Uint8Array): RuleTarget | undefined {
  if (extension === "MASQUERADE") return { kind: "masquerade" };
  if (extension !== "DNAT" || info.length < 40) return undefined;
  const address: IpAddress | undefined = addressFromBytes(info.subarray(4, family === 4 ? 8 : 20));
  if (address === undefined) return undefined;
  return { kind: "dnat", address, port: ((info[36] ?? 0) << 8) | (info[37] ?? 0) };
}
