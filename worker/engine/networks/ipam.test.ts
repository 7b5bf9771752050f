import fc from "fast-check";
import { expect, test } from "vitest";
import {
  contains,
  formatAddress,
  formatPrefix,
  overlaps,
  type Prefix,
  parseAddress,
  parsePrefix,
} from "../netlink/ip-address.ts";
import { chooseAddress, chooseGateway, chooseSubnet, chooseSubnet6, defaultSubnets } from "./ipam.ts";
import type { AddressPool } from "./model.ts";

const prefix = (text: string): Prefix => {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};
const pool = (subnet: string, more: Partial<AddressPool> = {}): AddressPool => ({
  subnet,
  gateway: undefined,
  reserved: [],
  ...more,
});
const fill = (from: AddressPool): string[] => {
  const taken = new Set<string>();
  for (;;) {
    const address = chooseAddress(from, taken);
    if (address === undefined) return [...taken];
    taken.add(formatAddress(address));
  }
};

test("the default subnets are Docker's, and none overlaps another", () => {
  const all = [...defaultSubnets()];
  expect(all.slice(0, 2).map(formatPrefix)).toEqual(["172.17.0.0/16", "172.18.0.0/16"]);
  expect(all.slice(15, 17).map(formatPrefix)).toEqual(["192.168.0.0/20", "192.168.16.0/20"]);
  expect(all).toHaveLength(31);
  for (const [i, a] of all.entries()) for (const b of all.slice(i + 1)) expect(overlaps(a, b)).toBe(false);
});

test("31 networks can be made, and no more", () => {
  const taken: Prefix[] = [];
  for (let next = chooseSubnet(taken); next !== undefined; next = chooseSubnet(taken)) taken.push(next);
  expect(taken).toHaveLength(31);
});

test("a subnet of the machine's own is passed over", () => {
  expect(formatPrefix(chooseSubnet([prefix("172.17.0.0/16"), prefix("172.18.4.0/24")]) as Prefix)).toBe(
    "172.19.0.0/16",
  );
});

test("IPv6 subnets are numbered below the engine's own prefix", () => {
  const id = Uint8Array.of(0x30, 0x37, 0x45, 0xea, 0x3d);
  const first = chooseSubnet6(id, []);
  expect(formatPrefix(first as Prefix)).toBe("fd30:3745:ea3d::/64");
  expect(formatPrefix(chooseSubnet6(id, [first as Prefix]) as Prefix)).toBe("fd30:3745:ea3d:1::/64");
});

test("network and broadcast address are given to nobody, but a /31 and a /32 are used whole", () => {
  expect(fill(pool("10.9.0.0/30"))).toEqual(["10.9.0.1", "10.9.0.2"]);
  expect(fill(pool("10.9.0.0/31"))).toEqual(["10.9.0.0", "10.9.0.1"]);
  expect(fill(pool("10.9.0.7/32"))).toEqual(["10.9.0.7"]);
});

test("a range starts with its own first address; gateway and auxiliary addresses are left out", () => {
  const range = pool("10.44.0.0/24", { range: "10.44.0.128/30", gateway: "10.44.0.129", reserved: ["10.44.0.130"] });
  expect(fill(range)).toEqual(["10.44.0.128", "10.44.0.131"]);
});

test("the gateway is the first address, of the range where there is one", () => {
  expect(formatAddress(chooseGateway(prefix("10.1.0.0/16"), undefined, []) as never)).toBe("10.1.0.1");
  expect(formatAddress(chooseGateway(prefix("10.1.0.0/16"), prefix("10.1.5.0/24"), []) as never)).toBe("10.1.5.0");
});

test("whatever the subnet, addresses are in it, distinct, and ascending", () => {
  const subnets = fc.tuple(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: 24, max: 32 }));
  fc.assert(
    fc.property(subnets, ([value, length]) => {
      const subnet: Prefix = { address: { family: 4, value: BigInt(value) }, length };
      const given = fill(pool(formatPrefix(subnet)));
      expect(new Set(given).size).toBe(given.length);
      const parsed = given.map((text) => parseAddress(text) ?? { family: 4 as const, value: -1n });
      for (const address of parsed) expect(contains(subnet, address)).toBe(true);
      for (const [i, address] of parsed.slice(1).entries()) expect(address.value > (parsed[i]?.value ?? 0n)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test("every address has one text that is read back", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), (value) => {
      expect(parseAddress(formatAddress({ family: 6, value }))).toEqual({ family: 6, value });
    }),
  );
});
