/** Makes and removes what stands for a network in the machine's kernel: its bridge or parent device, and its rules. */
import type { NetworkId } from "../domains.ts";
import { EngineError } from "../errors.ts";
import {
  addRule,
  createDummy,
  createVlan,
  deleteLink,
  getLink,
  listAddresses,
  type Prefix,
  parseAddresses,
  parseLinks,
  parseRules,
  sequence,
} from "../netlink/index.ts";
import { type Guest, GuestError, type Op, type OpResult } from "../ports/guest.ts";
import type { Randomness } from "../ports/host.ts";
import { bridgeName, createBridgeOps, isTrue, options } from "./drivers.ts";
import { baseFirewall, bridgeRules, rulesOp } from "./firewall.ts";
import { prefix } from "./ipam.ts";
import type { NetworkLink, NetworkRecord } from "./model.ts";
import { newMac } from "./naming.ts";
import { ruleRemovalOps } from "./publishing.ts";
import type { KernelState } from "./state.ts";

const bytesOf = (result: OpResult): Uint8Array => (result instanceof Uint8Array ? result : new Uint8Array());
const route = (messages: readonly Uint8Array[]): Op => ({
  op: "netlink",
  protocol: "route",
  messages: sequence(messages),
});

export class NetworkKernel {
  readonly #guest: Guest;
  readonly #random: Randomness;
  readonly #state: KernelState;

  constructor(dependencies: { readonly guest: Guest; readonly random: Randomness; readonly state: KernelState }) {
    this.#guest = dependencies.guest;
    this.#random = dependencies.random;
    this.#state = dependencies.state;
  }

