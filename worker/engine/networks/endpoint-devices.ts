/** Endpoints' devices within a sandbox: how they are called, and how they go. */
import type { EndpointSettings } from "../domains.ts";
import { deleteLink, sequence } from "../netlink/index.ts";
import type { Op } from "../ports/guest.ts";
import type { Endpoint, SandboxState } from "./model.ts";

export function deviceRemovalOps(state: SandboxState, endpoints: readonly Endpoint[]): readonly Op[] {
  if (state.namespace === undefined) return [];
  const namespace = state.namespace;
  return endpoints.flatMap(({ device }) =>
    device === undefined
      ? []
      : [
          {
            op: "netlink",
            protocol: "route",
            namespace,
            messages: sequence([deleteLink(device.index)]),
            ignore: ["ENODEV"],
          } satisfies Op,
        ],
  );
}

const interfaceName = "com.docker.network.endpoint.ifname";
/** Nothing is asked for that an endpoint made beforehand has not. */
export const isPlain = ({ MacAddress, DriverOpts }: EndpointSettings): boolean =>
  !MacAddress && !DriverOpts?.[interfaceName];

/** The name that the endpoint's options ask for (netlabel.Ifname), or the next "ethN". */
export function deviceName(endpoints: readonly Endpoint[], { DriverOpts }: EndpointSettings): string {
  const asked = DriverOpts?.[interfaceName];
  if (asked) return asked;
  const used = new Set(endpoints.map((endpoint) => endpoint.device?.name));
  let number = 0;
  while (used.has(`eth${number}`)) number++;
  return `eth${number}`;
}
