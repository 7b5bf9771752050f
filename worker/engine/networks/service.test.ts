import { expect, test } from "vitest";
import type { ContainerId, EndpointSettings, NetworkUsers, SandboxRequest } from "../domains.ts";
import { attribute, concat, text } from "../netlink/attributes.ts";
import {
  addAddress,
  message,
  type Prefix,
  parseLinks,
  parseMessages,
  parsePrefix,
  parseRules,
} from "../netlink/index.ts";
import type { Op } from "../ports/guest.ts";
import { FakeGuest } from "../testing/fake-guest.ts";
import { MemoryRecordStore } from "../testing/memory-stores.ts";
import { NetworkService, type NetworksDependencies } from "./service.ts";

class FakeContainers implements NetworkUsers {
  readonly list: { readonly id: ContainerId; readonly name: string; running: boolean; networkMode: string }[] = [];
  readonly changes: { readonly network: string; readonly settings: EndpointSettings | undefined }[] = [];
  readonly files: { readonly hosts: string; readonly resolvConf: string }[] = [];
  add(name: string, digit: string, networkMode = "default"): ContainerId {
    const id = digit.repeat(64) as ContainerId;
    this.list.push({ id, name, running: true, networkMode });
    return id;
  }
  find(reference: string) {
    return this.list.find(({ id, name }) => id === reference || name === reference);
  }
  containersUsing() {
    return [];
  }
  async endpointChanged(_container: ContainerId, network: string, settings: EndpointSettings | undefined) {
    this.changes.push({ network, settings });
  }
  async rewriteNetworkFiles(_container: ContainerId, files: { readonly hosts: string; readonly resolvConf: string }) {
    this.files.push(files);
  }
}

async function setUp(options: Partial<NetworksDependencies> = {}) {
  const guest = new FakeGuest();
  const users = new FakeContainers();
  const events: string[] = [];
  const served: string[] = [];
  let counter = 0;
  const dependencies: NetworksDependencies = {
    guest,
    records: new MemoryRecordStore(),
    users,
    events: {
      publish: (type, action, _id, attributes) => void events.push(`${type} ${action} ${attributes.name ?? ""}`.trim()),
    },
    clock: { now: () => new Date("2026-01-02T03:04:05.600Z"), monotonic: () => 0, after: () => () => {} },
    random: {
      bytes: (count) => {
        counter++;
        return Uint8Array.from({ length: count }, (_, i) => (i === 0 ? counter : (counter * 7 + i) & 0xff));
      },
    },
    machine: { servers: ["10.0.2.3"], search: [], options: [], hosts: "127.0.0.1 localhost\n" },
    names: {
      open: async (sandbox) => void served.push(sandbox.name),
      close: async () => {},
    },
    ...options,
  };
  const service = new NetworkService(dependencies);
  await service.start();
  let digit = 1;
  const request = (name: string, mode: string, more: Partial<SandboxRequest> = {}): SandboxRequest => {
    const container = users.add(name, (digit++).toString(16));
    return {
      container,
      name,
      hostname: container.slice(0, 12),
      networkMode: mode,
      endpoints: {},
      portBindings: {},
      exposedPorts: [],
      publishAllPorts: false,
      dns: [],
      dnsSearch: [],
      dnsOptions: [],
      extraHosts: [],
      links: [],
      sysctls: {},
      ...more,
    };
  };
  return { guest, users, events, served, service, request, dependencies };
}

const publish = (port: string) => ({ portBindings: { "80/tcp": [{ HostPort: port }] } });
const netlink = (op: Op) => (op.op === "netlink" ? parseMessages(op.messages) : []);

test("an engine starts with Docker's three networks", async () => {
  const { service } = await setUp();
  expect(service.list({}).map(({ Name, Driver, Scope }) => [Name, Driver, Scope])).toEqual([
    ["bridge", "bridge", "local"],
    ["host", "host", "local"],
    ["none", "null", "local"],
  ]);
  expect(service.inspect("bridge").IPAM).toEqual({
    Driver: "default",
    Options: null,
    Config: [{ Subnet: "172.17.0.0/16", Gateway: "172.17.0.1" }],
  });
});

