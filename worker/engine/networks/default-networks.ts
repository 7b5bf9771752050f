/** The three networks that every engine has. */
import type { NetworkId } from "../domains.ts";
import { options } from "./drivers.ts";
import type { NetworkRecord } from "./model.ts";

export const defaultBridgeSubnet = "172.17.0.0/16";
export const defaultBridgeGateway = "172.17.0.1";

function plain(name: string, driver: "host" | "null", id: NetworkId, created: string): NetworkRecord {
  return {
    schema: 1,
    id,
    name,
    created,
    driver,
    enableIPv4: true,
    enableIPv6: false,
    internal: false,
    attachable: false,
    configOnly: false,
    configFrom: "",
    ipam: { driver: "default", options: null, config: null },
    pools: [],
    configuredSubnets: [],
    options: {},
    labels: {},
  };
}

export function defaultNetworks(newId: () => NetworkId, created: string): readonly NetworkRecord[] {
  return [
    {
      ...plain("bridge", "host", newId(), created),
      driver: "bridge",
      ipam: {
        driver: "default",
        options: null,
        config: [{ Subnet: defaultBridgeSubnet, Gateway: defaultBridgeGateway }],
      },
      pools: [{ subnet: defaultBridgeSubnet, gateway: defaultBridgeGateway, reserved: [] }],
      options: {
        [options.defaultBridge]: "true",
        [options.interContainer]: "true",
        [options.masquerade]: "true",
        [options.hostBinding]: "0.0.0.0",
        [options.bridgeName]: "docker0",
        [options.mtu]: "1500",
      },
    },
    plain("host", "host", newId(), created),
    plain("none", "null", newId(), created),
  ];
}
