/** `--subnet`, `--ip-range`, `--gateway`, `--aux-address` brought together by subnet, as docker/cli's createIPAMConfig does. */
import { isIpv4, isIpv6 } from "../../flags/checks.ts";
import { CliError } from "../../session/errors.ts";

export interface IpamOptions {
  readonly subnets: readonly string[];
  readonly ranges: readonly string[];
  readonly gateways: readonly string[];
  readonly auxiliary: Readonly<Record<string, string>>;
}
interface Pool {
  readonly Subnet: string;
  IPRange?: string;
  Gateway?: string;
  AuxiliaryAddresses?: Record<string, string>;
}

export function ipamConfig({ subnets, ranges, gateways, auxiliary }: IpamOptions): readonly Pool[] {
  if (subnets.length < ranges.length || subnets.length < gateways.length)
    throw new CliError("every ip-range or gateway must have a corresponding subnet");
  const pools: Pool[] = [];
  for (const subnet of subnets) {
    if (pools.some((p) => contains(subnet, p.Subnet) || contains(p.Subnet, subnet)))
      throw new CliError("multiple overlapping subnet configuration is not supported");
    pools.push({ Subnet: subnet });
  }
  const poolOf = (address: string, what: string): Pool => {
    const pool = pools.find((p) => contains(p.Subnet, address));
    if (pool === undefined) throw new CliError(`no matching subnet for ${what} ${address}`);
    return pool;
  };
  for (const range of ranges) {
    parseCidr(range, "");
    const pool = poolOf(range, "range");
    if (pool.IPRange !== undefined)
      throw new CliError(
        `cannot configure multiple ranges (${range}, ${pool.IPRange}) on the same subnet (${pool.Subnet})`,
      );
    pool.IPRange = range;
  }
  for (const gateway of gateways) {
    const pool = poolOf(gateway, "gateway");
    if (pool.Gateway !== undefined)
      throw new CliError(
        `cannot configure multiple gateways (${gateway}, ${pool.Gateway}) for the same subnet (${pool.Subnet})`,
      );
    pool.Gateway = gateway;
  }
  for (const [name, address] of Object.entries(auxiliary)) {
    const pool = poolOf(address, "aux-address");
    pool.AuxiliaryAddresses = { ...pool.AuxiliaryAddresses, [name]: address };
  }
  return pools;
}

interface Cidr {
  readonly address: bigint;
  readonly bits: number;
  readonly prefix: number;
}

function parseCidr(text: string, context: string): Cidr {
  const [address = "", prefix = ""] = text.split("/");
  const value = parseAddress(address);
  if (value === undefined || !/^\d+$/.test(prefix) || Number(prefix) > value.bits)
    throw new CliError(`${context}invalid CIDR address: ${text}`);
  return { ...value, prefix: Number(prefix) };
}

function parseAddress(text: string): { readonly address: bigint; readonly bits: number } | undefined {
  if (isIpv4(text)) return { address: text.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n), bits: 32 };
  if (!isIpv6(text)) return undefined;
  const [head = "", tail] = new URL(`http://[${text}]/`).hostname.slice(1, -1).split("::");
  const words = (part: string): string[] => (part === "" ? [] : part.split(":"));
  const left = words(head);
  const right = words(tail ?? "");
  const all = tail === undefined ? left : [...left, ...Array(8 - left.length - right.length).fill("0"), ...right];
  return { address: all.reduce((sum, word) => sum * 65_536n + BigInt(`0x${word}`), 0n), bits: 128 };
}

function contains(subnet: string, data: string): boolean {
  const net = parseCidr(subnet, "invalid subnet: ");
  const address = data.includes("/") ? parseCidr(data, "") : parseAddress(data);
  if (address === undefined || address.bits !== net.bits) return false;
  const shift = BigInt(net.bits - net.prefix);
  return address.address >> shift === net.address >> shift;
}
