/** Publishes a sandbox's ports on the endpoint that leads outside, and moves them when that changes. */
import { EngineError } from "../errors.ts";
import {
  deleteRule,
  listSockets,
  parseRules,
  parseSockets,
  type RuleHandle,
  sequence,
  socketStates,
  transaction,
} from "../netlink/index.ts";
import type { Guest, Op, OpResult } from "../ports/guest.ts";
import { bridgeName, options } from "./drivers.ts";
import type { Endpoint, NetworkRecord, SandboxState } from "./model.ts";
import { allocatePorts, type TakenPort } from "./ports.ts";
import { addRulesOp, gatewayEndpoint, publishRules } from "./sandbox-plan.ts";
import type { KernelState } from "./state.ts";

const nameServerPort = 53;

export class Publisher {
  readonly #guest: Guest;
  readonly #state: KernelState;
  readonly #network: (endpoint: Endpoint) => NetworkRecord | undefined;
  readonly #nameServers: readonly string[];

  constructor(dependencies: {
    readonly guest: Guest;
    readonly state: KernelState;
    readonly network: (endpoint: Endpoint) => NetworkRecord | undefined;
    /** Addresses at which the engine itself serves names to the machine. */
    readonly nameServers: readonly string[];
  }) {
    this.#guest = dependencies.guest;
    this.#state = dependencies.state;
    this.#network = dependencies.network;
    this.#nameServers = dependencies.nameServers;
  }

  /** Allocates the ports and notes them in the state; the operation that adds their rules has to come last in its batch. */
  async publish(state: SandboxState): Promise<{ readonly state: SandboxState; readonly ops: readonly Op[] }> {
    const gateway = this.#gateway(state);
    const record = gateway === undefined ? undefined : this.#network(gateway);
    if (state.portRequests.length === 0 || gateway === undefined || record?.driver !== "bridge")
      return { state, ops: [] };
    const fixed = state.portRequests.some((request) => request.hostPorts !== undefined);
    const listening = fixed ? await this.#listening() : [];
    // No pause from here until the ports are noted: what another container asks meanwhile must see them taken.
    const next = this.#allocate(state, gateway, record, listening);
    this.#state.sandboxes.set(state.container, next);
    const rules = publishRules(bridgeName(record), gateway, portsOf(next, gateway));
    return { state: next, ops: rules.length === 0 ? [] : [addRulesOp(rules)] };
  }

  /** When the endpoint that leads outside has changed, published ports move to it. */
  async move(state: SandboxState): Promise<SandboxState> {
    const holder = state.endpoints.find((endpoint) => endpoint.ports.length > 0);
    if (state.portRequests.length === 0 || holder?.id === this.#gateway(state)?.id) return state;
    const stripped: SandboxState = {
      ...state,
      endpoints: state.endpoints.map((endpoint) => ({ ...endpoint, ports: [], rules: [] })),
    };
    this.#state.sandboxes.set(state.container, stripped);
    const published = await this.publish(stripped);
    const ops = [...(holder === undefined ? [] : ruleRemovalOps(holder.rules)), ...published.ops];
    const results = ops.length === 0 ? [] : await this.#guest.batch(ops);
    const moved = withRules(published.state, results);
    this.#state.sandboxes.set(state.container, moved);
    return moved;
  }

  #gateway(state: SandboxState): Endpoint | undefined {
    return gatewayEndpoint(state.endpoints, this.#network, 4) ?? gatewayEndpoint(state.endpoints, this.#network, 6);
  }

  #allocate(
    state: SandboxState,
    gateway: Endpoint,
    record: NetworkRecord,
    listening: readonly TakenPort[],
  ): SandboxState {
    try {
      const { ports, lastEphemeral } = allocatePorts(state.portRequests, {
        allocated: this.#state.allocatedPorts(),
        listening,
        // Docker publishes on "::" for networks without IPv6 too.
        defaultAddresses: [record.options[options.hostBinding] ?? "0.0.0.0", "::"],
        endpointAddress: gateway.address4 ?? gateway.address6 ?? "",
        lastEphemeral: this.#state.lastEphemeralPort,
      });
      this.#state.lastEphemeralPort = lastEphemeral;
      return {
        ...state,
        endpoints: state.endpoints.map((endpoint) => (endpoint.id === gateway.id ? { ...endpoint, ports } : endpoint)),
      };
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      throw new EngineError(
        error.kind,
        `driver failed programming external connectivity on endpoint ${state.name} (${gateway.id}): ${error.message}`,
        { cause: error },
      );
    }
  }

  /** Ports on which programs of the machine itself listen: a published port must not take them away. */
  async #listening(): Promise<readonly TakenPort[]> {
    const queries = ([4, 6] as const).flatMap((family) => [
      { family, protocol: "tcp" as const, states: socketStates.listen },
      { family, protocol: "udp" as const, states: socketStates.close },
    ]);
    const answers = await this.#guest.batch(
      queries.map(({ family, protocol, states }) => ({
        op: "netlink",
        protocol: "sock_diag",
        messages: sequence([listSockets(family, protocol, states)]),
      })),
    );
    return queries.flatMap(({ protocol }, at) =>
      parseSockets(bytesOf(answers[at])).flatMap(({ address, port }): readonly TakenPort[] => {
        // The engine's own name server gives way to a published port, which the rules put before it.
        if (port === nameServerPort && this.#nameServers.includes(address)) return [];
        const addresses = address === "::" ? ["::", "0.0.0.0"] : [address];
        return addresses.map((hostIp) => ({ protocol, hostIp, hostPort: port }));
      }),
    );
  }
}

const bytesOf = (result: OpResult): Uint8Array => (result instanceof Uint8Array ? result : new Uint8Array());

const portsOf = (state: SandboxState, gateway: Endpoint): Endpoint["ports"] =>
  state.endpoints.find((endpoint) => endpoint.id === gateway.id)?.ports ?? [];

/** Handles of the rules that the batch's last operation added, noted on the endpoint that publishes. */
export function withRules(state: SandboxState, results: readonly OpResult[]): SandboxState {
  const handles: readonly RuleHandle[] = parseRules(bytesOf(results.at(-1))).map(
    ({ family, table, chain, handle }) => ({ family, table, chain, handle }),
  );
  return {
    ...state,
    endpoints: state.endpoints.map((endpoint) =>
      endpoint.ports.length > 0 && endpoint.rules.length === 0 ? { ...endpoint, rules: handles } : endpoint,
    ),
  };
}

/** One transaction each: a rule that somebody has flushed must not keep the others. */
export const ruleRemovalOps = (rules: readonly RuleHandle[]): readonly Op[] =>
  rules.map((rule) => ({
    op: "netlink",
    protocol: "netfilter",
    messages: sequence(transaction([deleteRule(rule)])),
    ignore: ["ENOENT"],
  }));
