/** nf_tables' tables, chains and rules over nfnetlink (linux/netfilter/nf_tables.h). Changes stand between a batch's begin and end. */
import { Attributes, nested, parseAttributeList, text, u32be, u64be } from "./attributes.ts";
import { type FirewallRule, protocolNumbers, type TableName } from "./firewall-rule.ts";
import { flags, message, parseMessages } from "./message.ts";
import { ruleExpressions, type XtablesAlignment } from "./rule-expressions.ts";

const subsystem = 10 << 8;
const types = {
  batchBegin: 16,
  batchEnd: 17,
  newTable: subsystem | 0,
  newChain: subsystem | 3,
  newRule: subsystem | 6,
  getRule: subsystem | 7,
  deleteRule: subsystem | 8,
} as const;
const families = { 4: 2, 6: 10 } as const;
type Family = keyof typeof families;
const ruleAttributes = { table: 1, chain: 2, handle: 3, expressions: 4, compat: 5 } as const;
const request = flags.request | flags.ack;

/** struct nfgenmsg. */
const header = (family: number, resource = 0): Uint8Array => Uint8Array.of(family, 0, resource >> 8, resource & 0xff);

/** Wraps changes into one transaction: all take effect or none. */
export const transaction = (changes: readonly Uint8Array[]): readonly Uint8Array[] => [
  message(types.batchBegin, flags.request, header(0, 10)),
  ...changes,
  message(types.batchEnd, flags.request, header(0, 10)),
];

/** No error where it is there already. */
export const addTable = (family: Family, table: TableName): Uint8Array =>
  message(types.newTable, request | flags.create, header(families[family]), [text(1, table)]);

export interface BaseChain {
  readonly type: "filter" | "nat";
  readonly hook: number;
  readonly priority: number;
  readonly policy: "accept" | "drop";
}
/** Hooks and priorities of the built-in chains of iptables. */
export const baseChains = {
  filter: {
    INPUT: { type: "filter", hook: 1, priority: 0, policy: "accept" },
    FORWARD: { type: "filter", hook: 2, priority: 0, policy: "drop" },
    OUTPUT: { type: "filter", hook: 3, priority: 0, policy: "accept" },
  },
  nat: {
    PREROUTING: { type: "nat", hook: 0, priority: -100, policy: "accept" },
    INPUT: { type: "nat", hook: 1, priority: 100, policy: "accept" },
    OUTPUT: { type: "nat", hook: 3, priority: -100, policy: "accept" },
    POSTROUTING: { type: "nat", hook: 4, priority: 100, policy: "accept" },
  },
  raw: {
    PREROUTING: { type: "filter", hook: 0, priority: -300, policy: "accept" },
    OUTPUT: { type: "filter", hook: 3, priority: -300, policy: "accept" },
  },
} as const satisfies Readonly<Record<TableName, Readonly<Record<string, BaseChain>>>>;

/** No error where it is there already. */
export function addChain(family: Family, table: TableName, chain: string, base?: BaseChain): Uint8Array {
  const attributes = [text(1, table), text(3, chain)];
  if (base !== undefined) {
    attributes.push(
      nested(4, u32be(1, base.hook), u32be(2, base.priority)),
      u32be(5, base.policy === "accept" ? 1 : 0),
      nested(8, u64be(2, 0n), u64be(1, 0n)),
      text(7, base.type),
    );
  }
  return message(types.newChain, request | flags.create, header(families[family]), attributes);
}

/** The kernel echoes the rule with the handle by which it can be deleted; {@link parseRules} reads it. */
export function addRule(rule: FirewallRule, alignment: XtablesAlignment = 4): Uint8Array {
  const protocol = rule.match.protocol === undefined ? 0 : protocolNumbers[rule.match.protocol];
  const place = rule.first ? flags.create : flags.create | flags.append;
  return message(types.newRule, request | flags.echo | place, header(families[rule.family]), [
    text(ruleAttributes.table, rule.table),
    text(ruleAttributes.chain, rule.chain),
    nested(ruleAttributes.expressions, ruleExpressions(rule, alignment)),
    nested(ruleAttributes.compat, u32be(1, protocol), u32be(2, 0)),
  ]);
}

/** A rule that stands in the kernel. */
export interface RuleHandle {
  readonly family: Family;
  readonly table: TableName;
  readonly chain: string;
  /** Decimal, as 64-bit numbers do not fit JSON. */
  readonly handle: string;
}

export const deleteRule = (rule: RuleHandle): Uint8Array =>
  message(types.deleteRule, request, header(families[rule.family]), [
    text(ruleAttributes.table, rule.table),
    text(ruleAttributes.chain, rule.chain),
    u64be(ruleAttributes.handle, BigInt(rule.handle)),
  ]);

export const listRules = (family: Family, table: TableName): Uint8Array =>
  message(types.getRule, flags.request | flags.dump, header(families[family]), [text(ruleAttributes.table, table)]);

export interface KernelRule extends RuleHandle {
  readonly packets: bigint;
  readonly bytes: bigint;
  readonly expressions: readonly RuleExpression[];
}
export interface RuleExpression {
  readonly name: string;
  readonly data: Uint8Array;
}

const tables: readonly string[] = ["filter", "nat", "raw"] satisfies readonly TableName[];
const isTable = (name: string): name is TableName => tables.includes(name);

/** Rules of a dump or of echoed additions, in order. Tables that are not ours are left out. */
export function parseRules(bytes: Uint8Array): readonly KernelRule[] {
  return parseMessages(bytes).flatMap(({ type, payload }) => {
    if (type !== types.newRule || payload.length < 4) return [];
    const attributes = new Attributes(payload.subarray(4));
    const table = attributes.text(ruleAttributes.table) ?? "";
    if (!isTable(table)) return [];
    const expressions = parseAttributeList(attributes.bytes(ruleAttributes.expressions) ?? new Uint8Array()).map(
      (element) => {
        const fields = new Attributes(element.payload);
        return { name: fields.text(1) ?? "", data: fields.bytes(2) ?? new Uint8Array() };
      },
    );
    const counter = new Attributes(expressions.find((e) => e.name === "counter")?.data);
    return [
      {
        family: payload[0] === families[6] ? 6 : 4,
        table,
        chain: attributes.text(ruleAttributes.chain) ?? "",
        handle: String(attributes.u64be(ruleAttributes.handle) ?? 0n),
        packets: counter.u64be(2) ?? 0n,
        bytes: counter.u64be(1) ?? 0n,
        expressions,
      } satisfies KernelRule,
    ];
  });
}
