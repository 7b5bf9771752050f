/**
 * Opens and closes containers' sandboxes, and connects endpoints while a container runs. Each is planned as a whole, reserved in
 * the state, and then made by one batch; what fails is taken back.
 */
import type {
  ContainerId,
  EndpointSettings,
  EventSink,
  NetworkId,
  NetworkUsers,
  Sandbox,
  SandboxRequest,
} from "../domains.ts";
import { EngineError } from "../errors.ts";
import { deleteLink, listLinks, parseLinks, sequence } from "../netlink/index.ts";
import { type Guest, GuestError, type Op, type OpResult } from "../ports/guest.ts";
import type { Randomness } from "../ports/host.ts";
import type { Endpoint, NetworkRecord, SandboxState } from "./model.ts";
import { hexId } from "./naming.ts";
import { portRequests } from "./ports.ts";
import { type Publisher, ruleRemovalOps, withRules } from "./publishing.ts";
import type { NetworkRegistry } from "./registry.ts";
import { isDefaultBridge, isUserDefined, planEndpoint, routeOps } from "./sandbox-plan.ts";
import {
  type ConnectedSandbox,
  firstDevice,
  namespacePath,
  removeNamespaceOps,
  type SandboxPool,
} from "./sandbox-pool.ts";
import { sandboxView, type ViewContext } from "./sandbox-view.ts";
import type { KernelState } from "./state.ts";

/** Serves names in a sandbox's namespace. */
export interface NameServer {
  open(sandbox: SandboxState): Promise<void>;
  close(container: ContainerId): Promise<void>;
}

/** dockerd reports these without saying that networking failed. */
export class LinkError extends EngineError {
  constructor(message: string) {
    super("system", message);
  }
}

export class Sandboxes {
  readonly #guest: Guest;
  readonly #random: Randomness;
  readonly #events: EventSink;
  readonly #registry: NetworkRegistry;
  readonly #state: KernelState;
  readonly #pool: SandboxPool;
  readonly #names: NameServer;
  readonly #users: NetworkUsers;
  readonly #ports: Publisher;
  readonly #view: (state: SandboxState) => ViewContext;
  /** Work that nobody waits for: namespaces being taken apart. */
  readonly #background = new Set<Promise<void>>();

  constructor(dependencies: {
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
  }) {
    this.#guest = dependencies.guest;
    this.#random = dependencies.random;
    this.#events = dependencies.events;
    this.#registry = dependencies.registry;
    this.#state = dependencies.state;
    this.#pool = dependencies.pool;
    this.#names = dependencies.names;
    this.#users = dependencies.users;
    this.#ports = dependencies.ports;
    this.#view = dependencies.view;
  }

  get(container: ContainerId): Sandbox | undefined {
    const state = this.#state.sandboxes.get(container);
    return state === undefined ? undefined : this.#viewOf(state);
  }

  async open(request: SandboxRequest): Promise<Sandbox> {
    try {
      return await this.#open(request);
    } catch (error) {
      if (!isIndexTaken(error)) throw error;
    }
    // Somebody made devices with the indexes that were ours next.
    const [links] = await this.#guest.batch([{ op: "netlink", protocol: "route", messages: sequence([listLinks()]) }]);
    this.#state.skipLinkIndexes(parseLinks(bytesOf(links)).map((link) => link.index));
    return this.#open(request);
  }

  /**
   * Releases addresses and ports at once; the kernel's part is done without anybody waiting for it. A namespace that nothing could
   * have changed goes back to the pool: taking one apart and making another costs ten times what the container did.
   */
  close(container: ContainerId, untouched: boolean): void {
    const state = this.#state.sandboxes.get(container);
    if (state === undefined) return;
    this.#state.sandboxes.delete(container);
    this.#later(this.#names.close(container));
    if (state.mode === "shared") return;
    for (const endpoint of state.endpoints) this.#publish("disconnect", endpoint, container);
    const ready = untouched ? this.#reusable(state) : undefined;
    if (ready !== undefined && this.#pool.hasRoom) this.#later(this.#reuse(state, ready));
    else {
      this.#later(this.#pool.released());
      this.#later(this.#demolish(state));
    }
  }

  async #reuse(state: SandboxState, ready: ConnectedSandbox): Promise<void> {
    const taken = this.#pool.takeBack(ready);
    const removals = ruleRemovalOps(state.endpoints.flatMap((endpoint) => endpoint.rules));
    if (removals.length > 0) await this.#guest.batch(removals);
    await taken;
  }