  /** The networks' devices and rules, in one batch as far as they are bridges. Those that stand are left alone. */
  async create(records: readonly NetworkRecord[]): Promise<void> {
    const missing = records.filter((record) => !record.configOnly && !this.#state.links.has(record.id));
    const bridges = missing.filter((record) => record.driver === "bridge");
    if (bridges.length > 0) await this.#createBridges(bridges);
    for (const record of missing)
      if (record.driver === "macvlan" || record.driver === "ipvlan") await this.#createParent(record);
  }

  async remove(record: NetworkRecord): Promise<void> {
    const link = this.#state.links.get(record.id);
    this.#state.links.delete(record.id);
    if (link === undefined) return;
    const ops: Op[] = [...ruleRemovalOps(link.rules)];
    if (link.owned) ops.push({ ...route([deleteLink(link.index)]), ignore: ["ENODEV"] });
    if (ops.length > 0) await this.#guest.batch(ops);
  }

  /** Addresses of the machine's own devices, which automatic subnets keep clear of. */
  async machinePrefixes(): Promise<readonly Prefix[]> {
    const own = new Set([...this.#state.links.values()].map((link) => link.index));
    const [answer] = await this.#guest.batch([route([listAddresses()])]);
    return parseAddresses(bytesOf(answer))
      .filter(({ index, address }) => !own.has(index) && !address.startsWith("127."))
      .map(({ address, prefixLength }) => prefix(`${address}/${prefixLength}`));
  }

  async #createBridges(records: readonly NetworkRecord[]): Promise<void> {
    const ops: Op[] = [];
    const families = new Set<4 | 6>(records.some((record) => record.enableIPv6) ? [4, 6] : [4]);
    for (const family of families) {
      if (this.#state.firewall.has(family)) continue;
      ops.push(...forwardingOps(family), rulesOp(baseFirewall(family)));
      this.#state.firewall.add(family);
    }
    const made = records.map((record) => {
      const index = this.#state.newLinkIndex();
      ops.push(...createBridgeOps(record, index, newMac(this.#random)));
      const traits = {
        name: bridgeName(record),
        subnets: record.pools.map((pool) => prefix(pool.subnet)),
        internal: record.internal,
        interContainer: isTrue(record.options[options.interContainer], true),
        masquerade: isTrue(record.options[options.masquerade], true),
      };
      const rules = ([4, 6] as const)
        .filter((family) => (family === 4 ? record.enableIPv4 : record.enableIPv6))
        .flatMap((family) => bridgeRules(family, traits));
      ops.push(rulesOp(rules.map((rule) => addRule(rule))));
      return { record, index, resultAt: ops.length - 1 };
    });
    const results = await this.#batch(ops);
    for (const { record, index, resultAt } of made) {
      const rules = parseRules(bytesOf(results[resultAt])).map(({ family, table, chain, handle }) => ({
        family,
        table,
        chain,
        handle,
      }));
      this.#state.links.set(record.id, { name: bridgeName(record), index, owned: true, rules });
    }
  }

  /** The parent of macvlan and ipvlan networks: a device that is there, a VLAN on one ("eth0.10"), or none: then a dummy that leads nowhere. */
  async #createParent(record: NetworkRecord): Promise<void> {
    const parent = record.options[options.parent];
    if (parent === undefined || parent === "") {
      const name = `d${record.driver === "macvlan" ? "m" : "i"}-${record.id.slice(0, 12)}`;
      const index = this.#state.newLinkIndex();
      await this.#batch([route([createDummy({ name, index, mac: newMac(this.#random), up: true })])]);
      this.#noteParent(record.id, { name, index, owned: true, rules: [] });
      return;
    }
    const there = await this.#linkIndex(parent);
    if (there !== undefined) {
      this.#noteParent(record.id, { name: parent, index: there, owned: false, rules: [] });
      return;
    }
    const vlan = /^(.+)\.(\d{1,4})$/.exec(parent);
    if (vlan?.[1] === undefined)
      throw new EngineError("system", `invalid subinterface vlan name ${parent}, example formatting is eth0.10`);
    const base = await this.#linkIndex(vlan[1]);
    if (base === undefined)
      throw new EngineError("system", `failed to find master interface ${vlan[1]} on the Docker host: Link not found`);
    const index = this.#state.newLinkIndex();
    try {
      await this.#guest.batch([route([createVlan({ name: parent, index, up: true }, base, Number(vlan[2]))])]);
    } catch (error) {
      if (!(error instanceof GuestError)) throw error;
      throw new EngineError("system", `failed to create ${parent} vlan link: ${error.message}`, { cause: error });
    }
    this.#noteParent(record.id, { name: parent, index, owned: true, rules: [] });
  }

  #noteParent(id: NetworkId, link: NetworkLink): void {
    this.#state.links.set(id, link);
  }

  async #linkIndex(name: string): Promise<number | undefined> {
    const [answer] = await this.#guest.batch([{ ...route([getLink(name)]), ignore: ["ENODEV"] }]);
    return parseLinks(bytesOf(answer)).find((link) => link.name === name)?.index;
  }

  async #batch(ops: readonly Op[]): Promise<readonly OpResult[]> {
    try {
      return await this.#guest.batch(ops);
    } catch (error) {
      throw error instanceof GuestError ? new EngineError("system", error.message, { cause: error }) : error;
    }
  }
}

/** The machine routes between its networks. Frames within a bridge are not filtered, but where a bridge asks for it. */
function forwardingOps(family: 4 | 6): readonly Op[] {
  const set = (path: string, data: string): Op => ({ op: "write", path, data, create: false, ignore: ["*"] });
  return family === 4
    ? [
        set("/proc/sys/net/ipv4/ip_forward", "1\n"),
        // New devices of the machine get no IPv6 addresses: its ends of veth pairs need none, and bridges ask for it.
        set("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1\n"),
        set("/proc/sys/net/bridge/bridge-nf-call-iptables", "0\n"),
        set("/proc/sys/net/bridge/bridge-nf-call-ip6tables", "0\n"),
      ]
    : [set("/proc/sys/net/ipv6/conf/all/forwarding", "1\n")];
}
