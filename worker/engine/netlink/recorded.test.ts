import { describe, expect, test } from "vitest";
import {
  addAddress,
  addChain,
  addRoute,
  addRule,
  addTable,
  baseChains,
  changeLink,
  createBridge,
  createDummy,
  createVeth,
  decodeRule,
  deleteLink,
  type FirewallRule,
  type Prefix,
  parseAddress,
  parseMac,
  parseMessages,
  parsePrefix,
  parseRules,
  ruleText,
} from "./index.ts";
import { type Recorded, recorded } from "./testing/recorded.ts";

/** Ours ask for an acknowledgement, and rules for their echo; iptables changes a policy without the create flag. */
const answerFlags = 0x4 | 0x8;
const createFlag = 0x400;
const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

function expectSame(bytes: Uint8Array, tool: Recorded, free = answerFlags): void {
  const [message] = parseMessages(bytes);
  expect(message?.type).toBe(tool.type);
  expect((message?.flags ?? 0) & ~free).toBe(tool.flags & ~free);
  expect(hex(message?.payload ?? new Uint8Array())).toBe(tool.body);
}

const prefix = (text: string): Prefix => {
  const parsed = parsePrefix(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};
const address = (text: string) => prefix(`${text}/${text.includes(":") ? 128 : 32}`).address;

describe("device and address messages are those of iproute2", () => {
  const mac = parseMac("02:42:ac:11:00:01") ?? new Uint8Array();
  test.each<[Recorded, Uint8Array]>([
    [recorded["link-bridge"], createBridge({ name: "docker0", mac })],
    [recorded["link-veth"], createVeth({ name: "veth0" }, { name: "eth0" })],
    [recorded["link-up"], changeLink(4, { up: true })],
    [recorded["link-master"], changeLink(4, { master: 2 })],
    [recorded["link-dummy"], createDummy({ name: "dm0", mtu: 1400 })],
    [recorded["link-del"], deleteLink(4)],
    [recorded.addr, addAddress(2, prefix("172.17.0.1/16"))],
    [recorded.addr6, addAddress(2, prefix("fd00::1/64"))],
    [recorded.route, addRoute(4, { gateway: address("172.17.0.254"), link: 2 })],
  ])("$command", (tool, ours) => expectSame(ours, tool));
});

const rule = (
  family: 4 | 6,
  table: FirewallRule["table"],
  chain: string,
  match: FirewallRule["match"],
  target: FirewallRule["target"],
): FirewallRule => ({ family, table, chain, match, target });
const notDocker0 = { value: "docker0", not: true };

const rules: readonly [Recorded, FirewallRule][] = [
  [recorded.jump, rule(4, "nat", "PREROUTING", { destinationType: "LOCAL" }, { kind: "jump", chain: "DOCKER" })],
  [
    recorded.out,
    rule(
      4,
      "nat",
      "OUTPUT",
      { destination: { value: prefix("127.0.0.0/8"), not: true }, destinationType: "LOCAL" },
      { kind: "jump", chain: "DOCKER" },
    ),
  ],
  [
    recorded.masq,
    rule(
      4,
      "nat",
      "POSTROUTING",
      { source: { value: prefix("172.17.0.0/16") }, out: notDocker0 },
      { kind: "masquerade" },
    ),
  ],
  [
    recorded.dnat,
    rule(
      4,
      "nat",
      "DOCKER",
      { in: notDocker0, protocol: "tcp", destinationPort: 8080 },
      { kind: "dnat", address: address("172.17.0.2"), port: 80 },
    ),
  ],
  [
    recorded.dnatlo,
    rule(
      4,
      "nat",
      "DOCKER",
      { destination: { value: prefix("127.0.0.1/32") }, in: notDocker0, protocol: "udp", destinationPort: 53 },
      { kind: "dnat", address: address("172.17.0.2"), port: 53 },
    ),
  ],
  [
    recorded.ct,
    rule(
      4,
      "filter",
      "FORWARD",
      { out: { value: "docker0" }, connectionState: ["RELATED", "ESTABLISHED"] },
      { kind: "accept" },
    ),
  ],
  [
    recorded.ctdnat,
    rule(
      4,
      "nat",
      "POSTROUTING",
      { source: { value: prefix("172.17.0.0/16") }, out: { value: "docker0" }, connectionState: ["DNAT"] },
      { kind: "masquerade" },
    ),
  ],
  [
    recorded.acc,
    rule(
      4,
      "filter",
      "FORWARD",
      {
        destination: { value: prefix("172.17.0.2/32") },
        in: notDocker0,
        out: { value: "docker0" },
        protocol: "tcp",
        destinationPort: 80,
      },
      { kind: "accept" },
    ),
  ],
  [
    recorded.dnat6,
    rule(
      6,
      "nat",
      "PREROUTING",
      { source: { value: prefix("fe80::/10"), not: true }, in: notDocker0, protocol: "tcp", destinationPort: 8099 },
      { kind: "dnat", address: address("fd00:aa::2"), port: 80 },
    ),
  ],
  [
    recorded.masq6,
    rule(
      6,
      "nat",
      "POSTROUTING",
      { source: { value: prefix("fd00:aa::/64") }, out: notDocker0 },
      { kind: "masquerade" },
    ),
  ],
  [
    recorded.masqlocal,
    rule(4, "nat", "POSTROUTING", { out: { value: "docker0" }, sourceType: "LOCAL" }, { kind: "masquerade" }),
  ],
];

describe("firewall rules are those of iptables-nft, but for the padding of a 32-bit machine", () => {
  test.each(rules)("$command", (tool, ours) => expectSame(addRule(ours, 8), tool));

  test("a 32-bit machine gets structures padded to four bytes", () => {
    const [, masquerade] = rules[2] ?? [];
    if (masquerade === undefined) throw new Error("no rule");
    expect(addRule(masquerade, 8).length - addRule(masquerade, 4).length).toBe(4);
  });

  test("a rule prints as iptables prints it", () => {
    for (const [tool, ours] of rules) {
      const words = (text: string) => text.split(/ +/).sort().join(" ");
      const printed = tool.command.replace(/^ip6?tables( -t \w+)? /, "");
      expect(words(ruleText(ours))).toBe(words(printed));
    }
  });
});

test("what was written is read back as the same rule", () => {
  for (const [, ours] of rules) {
    const [parsed] = parseRules(addRule(ours));
    const decoded = parsed === undefined ? undefined : decodeRule(parsed);
    expect(decoded === undefined ? undefined : ruleText(decoded)).toBe(ruleText(ours));
  }
});

test("tables and chains are those of iptables-nft", () => {
  expectSame(addTable(4, "nat"), recorded["chain-table"]);
  expectSame(addChain(4, "filter", "FORWARD", baseChains.filter.FORWARD), recorded.policy, answerFlags | createFlag);
});

test("an echoed rule tells its handle and counters", () => {
  const { type, body } = recorded.dnat;
  const payload = Uint8Array.from(body.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  const bytes = new Uint8Array(16 + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, type, true);
  bytes.set(payload, 16);
  const [parsed] = parseRules(bytes);
  expect(parsed).toMatchObject({ family: 4, table: "nat", chain: "DOCKER", packets: 0n, handle: "0" });
  expect(parsed?.expressions.map((e) => e.name)).toEqual([
    ...["meta", "cmp", "meta", "cmp", "payload", "cmp", "counter", "target"],
  ]);
});

test("addresses are read as Go's netip reads them", () => {
  expect(parseAddress("172.17.0.01")).toBeUndefined();
  expect(parseAddress("1.2.3")).toBeUndefined();
  expect(parseAddress("fd00::1::2")).toBeUndefined();
  expect(parseAddress("::ffff:1.2.3.4")?.value).toBe(0xffff01020304n);
});