  /** A sandbox as the pool makes them: on the default bridge alone, with the first device, as it was given. */
  #reusable(state: SandboxState): ConnectedSandbox | undefined {
    const [endpoint, ...others] = state.endpoints;
    const record = endpoint === undefined ? undefined : this.#recordOf(endpoint);
    if (endpoint === undefined || record === undefined || others.length > 0 || !isDefaultBridge(record))
      return undefined;
    const { address4, hostDevice, device, mac, config } = endpoint;
    if (state.mode !== "networks" || state.namespace === undefined || state.embeddedDns) return undefined;
    if (state.nextDevice !== firstDevice.index + 1 || device?.name !== firstDevice.name) return undefined;
    if (address4 === undefined || hostDevice === undefined || config.MacAddress) return undefined;
    return {
      id: state.id,
      namespace: state.namespace,
      endpoint: { network: record.id, mac, address4, hostDevice, deviceIndex: device.index },
    };
  }

  /** Until everything that runs in the background is done. */
  async settled(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  async connect(container: ContainerId, record: NetworkRecord, config: EndpointSettings): Promise<SandboxState> {
    const state = this.#running(container);
    const link = this.#state.links.get(record.id);
    const { endpoint, ops } = planEndpoint({
      record,
      link,
      identity: state,
      config,
      namespace: state.namespace,
      device: { name: deviceName(state.endpoints, config), index: state.nextDevice },
      state: this.#state,
      random: this.#random,
    });
    const endpoints = [...state.endpoints, endpoint];
    const embeddedDns = state.embeddedDns || isUserDefined(record);
    const next: SandboxState = {
      ...state,
      embeddedDns,
      endpoints,
      nextDevice: Math.max(state.nextDevice, (endpoint.device?.index ?? 0) + 1),
    };
    this.#state.sandboxes.set(container, next);
    try {
      const routes =
        state.namespace === undefined ? [] : routeOps(state.namespace, state.endpoints, endpoints, this.#recordOf);
      await this.#guest.batch([...this.#yielded(record, endpoint), ...ops, ...routes]);
      const moved = await this.#ports.move(next);
      if (embeddedDns) await this.#names.open(moved);
      this.#publish("connect", endpoint, container);
      return moved;
    } catch (error) {
      this.#state.sandboxes.set(container, state);
      const undo = deviceRemovalOps(state, [endpoint]);
      if (undo.length > 0) this.#later(this.#guest.batch(undo).then(() => {}));
      throw kernelError(error);
    }
  }

  async disconnect(container: ContainerId, network: NetworkId): Promise<SandboxState> {
    const state = this.#running(container);
    const gone = state.endpoints.filter((endpoint) => endpoint.network === network);
    const endpoints = state.endpoints.filter((endpoint) => endpoint.network !== network);
    const next: SandboxState = { ...state, endpoints };
    this.#state.sandboxes.set(container, next);
    const routes =
      state.namespace === undefined ? [] : routeOps(state.namespace, state.endpoints, endpoints, this.#recordOf);
    await this.#guest.batch([
      ...ruleRemovalOps(gone.flatMap((e) => e.rules)),
      ...deviceRemovalOps(state, gone),
      ...routes,
    ]);
    const moved = await this.#ports.move(next);
    for (const endpoint of gone) this.#publish("disconnect", endpoint, container);
    this.#later(this.#pool.released());
    return moved;
  }

  #running(container: ContainerId): SandboxState {
    const state = this.#state.sandboxes.get(container);
    if (state === undefined) throw new EngineError("conflict", `container ${container} is not running`);
    return state;
  }

  async #open(request: SandboxRequest): Promise<Sandbox> {
    const mode = request.networkMode;
    this.#checkLinks(request);
    const base = {
      id: hexId(this.#random),
      container: request.container,
      name: request.name,
      hostname: request.hostname,
      dns: { servers: request.dns, search: request.dnsSearch, options: request.dnsOptions },
      extraHosts: request.extraHosts,
      links: request.links,
      portRequests: portRequests(request.portBindings, request.exposedPorts, request.publishAllPorts),
      exposedPorts: request.exposedPorts,
      embeddedDns: false,
      nextDevice: firstDevice.index,
    };
    if (mode === "host")
      return this.#openPlain({ ...base, mode: "host", namespace: undefined, endpoints: [] }, request);
    if (mode === "none") {
      const bare = this.#pool.takeBare();
      const id = bare?.id ?? base.id;
      return this.#openPlain(
        { ...base, id, mode: "none", namespace: bare?.namespace ?? namespacePath(id), endpoints: [] },
        request,
        bare === undefined,
      );
    }
    if (mode.startsWith("container:"))
      return this.#openShared({ ...base, mode: "shared" }, mode.slice("container:".length));
    return this.#openConnected(base, request);
  }

  /** The namespace and the files of another container, which keeps its endpoints for itself. */
  #openShared(base: Omit<SandboxState, "namespace" | "endpoints">, reference: string): Sandbox {
    const target = this.#users.find(reference);
    if (target === undefined)
      throw new EngineError("notFound", `joining network namespace of container: No such container: ${reference}`);
    const shared = this.#state.sandboxes.get(target.id);
    if (shared === undefined)
      throw new EngineError(
        "conflict",
        `cannot join network namespace of a non running container: container ${target.name} is exited`,
      );
    const owner = shared.sharedWith ?? target.id;
    const state: SandboxState = { ...base, namespace: shared.namespace, endpoints: [], sharedWith: owner };
    this.#state.sandboxes.set(base.container, state);
    return this.#viewOf(state);
  }

  #viewOf(state: SandboxState): Sandbox {
    const owner = state.sharedWith === undefined ? undefined : this.#state.sandboxes.get(state.sharedWith);
    if (state.sharedWith === undefined || owner === undefined) return sandboxView(state, this.#view(state));
    return { ...sandboxView(owner, this.#view(owner)), endpoints: {}, ports: {}, key: "", id: "" };
  }

  /** `--link` on the default bridge wants containers that are there (moby's addLegacyLinks). */
  #checkLinks({ links, name, networkMode }: SandboxRequest): void {
    if (networkMode !== "bridge" && networkMode !== "default") return;
    for (const link of links) {
      const target = this.#state.sandboxes.get(link.container);
      if (target === undefined)
        throw new LinkError(`Cannot link to a non running container: /${link.name} AS /${name}/${link.alias}`);
      const attached = target.endpoints.some((endpoint) => endpoint.networkName === "bridge");
      if (!attached) throw new LinkError(`container ${link.container} not attached to default bridge network`);
    }
  }

  /** Networks without devices: host and none. */
  async #openPlain(sandbox: SandboxState, request: SandboxRequest, create = false): Promise<Sandbox> {
    const record = this.#registry.find(request.networkMode);
    const { endpoint } = this.#planned(
      sandbox,
      record,
      undefined,
      request.endpoints[record.name] ?? {},
      firstDevice.name,
    );
    const state: SandboxState = { ...sandbox, endpoints: [endpoint] };
    if (create && state.namespace !== undefined)
      await this.#guest.batch([{ op: "createNetworkNamespace", path: state.namespace }]);
    this.#state.sandboxes.set(request.container, state);
    this.#publish("connect", endpoint, request.container);
    return sandboxView(state, this.#view(state));
  }

  async #openConnected(
    base: Omit<SandboxState, "mode" | "namespace" | "endpoints">,
    request: SandboxRequest,
  ): Promise<Sandbox> {
    const wanted = this.#wantedNetworks(request);
    const [first] = wanted;
    const ready =
      first !== undefined && isDefaultBridge(first.record) && isPlain(first.config)
        ? await this.#pool.takeConnected()
        : undefined;
    const made = ready ?? this.#pool.takeBare();
    const namespace = made?.namespace ?? namespacePath(base.id);
    let state: SandboxState = {
      ...base,
      id: made?.id ?? base.id,
      mode: "networks",
      namespace,
      endpoints: [],
      embeddedDns: wanted.some(({ record }) => isUserDefined(record)),
    };
    const ops: Op[] = made === undefined ? [{ op: "createNetworkNamespace", path: namespace }] : [];
    try {
      for (const [at, { record, config }] of wanted.entries()) {
        const link = this.#state.links.get(record.id);
        const planned =
          at === 0 && ready !== undefined
            ? { endpoint: this.#readyEndpoint(state, record, config, ready.endpoint), ops: [] }
            : this.#planned(state, record, link, config, deviceName(state.endpoints, config));
        if (planned.ops.length > 0) ops.push(...this.#yielded(record, planned.endpoint), ...planned.ops);
        const nextDevice = Math.max(state.nextDevice, (planned.endpoint.device?.index ?? 0) + 1);
        state = { ...state, nextDevice, endpoints: [...state.endpoints, planned.endpoint] };
        // From here on the addresses are taken.
        this.#state.sandboxes.set(request.container, state);
        if (ready !== undefined) this.#state.promised.delete(ready.endpoint.address4);
      }
      const hadRoute = ready === undefined ? [] : state.endpoints.slice(0, 1);
      ops.push(...routeOps(namespace, hadRoute, state.endpoints, this.#recordOf));
      const published = await this.#ports.publish(state);
      state = published.state;
      this.#state.sandboxes.set(request.container, state);
      ops.push(...published.ops);
      if (ops.length > 0) {
        const names = state.embeddedDns && made !== undefined ? this.#names.open(state) : undefined;
        const [results] = await Promise.all([this.#guest.batch(ops), names]);
        state = withRules(state, results);
        if (state.embeddedDns && names === undefined) await this.#names.open(state);
      } else if (state.embeddedDns) await this.#names.open(state);
      this.#state.sandboxes.set(request.container, state);
    } catch (error) {
      this.#state.sandboxes.delete(request.container);
      if (ready !== undefined) this.#state.promised.delete(ready.endpoint.address4);
      this.#later(this.#names.close(request.container));
      this.#later(this.#demolish({ ...state, namespace }));
      throw kernelError(error);
    }
    for (const endpoint of state.endpoints) this.#publish("connect", endpoint, request.container);
    return sandboxView(state, this.#view(state));
  }

  /** The network of the mode first, then the others by name: so they become eth0, eth1, … */
  #wantedNetworks(
    request: SandboxRequest,
  ): readonly { readonly record: NetworkRecord; readonly config: EndpointSettings }[] {
    const mode = this.#registry.find(request.networkMode);
    const others = Object.keys(request.endpoints)
      .map((reference) => ({ reference, record: this.#registry.find(reference) }))
      .filter(({ record }) => record.id !== mode.id)
      .sort((a, b) => (a.record.name < b.record.name ? -1 : 1));
    const own = Object.entries(request.endpoints).find(([reference]) => this.#registry.find(reference).id === mode.id);
    return [
      { record: mode, config: own?.[1] ?? {} },
      ...others.map(({ reference, record }) => ({ record, config: request.endpoints[reference] ?? {} })),
    ];
  }

  #planned(
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
      state: this.#state,
      random: this.#random,
    });
  }

  #readyEndpoint(
    sandbox: SandboxState,
    record: NetworkRecord,
    config: EndpointSettings,
    ready: { readonly mac: string; readonly address4: string; readonly hostDevice: string },
  ): Endpoint {
    const { endpoint } = this.#planned(sandbox, record, undefined, config, firstDevice.name);
    return { ...endpoint, mac: ready.mac, address4: ready.address4, hostDevice: ready.hostDevice, device: firstDevice };
  }

  #yielded(record: NetworkRecord, endpoint: Endpoint): readonly Op[] {
    if (!isDefaultBridge(record) || endpoint.address4 === undefined) return [];
    return this.#pool.yieldAddress(endpoint.address4);
  }

  readonly #recordOf = (endpoint: Endpoint): NetworkRecord | undefined => this.#registry.get(endpoint.network);

  async #demolish(state: SandboxState): Promise<void> {
    const ops: Op[] = [...ruleRemovalOps(state.endpoints.flatMap((endpoint) => endpoint.rules))];
    if (state.namespace !== undefined) ops.push(...removeNamespaceOps(state.namespace));
    if (ops.length > 0) await this.#guest.batch(ops);
  }

  #publish(action: "connect" | "disconnect", endpoint: Endpoint, container: ContainerId): void {
    const type = this.#recordOf(endpoint)?.driver ?? "bridge";
    this.#events.publish("network", action, endpoint.network, { container, name: endpoint.networkName, type });
  }

  /** A machine that is lost takes its namespaces along: failures here have nobody to go to. */
  #later(work: Promise<void>): void {
    const tracked = work.catch(() => {}).finally(() => this.#background.delete(tracked));
    this.#background.add(tracked);
  }
}

const bytesOf = (result: OpResult): Uint8Array => (result instanceof Uint8Array ? result : new Uint8Array());

const isIndexTaken = (error: unknown): boolean =>
  error instanceof EngineError &&
  error.cause instanceof GuestError &&
  error.cause.operation === "netlink" &&
  (error.cause.errno === "EEXIST" || error.cause.errno === "EBUSY");

function kernelError(error: unknown): unknown {
  return error instanceof GuestError ? new EngineError("system", error.message, { cause: error }) : error;
}

function deviceRemovalOps(state: SandboxState, endpoints: readonly Endpoint[]): readonly Op[] {
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
const isPlain = ({ MacAddress, DriverOpts }: EndpointSettings): boolean => !MacAddress && !DriverOpts?.[interfaceName];

/** The name that the endpoint's options ask for (netlabel.Ifname), or the next "ethN". */
function deviceName(endpoints: readonly Endpoint[], { DriverOpts }: EndpointSettings): string {
  const asked = DriverOpts?.[interfaceName];
  if (asked) return asked;
  const used = new Set(endpoints.map((endpoint) => endpoint.device?.name));
  let number = 0;
  while (used.has(`eth${number}`)) number++;
  return `eth${number}`;
}
