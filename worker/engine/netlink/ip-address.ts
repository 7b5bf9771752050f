/** IPv4 and IPv6 addresses and prefixes as plain values: the family and the address as one number. */

export type Family = 4 | 6;
export interface IpAddress {
  readonly family: Family;
  readonly value: bigint;
}
export interface Prefix {
  readonly address: IpAddress;
  readonly length: number;
}

const width = (family: Family): number => (family === 4 ? 32 : 128);

/** `undefined` for anything but a plain address: no zone, no leading zeros, no spaces (Go's netip.ParseAddr). */
export function parseAddress(text: string): IpAddress | undefined {
  return text.includes(":") ? parseV6(text) : parseV4(text);
}

function parseV4(text: string): IpAddress | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = (value << 8n) | BigInt(part);
  }
  return { family: 4, value };
}

function parseV6(text: string): IpAddress | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const left = groupsOf(halves[0] ?? "");
  const right = halves.length === 2 ? groupsOf(halves[1] ?? "") : [];
  if (left === undefined || right === undefined) return undefined;
  const missing = 8 - left.length - right.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  let value = 0n;
  for (const group of [...left, ...Array.from({ length: missing }, () => 0), ...right])
    value = (value << 16n) | BigInt(group);
  return { family: 6, value };
}

function groupsOf(text: string): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (part.includes(".") && index === parts.length - 1) {
      const v4 = parseV4(part);
      if (v4 === undefined) return undefined;
      groups.push(Number(v4.value >> 16n), Number(v4.value & 0xffffn));
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

/** RFC 5952 for IPv6. */
export function formatAddress(address: IpAddress): string {
  if (address.family === 4) return [24n, 16n, 8n, 0n].map((shift) => (address.value >> shift) & 0xffn).join(".");
  const groups = Array.from({ length: 8 }, (_, i) => Number((address.value >> BigInt(112 - i * 16)) & 0xffffn));
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (i + run < 8 && groups[i + run] === 0) run++;
    if (run > length) {
      start = i;
      length = run;
    }
  }
  const hex = groups.map((group) => group.toString(16));
  if (start < 0) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}

export function addressBytes(address: IpAddress): Uint8Array {
  const bytes = new Uint8Array(width(address.family) / 8);
  let value = address.value;
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i] = Number(value & 0xffn);
    value >>= 8n;
  }
  return bytes;
}

/** `undefined` unless there are 4 or 16 bytes. */
export function addressFromBytes(bytes: Uint8Array): IpAddress | undefined {
  if (bytes.length !== 4 && bytes.length !== 16) return undefined;
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return { family: bytes.length === 4 ? 4 : 6, value };
}

/** "10.0.0.1/16" keeps the host part; `undefined` where it is no CIDR notation. */
export function parsePrefix(text: string): Prefix | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  if (match?.[1] === undefined) return undefined;
  const address = parseAddress(match[1]);
  const length = Number(match[2]);
  if (address === undefined || length > width(address.family)) return undefined;
  return { address, length };
}

export const formatPrefix = (prefix: Prefix): string => `${formatAddress(prefix.address)}/${prefix.length}`;

/** How many addresses the prefix holds. */
export const prefixSize = (prefix: Prefix): bigint => 1n << BigInt(width(prefix.address.family) - prefix.length);

/** The prefix with its host bits cleared. */
export function networkOf(prefix: Prefix): Prefix {
  const size = prefixSize(prefix);
  const { family, value } = prefix.address;
  return { address: { family, value: value - (value % size) }, length: prefix.length };
}

export const lastAddress = (prefix: Prefix): IpAddress => ({
  family: prefix.address.family,
  value: networkOf(prefix).address.value + prefixSize(prefix) - 1n,
});

export function contains(prefix: Prefix, address: IpAddress): boolean {
  const network = networkOf(prefix);
  return (
    network.address.family === address.family &&
    address.value >= network.address.value &&
    address.value < network.address.value + prefixSize(network)
  );
}

export const overlaps = (a: Prefix, b: Prefix): boolean =>
  contains(a, networkOf(b).address) || contains(b, networkOf(a).address);

export const sameAddress = (a: IpAddress, b: IpAddress): boolean => a.family === b.family && a.value === b.value;

export const add = (address: IpAddress, count: bigint | number): IpAddress => ({
  family: address.family,
  value: address.value + BigInt(count),
});
