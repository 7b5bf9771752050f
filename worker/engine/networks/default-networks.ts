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

/**
 * Their ids are fixed, where dockerd draws them: the machine's snapshot holds docker0 for the bridge's id, and every playground that
 * starts from it must know its network by that id.
 */
const ids = {
  bridge: "e5eac9b60c73f9f04d81b1b82c29db497e55423cff404285d6cd2687314f8c25" as NetworkId,
  host: "2de4bb1a93d2e4d48d70ae7a5e6a6ddb612c3806093c78de39275d1ac3b37508" as NetworkId,
  none: "7e483740a4ee92c90c646738c6b86f4c74a7d759efc1b55e06e45ac439d5dfc5" as NetworkId,
};

export function defaultNetworks(created: string): readonly NetworkRecord[] {
  return [
    {
      ...plain("bridge", "host", ids.bridge, created),
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
    plain("host", "host", ids.host, created),
    plain("none", "null", ids.none, created),
  ];
}