test("starting makes the bridge and the firewall in one batch", async () => {
  const { guest } = await setUp();
  const withLinks = guest.batches.filter(({ ops }) => ops.some((op) => op.op === "netlink"));
  expect(withLinks).toHaveLength(1);
});

test("a container on the default bridge costs no round trip when a namespace is ready", async () => {
  const { guest, service, request } = await setUp();
  await service.fillPool();
  const before = guest.batches.length;
  const sandbox = await service.openSandbox(request("a", "bridge"));
  expect(guest.batches.length).toBe(before);
  expect(sandbox.endpoints.bridge?.IPAddress).toBe("172.17.0.2");
  expect(sandbox.hosts).toContain("172.17.0.2\t111111111111\n");
  expect(sandbox.resolvConf).toContain("nameserver 10.0.2.3\n");
});

test("addresses are given lowest first, also from ready-made namespaces", async () => {
  const { service, request, users } = await setUp();
  await service.fillPool();
  const addresses: (string | undefined)[] = [];
  for (const name of ["a", "b", "c"])
    addresses.push((await service.openSandbox(request(name, "bridge"))).endpoints.bridge?.IPAddress);
  await service.closeSandbox(users.find("a")?.id as ContainerId);
  addresses.push((await service.openSandbox(request("d", "bridge"))).endpoints.bridge?.IPAddress);
  addresses.push((await service.openSandbox(request("e", "bridge"))).endpoints.bridge?.IPAddress);
  expect(addresses).toEqual(["172.17.0.2", "172.17.0.3", "172.17.0.4", "172.17.0.2", "172.17.0.5"]);
});

test("containers started at the same time get different addresses", async () => {
  const { service, request } = await setUp();
  await service.fillPool();
  const sandboxes = await Promise.all(
    ["a", "b", "c", "d", "e", "f"].map((name) => service.openSandbox(request(name, "bridge"))),
  );
  const addresses = sandboxes.map((sandbox) => sandbox.endpoints.bridge?.IPAddress);
  expect(new Set(addresses).size).toBe(6);
});

test("without a ready namespace a sandbox is made in one batch", async () => {
  const { guest, service, request } = await setUp({ poolSizes: { connected: 0, bare: 0 } });
  const before = guest.batches.length;
  const sandbox = await service.openSandbox(request("a", "bridge"));
  expect(guest.batches.length).toBe(before + 1);
  const ops = guest.batches.at(-1)?.ops ?? [];
  expect(ops[0]).toMatchObject({ op: "createNetworkNamespace", path: sandbox.namespace });
});

test("a veth pair is made in the container's namespace, its other end on the bridge of the machine", async () => {
  const { guest, service, request } = await setUp({ poolSizes: { connected: 0, bare: 0 } });
  await service.openSandbox(request("a", "bridge"));
  const op = guest.batches.at(-1)?.ops.find((candidate) => candidate.op === "netlink" && candidate.namespace);
  if (op === undefined || op.op !== "netlink") throw new Error("no message in the namespace");
  const [veth] = parseLinks(op.messages);
  expect(veth).toMatchObject({ kind: "veth", up: true, master: 100 });
});

test("published ports are reported as Docker reports them", async () => {
  const { service, request } = await setUp();
  const sandbox = await service.openSandbox(request("a", "bridge", { ...publish("8080"), exposedPorts: ["443/tcp"] }));
  expect(sandbox.ports).toEqual({
    "443/tcp": null,
    "80/tcp": [
      { HostIp: "0.0.0.0", HostPort: "8080" },
      { HostIp: "::", HostPort: "8080" },
    ],
  });
});

test("a port that is taken fails in Docker's words, and leaves nothing behind", async () => {
  const { service, request } = await setUp();
  await service.openSandbox(request("a", "bridge", publish("8080")));
  const failed = service.openSandbox(request("b", "bridge", publish("8080")));
  await expect(failed).rejects.toThrow(
    /^failed to set up container networking: driver failed programming external connectivity on endpoint b \([0-9a-f]{64}\): Bind for 0\.0\.0\.0:8080 failed: port is already allocated$/,
  );
  expect(Object.keys(service.inspect("bridge").Containers)).toHaveLength(1);
});

