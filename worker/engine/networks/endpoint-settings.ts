/** Checks of what an endpoint may ask for (moby's validateEndpointSettings). */
import type { EndpointSettings } from "../domains.ts";
import { EngineError } from "../errors.ts";
import { contains, parseAddress } from "../netlink/ip-address.ts";
import { joinErrors } from "./create-request.ts";
import { prefix } from "./ipam.ts";
import type { NetworkRecord } from "./model.ts";
import { isUserDefined } from "./sandbox-plan.ts";

/** Throws invalidParameter, with all that is wrong at once. */
export function checkEndpointSettings(record: NetworkRecord, settings: EndpointSettings, context = ""): void {
  const errors: string[] = [];
  const { IPv4Address, IPv6Address, LinkLocalIPs } = settings.IPAMConfig ?? {};
  const userDefined = isUserDefined(record);
  if (!userDefined) {
    if (IPv4Address || IPv6Address) errors.push("user specified IP address is supported on user defined networks only");
    if ((settings.Aliases ?? []).length > 0)
      errors.push("network-scoped alias is supported only for containers in user defined networks");
  }
  for (const [text, family] of [
    [IPv4Address, 4],
    [IPv6Address, 6],
  ] as const) {
    if (!text) continue;
    if (parseAddress(text)?.family !== family) errors.push(`invalid IPv${family} address: ${text}`);
  }
  for (const text of LinkLocalIPs ?? [])
    if (parseAddress(text) === undefined) errors.push(`invalid link-local IP address: ${text}`);
  for (const [text, family] of [
    [IPv4Address, 4],
    [IPv6Address, 6],
  ] as const) {
    if (!text) continue;
    const problem = subnetProblem(record, text, family);
    if (problem !== undefined) errors.push(problem);
  }
  if (errors.length > 0)
    throw new EngineError("invalidParameter", context + joinErrors("invalid endpoint settings", errors));
}

function subnetProblem(record: NetworkRecord, text: string, family: 4 | 6): string | undefined {
  // docker0's subnet counts as configured.
  const configured = record.name === "bridge" ? record.pools.map(({ subnet }) => subnet) : record.configuredSubnets;
  const subnets = configured.map(prefix).filter((subnet) => subnet.address.family === family);
  if (subnets.length === 0)
    return "user specified IP address is supported only when connecting to networks with user configured subnets";
  const address = parseAddress(text);
  if (address !== undefined && subnets.some((subnet) => contains(subnet, address))) return undefined;
  return `no configured subnet or ip-range contain the IP address ${text}`;
}
