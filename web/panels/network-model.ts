/**
 * Who stands on which network, and who reaches whom. Docker's rule: two running containers reach each other when they share
 * a network; by name only on a user-defined one; the default bridge gives addresses alone, and so does the machine's own.
 */
import { containerName, isUp, portList } from "../engine/format.ts";
import type { ContainerSummary, Network } from "../engine/types.ts";

export interface MapContainer {
  readonly name: string;
  readonly ports: readonly string[];
  readonly running: boolean;
  /** Network name to address ("" when it has none). */
  readonly addresses: Readonly<Record<string, string>>;
  /** Network name to the names that it has there besides its own. */
  readonly aliases: Readonly<Record<string, readonly string[]>>;
}

export interface MapNetwork {
  readonly name: string;
  readonly driver: string;
  readonly subnet: string;
  readonly gateway: string;
  /** Docker's DNS answers on user-defined networks alone. */
  readonly resolves: boolean;
  readonly internal: boolean;
  readonly members: readonly string[];
}

export interface NetworkMap {
  readonly networks: readonly MapNetwork[];
  readonly containers: readonly MapContainer[];
}

export function networkMap(networks: readonly Network[], containers: readonly ContainerSummary[]): NetworkMap {
  const drawn = containers
    .filter(({ State }) => isUp(State))
    .map((container): MapContainer => {
      const endpoints = Object.entries(container.NetworkSettings?.Networks ?? {});
      return {
        name: containerName(container),
        ports: portList(container.Ports),
        running: isUp(container.State),
        addresses: Object.fromEntries(endpoints.map(([name, { IPAddress }]) => [name, IPAddress ?? ""])),
        aliases: Object.fromEntries(
          endpoints.map(([network, { Aliases, DNSNames }]) => [
            network,
            [...new Set([...(Aliases ?? []), ...(DNSNames ?? [])])].filter((name) => name !== containerName(container)),
          ]),
        ),
      };
    });
  const listed = networks.map(
    (network): MapNetwork => ({
      name: network.Name,
      driver: network.Driver,
      subnet: network.IPAM?.Config?.[0]?.Subnet ?? "",
      gateway: network.IPAM?.Config?.[0]?.Gateway ?? "",
      resolves: network.Name !== "bridge" && network.Driver !== "host" && network.Driver !== "null",
      internal: network.Internal,
      members: drawn.filter(({ addresses }) => network.Name in addresses).map(({ name }) => name),
    }),
  );
  // Containers of one network stand side by side, so that its line is short.
  const order = new Map(listed.flatMap(({ members }) => members).map((name, index) => [name, index]));
  return {
    networks: listed,
    containers: [...drawn].sort((a, b) => (order.get(a.name) ?? 0) - (order.get(b.name) ?? 0)),
  };
}

export interface Reach {
  readonly to: string;
  readonly how: "name" | "address" | "machine" | "none";
  readonly network: string | undefined;
}

export function reachFrom(map: NetworkMap, from: string): readonly Reach[] {
  return map.containers
    .filter(({ name }) => name !== from)
    .map(({ name }): Reach => {
      const shared = map.networks.filter(
        ({ members, driver }) => driver !== "null" && members.includes(from) && members.includes(name),
      );
      const named = shared.find(({ resolves }) => resolves);
      const onMachine = (who: string): boolean =>
        map.networks.some((n) => n.driver === "host" && n.members.includes(who));
      if (named !== undefined) return { to: name, how: "name", network: named.name };
      // The machine itself has an address on every bridge, and routes to each container on one.
      if (onMachine(from) || onMachine(name)) return { to: name, how: "machine", network: undefined };
      const [by] = shared;
      return { to: name, how: by === undefined ? "none" : "address", network: by?.name };
    });
}

export function reachSentence(from: string, { to, how, network }: Reach): string {
  switch (how) {
    case "name":
      return `${from} reaches ${to} by name, over ${network}.`;
    case "address":
      return `${from} reaches ${to} by address only: ${network} is the default network and resolves no names.`;
    case "machine":
      return `${from} reaches ${to} by address: one of them uses the machine's own network.`;
    case "none":
      return `${from} does not reach ${to}: no network in common.`;
  }
}