test("of containers that want the same port at the same time, one gets it", async () => {
  const { service, request } = await setUp();
  const opened = await Promise.allSettled(
    ["a", "b", "c"].map((name) => service.openSandbox(request(name, "bridge", publish("8080")))),
  );
  expect(opened.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});

test("closing a sandbox frees its address and port, and removes the namespace and the rules", async () => {
  const { guest, service, request } = await setUp();
  guest.onOp = (op) => {
    const rules = netlink(op).some(({ type }) => type === 0xa06);
    return op.op === "netlink" && rules ? echoOf(op.messages) : undefined;
  };
  const asked = request("a", "bridge", publish("8080"));
  const sandbox = await service.openSandbox(asked);
  await service.closeSandbox(asked.container);
  await service.settled();
  const last = guest.ops.slice(-10);
  expect(last.some((op) => op.op === "umount" && op.path === sandbox.namespace)).toBe(true);
  expect(guest.ops.flatMap(netlink).filter(({ type }) => type === 0xa08)).toHaveLength(3);
  await service.openSandbox(request("b", "bridge", publish("8080")));
});

/** The kernel's echo: the rules as they were sent. */
function echoOf(messages: Uint8Array): Uint8Array {
  expect(parseRules(messages).length).toBeGreaterThan(0);
  return messages;
}

test("user-defined networks get Docker's subnets in turn", async () => {
  const { service } = await setUp();
  for (const name of ["one", "two"]) await service.create({ Name: name });
  expect(service.inspect("one").IPAM.Config).toEqual([{ Subnet: "172.18.0.0/16", Gateway: "172.18.0.1" }]);
  expect(service.inspect("two").IPAM.Config).toEqual([{ Subnet: "172.19.0.0/16", Gateway: "172.19.0.1" }]);
});

test("on user-defined networks names are served at 127.0.0.11", async () => {
  const { service, request, served } = await setUp();
  await service.create({ Name: "net" });
  const sandbox = await service.openSandbox(request("web", "net", { endpoints: { net: { Aliases: ["www"] } } }));
  expect(sandbox.resolvConf).toContain("nameserver 127.0.0.11\noptions ndots:0\n");
  expect(sandbox.endpoints.net?.DNSNames).toEqual(["web", "www", "111111111111"]);
  expect(served).toEqual(["web"]);
});

test("the first network's device is eth0, others follow by name, and the default route goes by priority", async () => {
  const { service, request } = await setUp();
  for (const name of ["aa", "bb", "cc"]) await service.create({ Name: name });
  const sandbox = await service.openSandbox(
    request("web", "bb", { endpoints: { cc: { GwPriority: 5 }, bb: {}, aa: {} } }),
  );
  expect(Object.keys(sandbox.endpoints)).toEqual(["bb", "aa", "cc"]);
});

test("a container without the network it names fails when it starts", async () => {
  const { service, request } = await setUp();
  const asked = request("a", "nosuch");
  expect(() => service.validate(asked)).not.toThrow();
  await expect(service.openSandbox(asked)).rejects.toMatchObject({
    kind: "notFound",
    message: "failed to set up container networking: network nosuch not found",
  });
});

test("an address is asked for only where the user configured the subnet", async () => {
  const { service, request } = await setUp();
  await service.create({ Name: "auto" });
  await service.create({ Name: "own", IPAM: { Config: [{ Subnet: "10.55.0.0/24" }] } });
  const at = (network: string, IPv4Address: string) =>
    request("x", network, { endpoints: { [network]: { IPAMConfig: { IPv4Address } } } });
  expect(() => service.validate(at("auto", "172.18.0.9"))).toThrow(
    "invalid config for network auto: invalid endpoint settings:\nuser specified IP address is supported only when connecting to networks with user configured subnets",
  );
  expect(() => service.validate(at("own", "10.56.0.9"))).toThrow(
    "no configured subnet or ip-range contain the IP address 10.56.0.9",
  );
  const sandbox = await service.openSandbox(at("own", "10.55.0.9"));
  expect(sandbox.endpoints.own?.IPAddress).toBe("10.55.0.9");
  await expect(service.openSandbox(at("own", "10.55.0.9"))).rejects.toThrow(
    "failed to set up container networking: Address already in use",
  );
});

test("a full network says so", async () => {
  const { service, request } = await setUp();
  await service.create({ Name: "tiny", IPAM: { Config: [{ Subnet: "10.9.0.0/30" }] } });
  await service.openSandbox(request("a", "tiny"));
  await expect(service.openSandbox(request("b", "tiny"))).rejects.toThrow(
    /^failed to set up container networking: no available IPv4 addresses on this network's address pools: tiny \([0-9a-f]{64}\)$/,
  );
});

test("a container in another's network namespace cannot be connected, and a new name is the one that a network knows", async () => {
  const { service, request, users } = await setUp();
  await service.create({ Name: "net" });
  users.add("guest", "8", "container:a");
  await expect(service.connect("net", "guest", {})).rejects.toThrow(
    "container sharing network namespace with another container or host cannot be connected to any other network",
  );
  const opened = request("a", "net");
  await service.openSandbox(opened);
  service.renamed(opened.container, "b");
  expect(service.inspect("net").Containers?.[opened.container]?.Name).toBe("b");
});

test("connecting and disconnecting while running rewrites the container's files and is kept", async () => {
  const { service, request, users, events } = await setUp();
  await service.create({ Name: "net" });
  await service.openSandbox(request("a", "bridge"));
  await service.connect("net", "a", { Aliases: ["alias"] });
  expect(users.files.at(-1)?.resolvConf).toContain("127.0.0.11");
  expect(users.files.at(-1)?.hosts).toContain("172.18.0.2\t111111111111\n");
  await expect(service.connect("net", "a", {})).rejects.toThrow("endpoint with name a already exists in network net");
  await service.disconnect("bridge", "a", false);
  expect(users.files.at(-1)?.hosts).not.toContain("172.17.0.2");
  expect(users.changes.map(({ network, settings }) => [network, settings?.Aliases])).toEqual([
    ["net", ["alias"]],
    ["bridge", undefined],
  ]);
  expect(events).toEqual([
    "network create net",
    "network connect bridge",
    "network connect net",
    "network disconnect bridge",
  ]);
});

test("a network in use is not removed, and pruning passes it over", async () => {
  const { service, request } = await setUp();
  for (const name of ["used", "unused"]) await service.create({ Name: name });
  await service.openSandbox(request("a", "used"));
  await expect(service.remove("used")).rejects.toThrow(
    /^error while removing network: network used has active endpoints \(name:"a" id:"[0-9a-f]{12}"\)$/,
  );
  expect(await service.prune({})).toEqual(["unused"]);
  await expect(service.remove("bridge")).rejects.toThrow("bridge is a pre-defined network and cannot be removed");
});

test("networks outlive the engine, and the state of the kernel outlives it with the machine", async () => {
  const { service, dependencies, guest, request } = await setUp();
  await service.create({ Name: "net" });
  await service.fillPool();
  const asked = request("a", "bridge");
  await service.openSandbox(asked);
  const state = JSON.parse(JSON.stringify(service.exportState()));
  const before = guest.ops.length;
  const again = new NetworkService({ ...dependencies, state });
  await again.start();
  expect(guest.ops.slice(before).filter((op) => op.op === "netlink")).toEqual([]);
  expect(again.sandbox(asked.container)?.endpoints.bridge?.IPAddress).toBe("172.17.0.2");
  expect(again.inspect("net").Name).toBe("net");
});

test("a power cut rebuilds the networks in a new kernel", async () => {
  const { service, dependencies } = await setUp();
  await service.create({ Name: "net" });
  const guest = new FakeGuest();
  const again = new NetworkService({ ...dependencies, guest });
  await again.start();
  const made = guest.ops.flatMap((op) => (op.op === "netlink" ? parseLinks(op.messages) : []));
  expect(made.filter((link) => link.kind === "bridge")).toHaveLength(2);
});

test("a container that joins another's namespace sees its files and has no endpoints", async () => {
  const { service, request, users } = await setUp();
  const first = await service.openSandbox(request("a", "bridge"));
  const joined = await service.openSandbox(request("b", `container:${users.find("a")?.id}`));
  expect(joined.namespace).toBe(first.namespace);
  expect(joined.hosts).toBe(first.hosts);
  expect(joined.endpoints).toEqual({});
  await expect(service.openSandbox(request("c", "container:nosuch"))).rejects.toThrow(
    "joining network namespace of container: No such container: nosuch",
  );
});

/** The kernel of a namespace that is as the pool made it: loopback, and eth0 with its address; `more` devices beside them. */
function asMade(more: number) {
  const device = (index: number, name: string, mac: readonly number[]) => {
    const header = new Uint8Array(16);
    header[4] = index;
    header[8] = 1;
    return message(16, 0, header, [attribute(1, Uint8Array.from(mac)), text(3, name)]);
  };
  return (op: Op) => {
    const [query] = netlink(op);
    const eth0 = device(2, "eth0", [2, 0x42, 172, 17, 0, 2]);
    const others = Array.from({ length: more }, (_, i) => device(9 + i, `other${i}`, []));
    if (query?.type === 18) return concat([device(1, "lo", []), eth0, ...others]);
    if (query?.type === 22) return addAddress(2, parsePrefix("172.17.0.2/16") as Prefix);
    return undefined;
  };
}

test.each([
  ["as it was made", 0, true],
  ["with a device more", 1, false],
])("an untouched namespace %s serves the next container: %j", async (_what, more, again) => {
  const { guest, service, request } = await setUp();
  await service.fillPool();
  const first = request("a", "bridge");
  await service.openSandbox(first);
  guest.onOp = asMade(more);
  const made = guest.opsOf("createNetworkNamespace").length;
  const ready = service.exportState().ready.length;
  await service.closeSandbox(first.container, { untouched: true });
  await service.settled();
  expect(service.exportState().ready.length).toBe(again ? ready + 1 : ready);
  expect(guest.opsOf("createNetworkNamespace").length).toBe(made);
  const before = service.sandbox(first.container);
  const next = await service.openSandbox(request("b", "bridge"));
  expect(next.endpoints.bridge?.IPAddress).toBe("172.17.0.2");
  expect(before).toBeUndefined();
});

test("a restart of the engine opens name servers again, and closes sandboxes of containers that are gone", async () => {
  const { service, dependencies, request, served, users } = await setUp();
  await service.create({ Name: "net" });
  await service.openSandbox(request("kept", "net"));
  await service.openSandbox(request("gone", "net"));
  const again = new NetworkService({ ...dependencies, state: service.exportState() });
  await again.start();
  expect(served).toEqual(["kept", "gone", "kept", "gone"]);
  users.list.splice(1, 1);
  again.closeStale();
  expect(Object.values(again.inspect("net").Containers).map(({ Name }) => Name)).toEqual(["kept"]);
});

test("a link of the default bridge names its target in /etc/hosts, and wants one that runs there", async () => {
  const { service, request } = await setUp();
  await service.create({ Name: "net" });
  const target = request("db", "bridge");
  const elsewhere = request("web", "net");
  const link = ({ container, name }: SandboxRequest) => ({ links: [{ container, name, alias: "store" }] });
  await expect(service.openSandbox(request("a", "bridge", link(target)))).rejects.toThrow(
    /^Cannot link to a non running container: \/db AS \/a\/store$/,
  );
  await service.openSandbox(target);
  await service.openSandbox(elsewhere);
  await expect(service.openSandbox(request("b", "bridge", link(elsewhere)))).rejects.toThrow(
    /^container 2{64} not attached to default bridge network$/,
  );
  const { hosts } = await service.openSandbox(request("c", "bridge", link(target)));
  expect(hosts).toContain("172.17.0.2\tstore 111111111111 db\n");
});

test("device indexes that others took are passed over", async () => {
  const { guest, service, request } = await setUp({ poolSizes: { connected: 0, bare: 0 } });
  guest.failOp((op) => op.op === "netlink" && op.namespace !== undefined, "EBUSY");
  const sandbox = await service.openSandbox(request("a", "bridge"));
  expect(sandbox.endpoints.bridge?.IPAddress).toBe("172.17.0.2");
});
