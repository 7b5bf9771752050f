/** What the domain believes of the kernel, held in memory while the machine runs and handed out as plain data. */
import type { ContainerId, NetworkId } from "../domains.ts";
import type { Endpoint, NetworkLink, NetworksState, ReadySandbox, SandboxState } from "./model.ts";
import { ephemeralPorts, type TakenPort } from "./ports.ts";

/** Indexes of devices that the engine makes start here, clear of those that the kernel gives. */
const firstLinkIndex = 100;

export class KernelState {
  readonly links = new Map<NetworkId, NetworkLink>();
  readonly sandboxes = new Map<ContainerId, SandboxState>();
  readonly ready: ReadySandbox[] = [];
  /** Address families whose base chains stand. */
  readonly firewall = new Set<4 | 6>();
  /** Addresses on the default bridge that are spoken for, but not yet noted with an endpoint or a ready-made namespace. */
  readonly promised = new Set<string>();
  lastEphemeralPort: number = ephemeralPorts.first - 1;
  #nextLinkIndex = firstLinkIndex;

  constructor(state?: NetworksState) {
    if (state === undefined) return;
    for (const [id, link] of Object.entries(state.links)) this.links.set(id as NetworkId, link);
    for (const sandbox of state.sandboxes) this.sandboxes.set(sandbox.container, sandbox);
    this.ready.push(...state.ready);
    for (const family of state.firewall) this.firewall.add(family);
    this.lastEphemeralPort = state.lastEphemeralPort;
    this.#nextLinkIndex = state.nextLinkIndex;
  }

  export(): NetworksState {
    return {
      schema: 1,
      links: Object.fromEntries(this.links),
      sandboxes: [...this.sandboxes.values()],
      ready: [...this.ready],
      nextLinkIndex: this.#nextLinkIndex,
      firewall: [...this.firewall],
      lastEphemeralPort: this.lastEphemeralPort,
    };
  }

  newLinkIndex(): number {
    return this.#nextLinkIndex++;
  }

  /** Of devices that somebody else made meanwhile. */
  skipLinkIndexes(inUse: readonly number[]): void {
    this.#nextLinkIndex = Math.max(this.#nextLinkIndex, ...inUse.map((index) => index + 1));
  }

  *endpoints(): Generator<{ readonly sandbox: SandboxState; readonly endpoint: Endpoint }> {
    for (const sandbox of this.sandboxes.values())
      for (const endpoint of sandbox.endpoints) yield { sandbox, endpoint };
  }

  endpointsOf(network: NetworkId): readonly { readonly sandbox: SandboxState; readonly endpoint: Endpoint }[] {
    return [...this.endpoints()].filter(({ endpoint }) => endpoint.network === network);
  }

  /** Addresses of endpoints, and those promised to endpoints that are being made; not those that ready-made namespaces hold. */
  addresses(network: NetworkId): ReadonlySet<string> {
    const taken = new Set<string>(this.promised);
    for (const { endpoint } of this.endpointsOf(network)) {
      if (endpoint.address4 !== undefined) taken.add(endpoint.address4);
      if (endpoint.address6 !== undefined) taken.add(endpoint.address6);
    }
    return taken;
  }

  allocatedPorts(): readonly TakenPort[] {
    return [...this.endpoints()].flatMap(({ endpoint }) => endpoint.ports);
  }
}
