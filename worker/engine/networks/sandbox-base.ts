/** What opening, connecting and closing sandboxes have in common. */
import { Background } from "../background.ts";
import type { ContainerId, EndpointSettings, EventSink, NetworkUsers, Sandbox } from "../domains.ts";
import { EngineError } from "../errors.ts";
import { type Guest, GuestError, type Op } from "../ports/guest.ts";
import type { Randomness } from "../ports/host.ts";
import type { Endpoint, NetworkRecord, SandboxState } from "./model.ts";
import { type Publisher, ruleRemovalOps } from "./publishing.ts";
import type { NetworkRegistry } from "./registry.ts";
import { isDefaultBridge, planEndpoint } from "./sandbox-plan.ts";
import { removeNamespaceOps, type SandboxPool } from "./sandbox-pool.ts";
import { sandboxView, type ViewContext } from "./sandbox-view.ts";
import type { KernelState } from "./state.ts";

/** Serves names in a sandbox's namespace. */
export interface NameServer {
  open(sandbox: SandboxState): Promise<void>;
  close(container: ContainerId): Promise<void>;
}

export interface SandboxDependencies {
  readonly guest: Guest;
  readonly random: Randomness;
  readonly events: EventSink;
  readonly registry: NetworkRegistry;
  readonly state: KernelState;
  readonly pool: SandboxPool;
  readonly names: NameServer;
  readonly users: NetworkUsers;
  readonly ports: Publisher;
  readonly view: (state: SandboxState) => ViewContext;
}

export class SandboxBase {
  readonly d: SandboxDependencies;
  /** Namespaces being taken apart. */
  readonly background = new Background();

  constructor(dependencies: SandboxDependencies) {
    this.d = dependencies;
  }

  readonly recordOf = (endpoint: Endpoint): NetworkRecord | undefined => this.d.registry.get(endpoint.network);

  /** As others see it; of a shared one, its owner's, but with no endpoints of its own. */
  viewOf(state: SandboxState): Sandbox {
    const owner = state.sharedWith === undefined ? undefined : this.d.state.sandboxes.get(state.sharedWith);
    if (state.sharedWith === undefined || owner === undefined) return sandboxView(state, this.d.view(state));
    return { ...sandboxView(owner, this.d.view(owner)), endpoints: {}, ports: {}, key: "", id: "" };
  }

  /** An endpoint of the sandbox on a network, and the operations that make it. */
  planned(
    sandbox: SandboxState,
    record: NetworkRecord,
    link: Parameters<typeof planEndpoint>[0]["link"],
    config: EndpointSettings,
    name: string,
  ): ReturnType<typeof planEndpoint> {
    return planEndpoint({
      record,
      link,
      identity: sandbox,
      config,
      namespace: sandbox.namespace,
      device: { name, index: sandbox.nextDevice },
      state: this.d.state,
      random: this.d.random,
    });
  }

  /** Makes the pool let go of the endpoint's address, should a sandbox in waiting have it. */
  yielded(record: NetworkRecord, endpoint: Endpoint): readonly Op[] {
    if (!isDefaultBridge(record) || endpoint.address4 === undefined) return [];
    return this.d.pool.yieldAddress(endpoint.address4);
  }

  /** Takes the sandbox's rules and its namespace away. */
  async demolish(state: SandboxState): Promise<void> {
    const ops: Op[] = [...ruleRemovalOps(state.endpoints.flatMap((endpoint) => endpoint.rules))];
    if (state.namespace !== undefined) ops.push(...removeNamespaceOps(state.namespace));
    if (ops.length > 0) await this.d.guest.batch(ops);
  }

  publish(action: "connect" | "disconnect", endpoint: Endpoint, container: ContainerId): void {
    const type = this.recordOf(endpoint)?.driver ?? "bridge";
    this.d.events.publish("network", action, endpoint.network, { container, name: endpoint.networkName, type });
  }
}

/** What the kernel refused, as the engine says it. */
export function kernelError(error: unknown): unknown {
  return error instanceof GuestError ? new EngineError("system", error.message, { cause: error }) : error;
}
