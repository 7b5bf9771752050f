/** Firewall rules in the vocabulary of iptables, as data. ./nftables.ts writes them as iptables-nft does, so that `iptables -S` in the machine lists them. */
import { formatAddress, formatPrefix, type IpAddress, type Prefix } from "./ip-address.ts";

export type TableName = "filter" | "nat" | "raw";
export type Protocol = "tcp" | "udp" | "sctp";
export const protocolNumbers = { tcp: 6, udp: 17, sctp: 132 } as const satisfies Record<Protocol, number>;

export interface Negatable<T> {
  readonly value: T;
  readonly not?: boolean;
}
export type ConnectionState = "NEW" | "RELATED" | "ESTABLISHED" | "DNAT";
export interface RuleMatch {
  readonly source?: Negatable<Prefix>;
  readonly destination?: Negatable<Prefix>;
  readonly in?: Negatable<string>;
  readonly out?: Negatable<string>;
  readonly protocol?: Protocol;
  readonly destinationPort?: number;
  readonly connectionState?: readonly ConnectionState[];
  readonly sourceType?: "LOCAL";
  readonly destinationType?: "LOCAL";
}
export type RuleTarget =
  | { readonly kind: "accept" | "drop" | "return" | "masquerade" }
  | { readonly kind: "jump"; readonly chain: string }
  | { readonly kind: "dnat"; readonly address: IpAddress; readonly port: number };

export interface FirewallRule {
  readonly family: 4 | 6;
  readonly table: TableName;
  readonly chain: string;
  readonly match: RuleMatch;
  readonly target: RuleTarget;
  /** At the chain's start instead of its end. */
  readonly first?: boolean;
}

export interface RuleCounters {
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** The rule as `iptables -S` prints it; with counters as `iptables -S -v` does. */
export function ruleText(rule: FirewallRule, counters?: RuleCounters): string {
  const { match } = rule;
  const parts = ["-A", rule.chain];
  const option = <T>(name: string, entry: Negatable<T> | undefined, format: (value: T) => string): void => {
    if (entry !== undefined) parts.push(...(entry.not ? ["!"] : []), name, format(entry.value));
  };
  option("-s", match.source, formatPrefix);
  option("-d", match.destination, formatPrefix);
  option("-i", match.in, String);
  option("-o", match.out, String);
  if (match.protocol !== undefined) parts.push("-p", match.protocol);
  if (match.protocol !== undefined && match.destinationPort !== undefined)
    parts.push("-m", match.protocol, "--dport", String(match.destinationPort));
  if (match.sourceType !== undefined) parts.push("-m addrtype --src-type", match.sourceType);
  if (match.destinationType !== undefined) parts.push("-m addrtype --dst-type", match.destinationType);
  if (match.connectionState !== undefined) parts.push("-m conntrack --ctstate", match.connectionState.join(","));
  if (counters !== undefined) parts.push(`-c ${counters.packets} ${counters.bytes}`);
  parts.push("-j", targetText(rule.target));
  return parts.join(" ");
}

function targetText(target: RuleTarget): string {
  switch (target.kind) {
    case "jump":
      return target.chain;
    case "dnat":
      return `DNAT --to-destination ${endpointText(target.address, target.port)}`;
    default:
      return target.kind.toUpperCase();
  }
}

const endpointText = (address: IpAddress, port: number): string =>
  address.family === 4 ? `${formatAddress(address)}:${port}` : `[${formatAddress(address)}]:${port}`;
