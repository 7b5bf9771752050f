import { expect, expectTypeOf, test } from "vitest";
import type { HoodReport } from "../../protocol/index.ts";
import { attribute, concat, group, text, u32 } from "../netlink/attributes.ts";
import {
  addAddress,
  addRule,
  type FirewallRule,
  message,
  type Prefix,
  parseMessages,
  parsePrefix,
} from "../netlink/index.ts";
import type { Op, OpResult } from "../ports/guest.ts";
import { FakeGuest } from "../testing/fake-guest.ts";
import type { ContainerFacts } from "./model.ts";
import { KernelView } from "./service.ts";
import type { Subject, Subjects } from "./subjects.ts";

const prefix = (value: string): Prefix => parsePrefix(value) as Prefix;
const web: Subject = {
  id: "a".repeat(64),
  name: "web",
  pid: 412,
  hostname: "aaaaaaaaaaaa",
  cgroup: "/sys/fs/cgroup/docker/web",
  merged: "/merged",
};
const peer: Subject = { ...web, id: "b".repeat(64), name: "peer", pid: 500, cgroup: "/sys/fs/cgroup/docker/peer" };
const subjects: Subjects = {
  find: () => web,
  running: () => [web, peer],
  changes: async () => [
    { Path: "/etc/added", Kind: 1 },
    { Path: "/etc/gone", Kind: 2 },
  ],
  endpoints: () => [{ network: "front", addresses: ["172.18.0.2"] }],
  ports: () => [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }],
};

/** A device as the kernel lists it: struct ifinfomsg (up), name, and what else is given. */
function link(index: number, name: string, kind: string, more: readonly Uint8Array[] = []): Uint8Array {
  const header = new Uint8Array(16);
  const view = new DataView(header.buffer);
  view.setInt32(4, index, true);
  view.setUint32(8, 1, true);
  return message(16, 0, header, [text(3, name), group(18, text(1, kind)), ...more]);
}
const counters = (received: number, sent: number) => {
  const stats = new Uint8Array(96);
  new DataView(stats.buffer).setUint32(0, received, true);
  new DataView(stats.buffer).setUint32(4, sent, true);
  return attribute(7, stats);
};

const dnat: FirewallRule = {
  family: 4,
  table: "nat",
  chain: "DOCKER",
  match: { protocol: "tcp", destinationPort: 8080 },
  target: { kind: "dnat", address: prefix("172.18.0.2/32").address, port: 80 },
};
const others: FirewallRule = { ...dnat, target: { ...dnat.target, address: prefix("172.18.0.9/32").address } as never };

function answer(op: Op): OpResult {
  if (op.op !== "netlink") return undefined;
  const [query] = parseMessages(op.messages);
  const inside = op.namespace !== undefined;
  switch (query?.type) {
    case 18:
      return inside
        ? concat([link(1, "lo", ""), link(2, "eth0", "veth", [u32(5, 101), counters(14, 9)])])
        : concat([link(100, "br-front", "bridge"), link(101, "veth123", "veth", [u32(10, 100)])]);
    case 22:
      return inside ? addAddress(2, prefix("172.18.0.2/16")) : addAddress(100, prefix("172.18.0.1/16"));
    case 0xa07:
      return query.payload[0] === 2 ? concat([addRule(dnat), addRule(others)]) : new Uint8Array();
    default:
      return new Uint8Array();
  }
}

function machine(): FakeGuest {
  const guest = new FakeGuest();
  guest.onOp = answer;
  const files: Readonly<Record<string, string>> = {
    "/proc/412/status":
      "Name:\tnginx\nPPid:\t1\nUid:\t0\t0\t0\t0\nNSpid:\t412\t1\nCapEff:\t00000000a80425fb\nNoNewPrivs:\t0\nSeccomp:\t2\n",
    "/proc/440/status": "Name:\tnginx\nPPid:\t412\nUid:\t101\t101\t101\t101\nNSpid:\t440\t29\n",
    "/proc/412/cmdline": "nginx:\0master\0process\0",
    "/proc/440/cmdline": "nginx: worker process\0",
    "/proc/412/root/etc/passwd": "root:x:0:0::/:/bin/sh\nnginx:x:101:101::/:\n",
    "/proc/412/mountinfo":
      "40 30 0:31 / / rw,relatime - overlay overlay rw,lowerdir=/l2:/l1,upperdir=/upper/diff,workdir=/upper/work\n41 40 0:32 / /proc rw - proc proc rw\n",
    "/sys/fs/cgroup/docker/web/cgroup.procs": "440\n412\n",
    "/sys/fs/cgroup/docker/web/memory.current": "4100000\n",
    "/sys/fs/cgroup/docker/web/memory.max": "67108864\n",
    "/sys/fs/cgroup/docker/web/pids.current": "2\n",
    "/sys/fs/cgroup/docker/web/pids.max": "max\n",
    "/sys/fs/cgroup/docker/web/cpu.stat": "usage_usec 1234\nuser_usec 1000\n",
  };
  for (const [path, content] of Object.entries(files)) guest.files.put(path, content);
  const inodes = { pid: [1, 21, 31], net: [2, 22, 22], user: [7, 7, 7] } as const;
  for (const [name, values] of Object.entries(inodes))
    [1, 412, 500].forEach((pid, i) => {
      guest.files.put(`/proc/${pid}/ns/.keep`, "");
      guest.files.run(
        { op: "symlink", path: `/proc/${pid}/ns/${name}`, target: `${name}:[${values[i]}]` },
        (path) => path,
      );
    });
  return guest;
}
const facts = (guest = machine()) => new KernelView({ guest, subjects }).inspect("web");

