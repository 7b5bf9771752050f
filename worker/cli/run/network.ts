/** `--network`, short or as name=…,alias=…, and the flags that refine the first one. */

import { parseCsv } from "../../go/csv.ts";
import { ValueError } from "../../go/value-error.ts";
import type { Flags } from "../flags/flags.ts";
import { cut } from "../flags/values.ts";
import { CliError } from "../session/errors.ts";

export interface Attachment {
  target: string;
  aliases: string[];
  links: string[];
  ipv4: string;
  ipv6: string;
  linkLocal: string[];
  mac: string;
  driverOptions: Record<string, string>;
  priority: number;
}
const attachment = (target: string): Attachment => ({
  target,
  aliases: [],
  links: [],
  ipv4: "",
  ipv6: "",
  linkLocal: [],
  mac: "",
  driverOptions: {},
  priority: 0,
});

const fail = (message: string): never => {
  throw new ValueError(message);
};

export function parseAttachment(value: string): Attachment {
  if (!/\w+=\w+(,\w+=\w+)*/.test(value)) return attachment(value);
  const out = attachment("");
  for (const field of parseCsv(value)) {
    const [name, text, ok] = cut(field.toLowerCase(), "=");
    if (!ok || name === "") return fail(`invalid field ${field}`);
    const key = name.trim();
    const val = text.trim();
    switch (key) {
      case "name":
        out.target = val;
        break;
      case "alias":
        out.aliases.push(val);
        break;
      case "ip":
        out.ipv4 = val;
        break;
      case "ip6":
        out.ipv6 = val;
        break;
      case "mac-address":
        out.mac = val;
        break;
      case "link-local-ip":
        out.linkLocal.push(val);
        break;
      case "driver-opt": {
        const [option, setting, has] = cut(val, "=");
        if (!has || option === "") return fail("invalid key value pair format in driver options");
        out.driverOptions[option.trim()] = setting.trim();
        break;
      }
      case "gw-priority":
        if (!/^[+-]?\d+$/.test(val)) return fail(`invalid gw-priority (${val}): invalid syntax`);
        out.priority = Number(val);
        break;
      default:
        return fail(`invalid field key ${key}`);
    }
  }
  return out.target === "" ? fail("network name/id is not specified") : out;
}

export const isUserDefined = (mode: string): boolean =>
  mode !== "" && !["default", "bridge", "host", "none", "nat"].includes(mode) && !mode.startsWith("container:");

export const isMac = (text: string): boolean =>
  /^[\da-fA-F]{2}(?:([:-])[\da-fA-F]{2})(?:\1[\da-fA-F]{2}){4}$/.test(text);

export interface NetworkOptions {
  readonly mode: string;
  readonly endpoints: Readonly<Record<string, Record<string, unknown>>>;
}

export function networkOptions(flags: Flags): NetworkOptions {
  const given = flags.list("net", "network").map(parseAttachment);
  const endpoints: Record<string, Record<string, unknown>> = {};
  if (given.length === 0) {
    const standard = attachment("default");
    applyFlags(standard, flags);
    endpoints.default = endpointOf(standard);
    return { mode: "default", endpoints };
  }
  given.forEach((network, i) => {
    if (i === 0) applyFlags(network, flags);
    const endpoint = endpointOf(network);
    if (Object.hasOwn(endpoints, network.target))
      throw new CliError(`network ${JSON.stringify(network.target)} is specified multiple times`);
    // Left out so that older engines accept it, as the real client does.
    const plain = Object.keys(endpoint).length === 0;
    if (!(given.length === 1 && plain)) endpoints[network.target] = endpoint;
  });
  const userDefined = given.filter((n) => isUserDefined(n.target)).length;
  if (userDefined > 0 && userDefined < given.length)
    throw new CliError("conflicting options: cannot attach both user-defined and non-user-defined network-modes");
  return { mode: given[0]?.target ?? "default", endpoints };
}

function applyFlags(network: Attachment, flags: Flags): void {
  const conflict = (message: string): never => {
    throw new CliError(`conflicting options: cannot specify both ${message}`);
  };
  const aliases = flags.list("net-alias", "network-alias");
  const links = flags.list("link");
  const linkLocal = flags.list("link-local-ip");
  const [ip, ip6, mac] = [flags.string("ip"), flags.string("ip6"), flags.string("mac-address")];
  if (network.aliases.length > 0 && aliases.length > 0) conflict("--network-alias and per-network alias");
  if (network.ipv4 !== "" && ip !== "") conflict("--ip and per-network IPv4 address");
  if (network.ipv6 !== "" && ip6 !== "") conflict("--ip6 and per-network IPv6 address");
  if (network.mac !== "" && mac !== "") conflict("--mac-address and per-network MAC address");
  if (network.linkLocal.length > 0 && linkLocal.length > 0)
    conflict("--link-local-ip and per-network link-local IP addresses");
  if (aliases.length > 0) network.aliases = [...aliases];
  // On the default bridge a link is the container's, elsewhere the endpoint's.
  if (isUserDefined(network.target) && links.length > 0) network.links = [...links];
  if (ip !== "") network.ipv4 = ip;
  if (ip6 !== "") network.ipv6 = ip6;
  if (mac !== "") network.mac = mac;
  if (linkLocal.length > 0) network.linkLocal = [...linkLocal];
}

function endpointOf(network: Attachment): Record<string, unknown> {
  if (network.target.trim() === "") throw new CliError("no name set for network");
  if (!isUserDefined(network.target)) {
    if (network.aliases.length > 0)
      throw new CliError("network-scoped aliases are only supported for user-defined networks");
    if (network.links.length > 0) throw new CliError("links are only supported for user-defined networks");
  }
  if (network.mac !== "" && !isMac(network.mac)) throw new CliError(`${network.mac} is not a valid mac address`);
  const hasAddress = network.ipv4 !== "" || network.ipv6 !== "" || network.linkLocal.length > 0;
  return {
    ...(hasAddress && {
      IPAMConfig: {
        ...(network.ipv4 !== "" && { IPv4Address: network.ipv4 }),
        ...(network.ipv6 !== "" && { IPv6Address: network.ipv6 }),
        ...(network.linkLocal.length > 0 && { LinkLocalIPs: network.linkLocal }),
      },
    }),
    ...(network.links.length > 0 && { Links: network.links }),
    ...(network.aliases.length > 0 && { Aliases: network.aliases }),
    ...(network.mac !== "" && { MacAddress: network.mac }),
    ...(Object.keys(network.driverOptions).length > 0 && { DriverOpts: network.driverOptions }),
    ...(network.priority !== 0 && { GwPriority: network.priority }),
  };
}
