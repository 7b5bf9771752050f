/** What a network, an endpoint and a sandbox are, as plain data. */
import type { ContainerId, EndpointSettings, NetworkId } from "../domains.ts";
import type { RuleHandle } from "../netlink/index.ts";

export type DriverName = "bridge" | "host" | "null" | "macvlan" | "ipvlan";

/** Schema IPAMConfig of the Engine API: what was asked for, or what was chosen where nothing was. */
export interface IpamConfig {
  readonly Subnet?: string;
  readonly IPRange?: string;
  readonly Gateway?: string;
  readonly AuxiliaryAddresses?: Readonly<Record<string, string>>;
}

/** One subnet of a network as it is used. */
export interface AddressPool {
  /** CIDR notation, host bits clear. */
  readonly subnet: string;
  readonly range?: string;
  readonly gateway: string | undefined;
  readonly reserved: readonly string[];
}

/** The durable half of a network. */
export interface NetworkRecord {
  readonly schema: 1;
  readonly id: NetworkId;
  readonly name: string;
  /** RFC 3339 with nanoseconds. */
  readonly created: string;
  readonly driver: DriverName;
  readonly enableIPv4: boolean;
  readonly enableIPv6: boolean;
  readonly internal: boolean;
  readonly attachable: boolean;
  readonly configOnly: boolean;
  readonly configFrom: string;
  readonly ipam: {
    readonly driver: string;
    readonly options: Readonly<Record<string, string>> | null;
    readonly config: readonly IpamConfig[] | null;
  };
  readonly pools: readonly AddressPool[];
  /** Subnets that the user asked for; only in these may endpoints ask for an address. */
  readonly configuredSubnets: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** What of a network stands in the kernel. */
export interface NetworkLink {
  readonly name: string;
  readonly index: number;
  /** The kernel device was made by the engine and goes with the network. */
  readonly owned: boolean;
  readonly rules: readonly RuleHandle[];
}

export interface PublishedPort {
  readonly containerPort: number;
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly hostIp: string;
  readonly hostPort: number;
}

/** A container's place on a network. */
export interface Endpoint {
  readonly id: string;
  readonly network: NetworkId;
  readonly networkName: string;
  /** What the container's configuration asks for. */
  readonly config: EndpointSettings;
  readonly mac: string;
  readonly address4: string | undefined;
  readonly address6: string | undefined;
  /** In the sandbox: "eth0", and its index there. Absent without a device of its own (none). */
  readonly device: { readonly name: string; readonly index: number } | undefined;
  /** The machine's end of the veth pair; absent for macvlan and ipvlan. */
  readonly hostDevice: string | undefined;
  readonly dnsNames: readonly string[];
  readonly ports: readonly PublishedPort[];
  readonly rules: readonly RuleHandle[];
}

export interface DnsSettings {
  readonly servers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
}

/** A container's network namespace with all that was set up for it. */
export interface SandboxState {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly container: ContainerId;
  readonly name: string;
  readonly hostname: string;
  readonly mode: SandboxMode;
  /** Where the namespace is bound; `undefined` in the machine's own. */
  readonly namespace: string | undefined;
  readonly endpoints: readonly Endpoint[];
  /** Index for the next device in the namespace. */
  readonly nextDevice: number;
  readonly dns: DnsSettings;
  /** Lines of --add-host, "name:address". */
  readonly extraHosts: readonly string[];
  readonly links: readonly { readonly container: ContainerId; readonly name: string; readonly alias: string }[];
  readonly portRequests: readonly PortRequest[];
  readonly exposedPorts: readonly string[];
  /** Names are served at 127.0.0.11; stays on once the container has been on a user-defined network. */
  readonly embeddedDns: boolean;
  /** With mode "shared": the container whose namespace this is. */
  readonly sharedWith?: ContainerId;
}
export type SandboxMode = "host" | "none" | "networks" | "shared";

export interface PortRequest {
  readonly containerPort: number;
  readonly protocol: "tcp" | "udp" | "sctp";
  /** "" for all addresses. */
  readonly hostIp: string;
  /** First and last acceptable port; `undefined` for an ephemeral one. */
  readonly hostPorts: { readonly first: number; readonly last: number } | undefined;
}

/** A namespace made before it is needed. With `endpoint`, it is on the default bridge already. */
export interface ReadySandbox {
  readonly id: string;
  readonly namespace: string;
  readonly endpoint:
    | {
        readonly network: NetworkId;
        readonly mac: string;
        readonly address4: string;
        readonly hostDevice: string;
        readonly deviceIndex: number;
      }
    | undefined;
}

/** All that the domain believes of the kernel: plain data, so that a machine's snapshot can carry it. */
export interface NetworksState {
  readonly schema: 1;
  readonly links: Readonly<Record<string, NetworkLink>>;
  readonly sandboxes: readonly SandboxState[];
  readonly ready: readonly ReadySandbox[];
  readonly nextLinkIndex: number;
  readonly firewall: readonly (4 | 6)[];
  readonly lastEphemeralPort: number;
}