test("processes are a tree, numbered outside and inside, with the container's own user names", async () => {
  const { processes } = await facts();
  expect(processes.tree).toEqual([
    { pid: 412, parent: 1, insidePid: 1, user: "root", command: "nginx: master process" },
    { pid: 440, parent: 412, insidePid: 29, user: "nginx", command: "nginx: worker process" },
  ]);
});

test("namespaces are the container's own, the machine's, or shared with named containers", async () => {
  const { list } = (await facts()).namespaces;
  expect(list).toEqual([
    { name: "pid", inode: 21, sharing: "own", note: "1 is 412 outside" },
    { name: "net", inode: 22, sharing: ["peer"], note: "eth0 172.18.0.2" },
    { name: "user", inode: 7, sharing: "host", note: "root is root" },
  ]);
});

test("cgroup files come with the limit that holds, and none where there is none", async () => {
  const { files } = (await facts()).cgroup;
  expect(files).toEqual([
    { name: "memory.current", value: "4100000", limit: "67108864" },
    { name: "cpu.stat usage_usec", value: "1234" },
    { name: "pids.current", value: "2" },
  ]);
});

test("the root is told as overlayfs was told it, with what the container changed", async () => {
  expect((await facts()).filesystem).toMatchObject({
    lower: ["/l2", "/l1"],
    upper: "/upper/diff",
    merged: "/merged",
    changes: [
      { kind: "added", path: "/etc/added" },
      { kind: "removed", path: "/etc/gone" },
    ],
  });
});

test("the network path leads from the interface over the pair to the bridge, and the container's rules have counters", async () => {
  const { interfaces, rules, published } = (await facts()).network;
  expect(interfaces).toEqual([
    {
      name: "eth0",
      addresses: ["172.18.0.2/16"],
      veth: "veth123",
      bridge: "br-front",
      bridgeAddress: "172.18.0.1/16",
      network: "front",
      receivedPackets: 14,
      sentPackets: 9,
    },
  ]);
  expect(rules).toEqual(["-A DOCKER -p tcp -m tcp --dport 8080 -c 0 0 -j DNAT --to-destination 172.18.0.2:80"]);
  expect(published).toEqual([{ hostPort: 8080, containerPort: 80, protocol: "tcp" }]);
});

test("capabilities are named, those that are missing too, with the seccomp mode", async () => {
  const { capabilities, dropped, seccomp, noNewPrivileges } = (await facts()).security;
  expect(capabilities).toHaveLength(14);
  expect(capabilities).toContain("CAP_NET_BIND_SERVICE");
  expect(dropped).toContain("CAP_SYS_ADMIN");
  expect({ seccomp, noNewPrivileges }).toEqual({ seccomp: "filter", noNewPrivileges: false });
});

test("every part names where it was read and a command that shows the same", async () => {
  const { processes, namespaces, cgroup, filesystem, network, security } = await facts();
  for (const { source } of [processes, namespaces, cgroup, filesystem, network, security]) {
    expect(source.from).not.toBe("");
    expect(source.command).not.toBe("");
  }
});

test("it takes two round trips, and changes nothing", async () => {
  const guest = machine();
  await facts(guest);
  expect(guest.batches).toHaveLength(2);
  const kinds = new Set(guest.batches.flatMap(({ ops }) => ops.map(({ op }) => op)));
  expect([...kinds].sort()).toEqual(["netlink", "read", "readlink"]);
});

test("a container that ends meanwhile leaves gaps, not errors", async () => {
  const report = await facts(new FakeGuest());
  expect(report.processes.tree).toEqual([]);
  expect(report.filesystem.lower).toEqual([]);
});

test("the facts are what the page is told", () => {
  expectTypeOf<ContainerFacts>().toExtend<HoodReport>();
});
