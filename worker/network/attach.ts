/** Plugs the machine's network card into a {@link UserNetwork}, and gives it its address and its way out. */
import {
  addAddress,
  addRoute,
  changeLink,
  getLink,
  parseAddress,
  parseLinks,
  parsePrefix,
  sequence,
  withoutIpv6Addresses,
} from "../engine/netlink/index.ts";
import type { Guest, Op } from "../engine/ports/guest.ts";
import type { Clock, Randomness } from "../engine/ports/host.ts";
import type { Uplink } from "./uplink.ts";
import { gatewayAddress, machineAddress, prefixLength, UserNetwork } from "./user-network.ts";

const device = "eth0";

/** The machine's end of the cable, a frame at a time. */
export interface Cable {
  send(frame: Uint8Array): void;
  onData(callback: (frame: Uint8Array) => void): () => void;
}

export async function attachNetwork(options: {
  readonly cable: Cable;
  readonly guest: Guest;
  readonly uplink: Uplink;
  readonly clock: Clock;
  readonly randomness: Randomness;
}): Promise<UserNetwork> {
  const { cable, guest, uplink, clock, randomness } = options;
  const network = new UserNetwork({ send: (frame) => cable.send(frame), uplink, clock, randomness });
  cable.onData((frame) => network.receive(frame));
  const route = (message: Uint8Array): Op => ({
    op: "netlink",
    protocol: "route",
    messages: sequence([message]),
    // A machine that was saved with its network has it.
    ignore: ["EEXIST"],
  });
  const [answer] = await guest.batch([{ op: "netlink", protocol: "route", messages: sequence([getLink(device)]) }]);
  const link = answer instanceof Uint8Array ? parseLinks(answer).find(({ name }) => name === device) : undefined;
  const prefix = parsePrefix(`${machineAddress}/${prefixLength}`);
  const gateway = parseAddress(gatewayAddress);
  if (link === undefined || prefix === undefined || gateway === undefined)
    throw new Error("the machine has no network card");
  await guest.batch([
    route(addAddress(link.index, prefix)),
    route(withoutIpv6Addresses(link.index)),
    route(changeLink(link.index, { up: true })),
    route(addRoute(4, { gateway, link: link.index })),
  ]);
  return network;
}
