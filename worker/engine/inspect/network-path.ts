/** From a container's interface through the veth pair to the bridge, and the rules that packets for it meet. */
import { decodeRule, type KernelRule, type Link, type LinkAddress, parseAddress, ruleText } from "../netlink/index.ts";
import type { InterfaceFact } from "./model.ts";

export interface NamespaceView {
  readonly links: readonly Link[];
  readonly addresses: readonly LinkAddress[];
}

const addressesOf = (view: NamespaceView, index: number): readonly string[] =>
  view.addresses
    .filter((entry) => entry.index === index)
    .map(({ address, prefixLength }) => `${address}/${prefixLength}`);

export function interfaceFacts(
  inside: NamespaceView,
  machine: NamespaceView,
  endpoints: readonly { readonly network: string; readonly addresses: readonly string[] }[],
): readonly InterfaceFact[] {
  return inside.links
    .filter((link) => link.up && link.name !== "lo")
    .map((link) => {
      const addresses = addressesOf(inside, link.index);
      const plain = addresses.map((address) => address.replace(/\/.*/, ""));
      const pair = link.kind === "veth" ? machine.links.find(({ index }) => index === link.link) : undefined;
      const bridge = machine.links.find(({ index }) => index === pair?.master);
      return {
        name: link.name,
        addresses,
        veth: pair?.name ?? "",
        bridge: bridge?.name ?? "",
        bridgeAddress: bridge === undefined ? "" : (addressesOf(machine, bridge.index)[0] ?? ""),
        network: endpoints.find((endpoint) => endpoint.addresses.some((a) => plain.includes(a)))?.network ?? "",
        receivedPackets: link.received.packets,
        sentPackets: link.sent.packets,
      };
    });
}

/** Rules that name one of the container's addresses, its bridge, or a network that holds one of its addresses. */
export function rulesFor(rules: readonly KernelRule[], interfaces: readonly InterfaceFact[]): readonly string[] {
  const own = interfaces.flatMap(({ addresses }) =>
    addresses.flatMap((text) => parseAddress(text.replace(/\/.*/, "")) ?? []),
  );
  const bridges = new Set(interfaces.map(({ bridge }) => bridge).filter((name) => name !== ""));
  return rules.flatMap((kernelRule) => {
    const rule = decodeRule(kernelRule);
    if (rule === undefined) return [];
    const { target, match } = rule;
    const translatesHere =
      target.kind === "dnat" && own.some((a) => a.family === target.address.family && a.value === target.address.value);
    const onBridge = [match.in, match.out].some((device) => device !== undefined && bridges.has(device.value));
    return translatesHere || (target.kind === "masquerade" && onBridge) ? [ruleText(rule, kernelRule)] : [];
  });
}
