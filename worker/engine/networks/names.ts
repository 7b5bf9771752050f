/** The names that endpoints have, for the embedded name server (libnetwork's service records). */
import type { ContainerId } from "../domains.ts";
import type { Endpoint, NetworkRecord, SandboxState } from "./model.ts";
import { gatewayEndpoint } from "./sandbox-plan.ts";
import type { KernelState } from "./state.ts";

export interface Addresses {
  readonly v4: readonly string[];
  readonly v6: readonly string[];
}

/** Names of something that is no container, such as a service: answered beside endpoints' names. */
export interface ExtraName {
  readonly network: string;
  readonly name: string;
  readonly addresses: readonly string[];
}

export class NetworkNames {
  readonly #state: KernelState;
  readonly #network: (endpoint: Endpoint) => NetworkRecord | undefined;
  readonly #extra = new Map<string, ExtraName>();

  constructor(state: KernelState, network: (endpoint: Endpoint) => NetworkRecord | undefined) {
    this.#state = state;
    this.#network = network;
  }

  setExtra(extra: ExtraName): void {
    const key = `${extra.network} ${extra.name.toLowerCase()}`;
    if (extra.addresses.length === 0) this.#extra.delete(key);
    else this.#extra.set(key, extra);
  }

  /** On the first of the container's networks that knows the name; "name.network" asks one network alone. */
  lookup(container: string, name: string): Addresses | undefined {
    const sandbox = this.#state.sandboxes.get(container as ContainerId);
    if (sandbox === undefined) return undefined;
    const wanted = name.toLowerCase();
    for (const own of sandbox.endpoints) {
      const suffix = `.${own.networkName.toLowerCase()}`;
      const names = [linked(own, wanted), ...(wanted.endsWith(suffix) ? [wanted.slice(0, -suffix.length)] : [])];
      for (const candidate of names) {
        const found = this.#onNetwork(own, candidate);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }

  reverse(container: string, address: string): string | undefined {
    const sandbox = this.#state.sandboxes.get(container as ContainerId);
    for (const own of sandbox?.endpoints ?? []) {
      const target = this.#state
        .endpointsOf(own.network)
        .find(({ endpoint }) => endpoint.address4 === address || endpoint.address6 === address);
      const name = target?.endpoint.dnsNames[0];
      if (name !== undefined) return `${name}.${own.networkName}`;
    }
    return undefined;
  }

  reachesOutside(container: string): boolean {
    const sandbox = this.#state.sandboxes.get(container as ContainerId);
    const endpoints = sandbox?.endpoints ?? [];
    return ([4, 6] as const).some((family) => gatewayEndpoint(endpoints, this.#network, family) !== undefined);
  }

  servers(container: string): readonly string[] {
    return this.#sandbox(container)?.dns.servers ?? [];
  }

  keepsPlainNames(container: string): boolean {
    const options = this.#sandbox(container)?.dns.options ?? [];
    return options.some((option) => /^ndots:0*[1-9]/.test(option));
  }

  #sandbox(container: string): SandboxState | undefined {
    return this.#state.sandboxes.get(container as ContainerId);
  }

  #onNetwork(own: Endpoint, name: string): Addresses | undefined {
    const endpoints = this.#state
      .endpointsOf(own.network)
      .map(({ endpoint }) => endpoint)
      .filter((endpoint) => endpoint.dnsNames.some((known) => known.toLowerCase() === name));
    const extra = this.#extra.get(`${own.network} ${name}`)?.addresses ?? [];
    if (endpoints.length === 0 && extra.length === 0) return undefined;
    return {
      v4: [
        ...endpoints.flatMap(({ address4 }) => address4 ?? []),
        ...extra.filter((address) => !address.includes(":")),
      ],
      v6: [...endpoints.flatMap(({ address6 }) => address6 ?? []), ...extra.filter((address) => address.includes(":"))],
    };
  }
}

/** `--link name:alias` on a user-defined network: another name for this container alone. */
function linked(own: Endpoint, name: string): string {
  for (const link of own.config.Links ?? []) {
    const [target = "", alias = target] = link.split(":");
    if (alias.toLowerCase() === name) return target.toLowerCase();
  }
  return name;
}
