import { expect, test } from "vitest";
import type { NetworkId } from "../domains.ts";
import { type Prefix, parsePrefix } from "../netlink/ip-address.ts";
import { type CreateContext, type NetworkCreateRequest, networkRecord } from "./create-request.ts";
import { defaultNetworks } from "./default-networks.ts";

const defaults = defaultNetworks("2026-01-01T00:00:00Z");
const context = (more: Partial<CreateContext> = {}): CreateContext => ({
  id: "f".repeat(64) as NetworkId,
  created: "2026-01-02T00:00:00Z",
  networks: defaults,
  machinePrefixes: [],
  globalId: Uint8Array.of(1, 2, 3, 4, 5),
  ...more,
});
const subnet = (Subnet: string, more = {}) => ({ IPAM: { Config: [{ Subnet, ...more }] } });

test.each<[NetworkCreateRequest, string, string]>([
  [{ Name: "" }, "invalidParameter", "invalid name: name is empty"],
  [{ Name: "bridge" }, "forbidden", "operation is not permitted on predefined bridge network "],
  [{ Name: "x", Driver: "host" }, "forbidden", 'only one instance of "host" network is allowed'],
  [{ Name: "x", Driver: "nosuch" }, "notFound", 'plugin "nosuch" not found'],
  [{ Name: "x", Scope: "swarm" }, "forbidden", "cannot create a swarm scoped network when swarm is not active"],
  [{ Name: "x", Ingress: true }, "forbidden", "Ingress network can only be global scope network"],
  [
    { Name: "x", ...subnet("10.1.0.1/16") },
    "invalidParameter",
    "invalid network config:\ninvalid subnet 10.1.0.1/16: it should be 10.1.0.0/16",
  ],
  [
    { Name: "x", ...subnet("foo") },
    "invalidParameter",
    "invalid network config:\ninvalid subnet foo: invalid CIDR block notation",
  ],
  [
    { Name: "x", ...subnet("10.1.0.0/16", { Gateway: "10.2.0.1", IPRange: "10.1.1.1/24" }) },
    "invalidParameter",
    "invalid network config:\n* invalid ip-range 10.1.1.1/24: it should be 10.1.1.0/24\n* invalid gateway 10.2.0.1: parent subnet 10.1.0.0/16 doesn't contain this address",
  ],
  [
    { Name: "x", ...subnet("172.17.1.0/24") },
    "forbidden",
    "invalid pool request: Pool overlaps with other one on this address space",
  ],
  [
    { Name: "x", ...subnet("10.1.0.0/16", { AuxiliaryAddresses: { a: "10.1.0.1" } }) },
    "system",
    "failed to allocate secondary ip address (a:10.1.0.1): Address already in use",
  ],
  [
    { Name: "x", IPAM: { Config: [{ Subnet: "10.1.0.0/16" }, { Subnet: "10.2.0.0/16" }] } },
    "forbidden",
    "bridge driver doesn't support multiple subnets",
  ],
  [
    { Name: "x", Options: { "com.docker.network.driver.mtu": "a" } },
    "invalidParameter",
    'failed to parse com.docker.network.driver.mtu value: a (strconv.Atoi: parsing "a": invalid syntax)',
  ],
  [
    { Name: "x", Options: { "com.docker.network.bridge.enable_icc": "foo" } },
    "invalidParameter",
    'failed to parse com.docker.network.bridge.enable_icc value: foo (strconv.ParseBool: parsing "foo": invalid syntax)',
  ],
  [
    { Name: "x", Driver: "macvlan", Options: { macvlan_mode: "z" } },
    "system",
    "requested macvlan mode 'z' is not valid, 'bridge' mode is the macvlan driver default",
  ],
  [{ Name: "x", ConfigFrom: { Network: "zz" } }, "notFound", 'configuration network "zz" does not exist'],
])("%j is refused in Docker's words", (request, kind, message) => {
  let thrown: unknown;
  try {
    networkRecord(request, context());
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ kind, message });
});

test("what the user configured is shown as it was given, what was chosen with its gateway", () => {
  const own = networkRecord({ Name: "x", ...subnet("10.1.0.0/16", { IPRange: "10.1.5.0/24" }) }, context());
  expect(own.ipam.config).toEqual([{ Subnet: "10.1.0.0/16", IPRange: "10.1.5.0/24" }]);
  expect(own.pools[0]?.gateway).toBe("10.1.5.0");
  const chosen = networkRecord({ Name: "x", EnableIPv6: true }, context());
  expect(chosen.ipam.config).toEqual([
    { Subnet: "172.18.0.0/16", Gateway: "172.18.0.1" },
    { Subnet: "fd01:203:405::/64", Gateway: "fd01:203:405::1" },
  ]);
});

test("automatic subnets keep clear of the machine's own", () => {
  const machinePrefixes = [parsePrefix("172.18.0.0/16") as Prefix];
  const record = networkRecord({ Name: "x" }, context({ machinePrefixes }));
  expect(record.pools[0]?.subnet).toBe("172.19.0.0/16");
});

test("a network made from a configuration takes its addresses and options", () => {
  const configuration = networkRecord({ Name: "cfg", ConfigOnly: true, ...subnet("10.77.0.0/24") }, context());
  const made = networkRecord(
    { Name: "x", ConfigFrom: { Network: "cfg" } },
    context({ networks: [...defaults, configuration] }),
  );
  expect(made.pools[0]?.subnet).toBe("10.77.0.0/24");
  expect(made.configFrom).toBe("cfg");
});

test("no gateway is set aside where there is no way out", () => {
  const gateway = (more: NetworkCreateRequest): string | undefined =>
    networkRecord({ ...more, ...subnet("10.1.0.0/31") }, context()).pools[0]?.gateway;
  expect(gateway({ Name: "x", Driver: "macvlan" })).toBeUndefined();
  expect(gateway({ Name: "x", Driver: "ipvlan", Options: { parent: "eth0", ipvlan_mode: "l3" } })).toBeUndefined();
  expect(gateway({ Name: "x", Driver: "macvlan", Internal: true, Options: { parent: "eth0" } })).toBeUndefined();
  expect(gateway({ Name: "x", Driver: "macvlan", Options: { parent: "eth0" } })).toBe("10.1.0.0");
});
