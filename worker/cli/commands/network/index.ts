/** `docker network …`. */

import { goTimeOf } from "../../../go/time.ts";
import type { NetworkSummary } from "../../api-types.ts";
import { cut } from "../../flags/values.ts";
import { formatRows } from "../../format/formatter.ts";
import { joinLabels } from "../../format/rows/container.ts";
import { naturalCompare, shortId } from "../../format/text.ts";
import { confirm } from "../../io/prompt.ts";
import { toMap } from "../../run/key-values.ts";
import { filterQuery, named, segment } from "../../session/client.ts";
import type { Handler } from "../../session/context.ts";
import { ApiError, CliError, messageOf } from "../../session/errors.ts";
import { Methods } from "../../template/value.ts";
import { ipamConfig } from "./ipam.ts";

const headers = {
  ID: "NETWORK ID",
  Name: "NAME",
  Driver: "DRIVER",
  Scope: "SCOPE",
  IPv4: "IPV4",
  IPv6: "IPV6",
  Internal: "INTERNAL",
  Labels: "LABELS",
  CreatedAt: "CREATED AT",
};

function format(source: string, quiet: boolean): string {
  if (source === "table") return quiet ? "{{.ID}}" : "table {{.ID}}\\t{{.Name}}\\t{{.Driver}}\\t{{.Scope}}";
  if (source === "raw")
    return quiet
      ? "network_id: {{.ID}}"
      : "network_id: {{.ID}}\\nname: {{.Name}}\\ndriver: {{.Driver}}\\nscope: {{.Scope}}\\n";
  return source;
}

export const list: Handler = async ({ flags, client, config, out }) => {
  const networks = await client.get<readonly NetworkSummary[]>("/networks", { filters: filterQuery(flags.filters()) });
  const quiet = flags.bool("quiet");
  const given = flags.string("format");
  const source = given !== "" ? given : config.networksFormat && !quiet ? config.networksFormat : "table";
  const trunc = !flags.bool("no-trunc");
  const rows = networks
    .toSorted((a, b) => naturalCompare(a.Name, b.Name))
    .map(
      (n) =>
        new Methods("*network.networkContext", {
          ID: () => (trunc ? shortId(n.Id) : n.Id),
          Name: () => n.Name,
          Driver: () => n.Driver,
          Scope: () => n.Scope,
          IPv4: () => String(n.EnableIPv4 ?? false),
          IPv6: () => String(n.EnableIPv6),
          Internal: () => String(n.Internal),
          Labels: () => joinLabels(n.Labels),
          Label: (name: string) => n.Labels?.[name] ?? "",
          CreatedAt: () => goTimeOf(n.Created),
        }),
    );
  out.print(formatRows(format(source, quiet), headers, rows));
  return 0;
};

export const create: Handler = async ({ flags, args, client, out }) => {
  const [name = ""] = args;
  const ipamDriver = flags.changed("ipam-driver") ? flags.string("ipam-driver") : "default";
  const configFrom = flags.string("config-from");
  const { Id } = await client.post<{ readonly Id: string }>("/networks/create", {
    Name: name,
    Driver: flags.changed("driver") ? flags.string("driver") : "bridge",
    Scope: flags.string("scope"),
    ...(flags.changed("ipv4") && { EnableIPv4: flags.bool("ipv4") }),
    ...(flags.changed("ipv6") && { EnableIPv6: flags.bool("ipv6") }),
    IPAM: {
      Driver: ipamDriver,
      Options: toMap(flags.list("ipam-opt")),
      Config: ipamConfig({
        subnets: flags.list("subnet"),
        ranges: flags.list("ip-range"),
        gateways: flags.list("gateway"),
        auxiliary: toMap(flags.list("aux-address")),
      }),
    },
    Internal: flags.bool("internal"),
    Attachable: flags.bool("attachable"),
    Ingress: flags.bool("ingress"),
    ConfigOnly: flags.bool("config-only"),
    ConfigFrom: configFrom === "" ? null : { Network: configFrom },
    Options: toMap(flags.list("opt")),
    Labels: toMap(flags.list("label")),
  });
  out.line(Id);
  return 0;
};

export const connect: Handler = async ({ flags, args, client }) => {
  const [network = "", container = ""] = args;
  const options: Record<string, string> = {};
  for (const option of flags.list("driver-opt")) {
    const [key, value, ok] = cut(option, "=");
    if (!ok || key.trim() === "") throw new CliError("invalid key/value pair format in driver options");
    options[key.trim()] = value.trim();
  }
  const links = flags.list("link");
  const aliases = flags.list("alias");
  const linkLocal = flags.list("link-local-ip");
  await client.post(`/networks/${segment(network)}/connect`, {
    Container: named("container", container),
    EndpointConfig: {
      IPAMConfig: {
        ...(flags.string("ip") !== "" && { IPv4Address: flags.string("ip") }),
        ...(flags.string("ip6") !== "" && { IPv6Address: flags.string("ip6") }),
        ...(linkLocal.length > 0 && { LinkLocalIPs: linkLocal }),
      },
      Links: links.length === 0 ? null : links,
      Aliases: aliases.length === 0 ? null : aliases,
      DriverOpts: options,
      GwPriority: flags.number("gw-priority"),
    },
  });
  return 0;
};

export const disconnect: Handler = async ({ flags, args, client }) => {
  const [network = "", container = ""] = args;
  await client.post(`/networks/${segment(network)}/disconnect`, {
    Container: named("container", container),
    Force: flags.bool("force"),
  });
  return 0;
};

export const remove: Handler = async (context) => {
  const { flags, args, client, out, err } = context;
  let failed = false;
  for (const name of args) {
    const network = await client
      .get<{ readonly Ingress?: boolean }>(`/networks/${segment(name)}`)
      .catch(() => undefined);
    if (network?.Ingress === true) {
      const question =
        "WARNING! Before removing the routing-mesh network, make sure all the nodes in your swarm run the same docker engine version. Otherwise, removal may not be effective and functionality of newly created ingress networks will be impaired.\nAre you sure you want to continue?";
      if (!(await confirm(context, question))) continue;
    }
    try {
      await client.delete(`/networks/${segment(name)}`);
      out.line(name);
    } catch (error) {
      if (flags.bool("force") && error instanceof ApiError && error.status === 404) continue;
      err.line(messageOf(error));
      failed = true;
    }
  }
  if (failed) throw new CliError("exit status 1");
  return 0;
};
