/** Networks as the API shows them (schema Network), fields in Docker's order. */

import { poolFamily, poolPrefixLength } from "./ipam.ts";
import type { Endpoint, IpamConfig, NetworkRecord, SandboxState } from "./model.ts";

export interface NetworkJson {
  readonly Name: string;
  readonly Id: string;
  readonly Created: string;
  readonly Scope: string;
  readonly Driver: string;
  readonly EnableIPv4: boolean;
  readonly EnableIPv6: boolean;
  readonly IPAM: {
    readonly Driver: string;
    readonly Options: Readonly<Record<string, string>> | null;
    readonly Config: readonly IpamConfig[] | null;
  };
  readonly Internal: boolean;
  readonly Attachable: boolean;
  readonly Ingress: boolean;
  readonly ConfigFrom: { readonly Network: string };
  readonly ConfigOnly: boolean;
  readonly Containers: Readonly<Record<string, ContainerOnNetwork>>;
  readonly Options: Readonly<Record<string, string>>;
  readonly Labels: Readonly<Record<string, string>>;
}
export interface ContainerOnNetwork {
  readonly Name: string;
  readonly EndpointID: string;
  readonly MacAddress: string;
  readonly IPv4Address: string;
  readonly IPv6Address: string;
}

export function networkJson(
  record: NetworkRecord,
  endpoints: readonly { readonly sandbox: SandboxState; readonly endpoint: Endpoint }[],
): NetworkJson {
  return {
    Name: record.name,
    Id: record.id,
    Created: record.created,
    Scope: "local",
    Driver: record.driver,
    EnableIPv4: record.enableIPv4,
    EnableIPv6: record.enableIPv6,
    IPAM: { Driver: record.ipam.driver, Options: record.ipam.options, Config: record.ipam.config },
    Internal: record.internal,
    Attachable: record.attachable,
    Ingress: false,
    ConfigFrom: { Network: record.configFrom },
    ConfigOnly: record.configOnly,
    Containers: Object.fromEntries(
      endpoints.map(({ sandbox, endpoint }) => [
        sandbox.container,
        {
          Name: sandbox.name,
          EndpointID: endpoint.id,
          MacAddress: endpoint.mac,
          IPv4Address: withLength(record, endpoint.address4, 4),
          IPv6Address: withLength(record, endpoint.address6, 6),
        },
      ]),
    ),
    Options: record.options,
    Labels: record.labels,
  };
}

function withLength(record: NetworkRecord, address: string | undefined, family: 4 | 6): string {
  const pool = record.pools.find((candidate) => poolFamily(candidate) === family);
  return address === undefined || pool === undefined ? "" : `${address}/${poolPrefixLength(pool)}`;
}
