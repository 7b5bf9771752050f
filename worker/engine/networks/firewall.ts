/**
 * The rules that Docker Engine 28 keeps, as data, in the form it uses without the userland proxy: published ports are reached from
 * everywhere, localhost and the container's own bridge included, by NAT alone.
 */

import {
  addChain,
  addRule,
  addTable,
  baseChains,
  type FirewallRule,
  type Prefix,
  type RuleTarget,
  sequence,
  type TableName,
  transaction,
} from "../netlink/index.ts";
import type { Op } from "../ports/guest.ts";
import { address, prefix } from "./ipam.ts";
import type { PublishedPort } from "./model.ts";

type Family = 4 | 6;
const accept: RuleTarget = { kind: "accept" };
const drop: RuleTarget = { kind: "drop" };
const masquerade: RuleTarget = { kind: "masquerade" };
const jump = (chain: string): RuleTarget => ({ kind: "jump", chain });
const loopback = { 4: prefix("127.0.0.0/8"), 6: prefix("::1/128") } as const;

const chains: readonly (readonly [TableName, string])[] = [
  ["filter", "DOCKER"],
  ["filter", "DOCKER-BRIDGE"],
  ["filter", "DOCKER-CT"],
  ["filter", "DOCKER-FORWARD"],
  ["filter", "DOCKER-ISOLATION-STAGE-1"],
  ["filter", "DOCKER-ISOLATION-STAGE-2"],
  ["filter", "DOCKER-USER"],
  ["nat", "DOCKER"],
];

function baseRules(family: Family): readonly FirewallRule[] {
  const filter = (chain: string, target: string): FirewallRule => ({
    family,
    table: "filter",
    chain,
    match: {},
    target: jump(target),
  });
  return [
    filter("FORWARD", "DOCKER-USER"),
    filter("FORWARD", "DOCKER-FORWARD"),
    filter("DOCKER-FORWARD", "DOCKER-CT"),
    // A published port of another network, called through an address of the machine: where Docker's userland proxy would answer.
    { ...filter("DOCKER-FORWARD", "DOCKER-BRIDGE"), match: { connectionState: ["DNAT"] } },
    filter("DOCKER-FORWARD", "DOCKER-ISOLATION-STAGE-1"),
    filter("DOCKER-FORWARD", "DOCKER-BRIDGE"),
    { family, table: "nat", chain: "PREROUTING", match: { destinationType: "LOCAL" }, target: jump("DOCKER") },
    {
      family,
      table: "nat",
      chain: "OUTPUT",
      // Nothing routes from ::1 into a bridge, so only IPv4 localhost reaches published ports.
      match: {
        ...(family === 6 ? { destination: { value: loopback[6], not: true } } : {}),
        destinationType: "LOCAL",
      },
      target: jump("DOCKER"),
    },
  ];
}

/** Tables, chains and the jumps between them, for one address family. */
export function baseFirewall(family: Family): readonly Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (const table of ["raw", "nat", "filter"] as const) {
    messages.push(addTable(family, table));
    for (const [name, base] of Object.entries(baseChains[table])) messages.push(addChain(family, table, name, base));
  }
  for (const [table, chain] of chains) messages.push(addChain(family, table, chain));
  for (const rule of baseRules(family)) messages.push(addRule(rule));
  return messages;
}

export interface BridgeTraits {
  readonly name: string;
  readonly subnets: readonly Prefix[];
  readonly internal: boolean;
  readonly interContainer: boolean;
  readonly masquerade: boolean;
}

/** What a bridge network needs while it exists. */
export function bridgeRules(family: Family, bridge: BridgeTraits): readonly FirewallRule[] {
  const subnets = bridge.subnets.filter((subnet) => subnet.address.family === family);
  const inside = { value: bridge.name };
  const elsewhere = { value: bridge.name, not: true };
  const filter = (chain: string, match: FirewallRule["match"], target: RuleTarget): FirewallRule => ({
    family,
    table: "filter",
    chain,
    match,
    target,
  });
  const between = filter("DOCKER-FORWARD", { in: inside, out: inside }, bridge.interContainer ? accept : drop);
  if (bridge.internal) {
    return [
      ...subnets.flatMap((value) => [
        filter("DOCKER-ISOLATION-STAGE-1", { source: { value, not: true }, out: inside }, drop),
        filter("DOCKER-ISOLATION-STAGE-1", { destination: { value, not: true }, in: inside }, drop),
      ]),
      between,
    ];
  }
  const nat = (match: FirewallRule["match"]): FirewallRule => ({
    family,
    table: "nat",
    chain: "POSTROUTING",
    match,
    target: masquerade,
    first: true,
  });
  return [
    ...(bridge.masquerade ? subnets.map((value) => nat({ source: { value }, out: elsewhere })) : []),
    nat({ out: inside, sourceType: "LOCAL" }),
    // A container that calls a published port of its own network: the answer must come back through the machine.
    ...subnets.map((value) => nat({ source: { value }, out: inside, connectionState: ["DNAT"] })),
    filter("DOCKER-CT", { out: inside, connectionState: ["RELATED", "ESTABLISHED"] }, accept),
    filter("DOCKER-BRIDGE", { out: inside }, jump("DOCKER")),
    filter("DOCKER", { in: elsewhere, out: inside }, drop),
    filter("DOCKER-ISOLATION-STAGE-1", { in: inside, out: elsewhere }, jump("DOCKER-ISOLATION-STAGE-2")),
    { ...filter("DOCKER-ISOLATION-STAGE-2", { out: inside }, drop), first: true },
    ...(bridge.interContainer
      ? [filter("DOCKER-FORWARD", { in: inside }, accept)]
      : [between, filter("DOCKER-FORWARD", { in: inside, out: elsewhere }, accept)]),
  ];
}

/** What the published ports of one endpoint need. Ports on addresses of the other family are passed over. */
export function portRules(
  bridge: string,
  endpointAddress: string,
  ports: readonly PublishedPort[],
): readonly FirewallRule[] {
  const to = address(endpointAddress);
  const family = to.family;
  const destination = { value: { address: to, length: family === 4 ? 32 : 128 } };
  const elsewhere = { value: bridge, not: true };
  const rules: FirewallRule[] = [];
  for (const port of ports) {
    const host = address(port.hostIp);
    if (host.family !== family) continue;
    const hostMatch =
      host.value === 0n ? {} : { destination: { value: { address: host, length: destination.value.length } } };
    const service = { protocol: port.protocol, destinationPort: port.hostPort };
    rules.push(
      {
        family,
        table: "nat",
        chain: "DOCKER",
        match: { ...hostMatch, ...service },
        target: { kind: "dnat", address: to, port: port.containerPort },
      },
      {
        family,
        table: "filter",
        chain: "DOCKER",
        match: {
          destination,
          in: elsewhere,
          out: { value: bridge },
          protocol: port.protocol,
          destinationPort: port.containerPort,
        },
        target: accept,
        first: true,
      },
    );
    if (family === 4 && host.value >> 24n === 127n)
      rules.push({
        family,
        table: "raw",
        chain: "PREROUTING",
        match: { ...hostMatch, in: { value: "lo", not: true }, ...service },
        target: drop,
      });
  }
  if (rules.length > 0)
    rules.push({ family, table: "raw", chain: "PREROUTING", match: { destination, in: elsewhere }, target: drop });
  return rules;
}

/** One operation whose answer tells the rules' handles. */
export const rulesOp = (messages: readonly Uint8Array[]): Op => ({
  op: "netlink",
  protocol: "netfilter",
  messages: sequence(transaction(messages)),
});
