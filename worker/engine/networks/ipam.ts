/** Which subnets networks get and which addresses endpoints get: the rules of libnetwork's default IPAM driver, as pure functions. */
import {
  add,
  contains,
  formatAddress,
  formatPrefix,
  type IpAddress,
  lastAddress,
  networkOf,
  overlaps,
  type Prefix,
  parseAddress,
  parsePrefix,
  prefixSize,
} from "../netlink/ip-address.ts";
import type { AddressPool } from "./model.ts";

/** Docker's default-address-pools for local scope: 172.17.0.0/16 … 172.31.0.0/16, then 192.168.0.0/20 … 192.168.240.0/20. */
export function* defaultSubnets(): Generator<Prefix> {
  for (let second = 17; second <= 31; second++) yield prefix(`172.${second}.0.0/16`);
  for (let third = 0; third < 256; third += 16) yield prefix(`192.168.${third}.0/20`);
}

/** The first default subnet that meets none of those taken. */
export function chooseSubnet(taken: readonly Prefix[]): Prefix | undefined {
  for (const candidate of defaultSubnets()) if (!taken.some((other) => overlaps(candidate, other))) return candidate;
  return undefined;
}

/** A /64 of the engine's unique local prefix (RFC 4193), the first that is free. */
export function chooseSubnet6(globalId: Uint8Array, taken: readonly Prefix[]): Prefix | undefined {
  let base = 0xfdn;
  for (const byte of globalId.subarray(0, 5)) base = (base << 8n) | BigInt(byte);
  for (let subnet = 0n; subnet < 65536n; subnet++) {
    const candidate: Prefix = { address: { family: 6, value: ((base << 16n) | subnet) << 64n }, length: 64 };
    if (!taken.some((other) => overlaps(candidate, other))) return candidate;
  }
  return undefined;
}

/** Addresses nobody gets: the network's and the broadcast address, where the subnet has room for them. */
function unusable(subnet: Prefix, address: IpAddress): boolean {
  const network = networkOf(subnet).address.value;
  const bits = subnet.address.family === 4 ? 32 : 128;
  if (bits - subnet.length < 2) return false;
  if (address.value === network) return true;
  return subnet.address.family === 4 && address.value === lastAddress(subnet).value;
}

/** The lowest free address of the pool's range. */
export function chooseAddress(pool: AddressPool, taken: ReadonlySet<string>): IpAddress | undefined {
  const subnet = prefix(pool.subnet);
  const range = pool.range === undefined ? subnet : networkOf(prefix(pool.range));
  const first = networkOf(range).address;
  const size = prefixSize(range);
  const reserved = new Set([...pool.reserved, ...(pool.gateway === undefined ? [] : [pool.gateway])]);
  for (let offset = 0n; offset < size; offset++) {
    const candidate = add(first, offset);
    const text = formatAddress(candidate);
    if (!unusable(subnet, candidate) && !taken.has(text) && !reserved.has(text)) return candidate;
  }
  return undefined;
}

/** The lowest address of a subnet that nothing is reserved for; where it has only one, that one. */
export function chooseGateway(
  subnet: Prefix,
  range: Prefix | undefined,
  reserved: readonly string[],
): IpAddress | undefined {
  return chooseAddress(
    {
      subnet: formatPrefix(subnet),
      ...(range === undefined ? {} : { range: formatPrefix(range) }),
      gateway: undefined,
      reserved,
    },
    new Set(),
  );
}

/** Whether an endpoint may have this address of the pool. */
export function addressUsable(pool: AddressPool, address: IpAddress): boolean {
  return contains(prefix(pool.subnet), address);
}

export const poolFamily = (pool: AddressPool): 4 | 6 => prefix(pool.subnet).address.family;
export const poolPrefixLength = (pool: AddressPool): number => prefix(pool.subnet).length;

/** Of a text that was checked when the record was made. */
export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new RangeError(`no CIDR notation: ${text}`);
  return parsed;
}
export function address(text: string): IpAddress {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new RangeError(`no address: ${text}`);
  return parsed;
}
