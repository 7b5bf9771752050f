/** Networks as the API and the containers' domain use them. */
import type {
  ContainerId,
  EndpointSettings,
  EventSink,
  NetworkId,
  Networks,
  NetworkUsers,
  Sandbox,
  SandboxRequest,
} from "../domains.ts";
import { EngineError } from "../errors.ts";
import type { Filters } from "../filter-args.ts";
import type { Guest } from "../ports/guest.ts";
import type { Clock, Randomness } from "../ports/host.ts";
import type { RecordStore } from "../ports/storage.ts";
import { type NetworkCreateRequest, networkRecord } from "./create-request.ts";
import { defaultBridgeGateway, defaultNetworks } from "./default-networks.ts";
import { checkEndpointSettings } from "./endpoint-settings.ts";
import { filterNetworks, prunable } from "./filters.ts";
import type { NetworkRecord, NetworksState, SandboxState } from "./model.ts";
import { NetworkNames } from "./names.ts";
import { hexId } from "./naming.ts";
import type { MachineResolver } from "./network-files.ts";
import { type NetworkJson, networkJson } from "./network-json.ts";
import { NetworkKernel } from "./network-kernel.ts";
import { Publisher } from "./publishing.ts";
import { NetworkRegistry, predefined } from "./registry.ts";
import type { NameServer } from "./sandbox-base.ts";
import { LinkError } from "./sandbox-opening.ts";
import { dnsNames, isDefaultBridge } from "./sandbox-plan.ts";
import { namespaceDirectory, type PoolSizes, SandboxPool } from "./sandbox-pool.ts";
import type { ViewContext } from "./sandbox-view.ts";
import { Sandboxes } from "./sandboxes.ts";
import { KernelState } from "./state.ts";

export interface NetworksDependencies {
  readonly guest: Guest;
  readonly records: RecordStore;
  readonly events: EventSink;
  readonly users: NetworkUsers;
  readonly clock: Clock;
  readonly random: Randomness;
  /** The machine's /etc/resolv.conf and /etc/hosts. */
  readonly machine: MachineResolver & { readonly hosts: string };
  /** The embedded name server; told of sandboxes that need it. */
  readonly names: NameServer;
  /** Of the pool of ready-made namespaces. */
  readonly poolSizes?: PoolSizes;
  /** What the kernel holds already, as {@link NetworkService.exportState} gave it when the machine was saved. */
  readonly state?: NetworksState;
}

const defaultPoolSizes: PoolSizes = { connected: 4, bare: 2 };
const settingsKind = "network-settings";

const sharesNetwork = (): EngineError =>
  new EngineError(
    "invalidParameter",
    "container sharing network namespace with another container or host cannot be connected to any other network",
  );

export class NetworkService implements Networks {
  readonly #guest: Guest;
  readonly #nameServer: NameServer;
  readonly #records: RecordStore;
  readonly #events: EventSink;
  readonly #users: NetworkUsers;
  readonly #clock: Clock;
  readonly #random: Randomness;
  readonly #machine: MachineResolver & { readonly hosts: string };
  readonly #registry: NetworkRegistry;
  readonly #state: KernelState;
  readonly #kernel: NetworkKernel;
  readonly #pool: SandboxPool;
  readonly #sandboxes: Sandboxes;
  /** What the embedded name server asks. */
  readonly names: NetworkNames;
  #globalId: Uint8Array = new Uint8Array(5);

  constructor(dependencies: NetworksDependencies) {
    const { guest, random, clock, events } = dependencies;
    this.#guest = guest;
    this.#nameServer = dependencies.names;
    this.#records = dependencies.records;
    this.#events = events;
    this.#users = dependencies.users;
    this.#clock = clock;
    this.#random = random;
    this.#machine = dependencies.machine;
    this.#registry = new NetworkRegistry(dependencies.records);
    const state = new KernelState(dependencies.state);
    this.#state = state;
    this.names = new NetworkNames(state, (endpoint) => this.#registry.get(endpoint.network));
    this.#kernel = new NetworkKernel({ guest, random, state });
    const sizes = dependencies.poolSizes ?? defaultPoolSizes;
    const defaultBridge = () => this.#defaultBridge();
    this.#pool = new SandboxPool({ guest, clock, random, state, sizes, defaultBridge });
    this.#sandboxes = new Sandboxes({
      guest,
      random,
      events,
      registry: this.#registry,
      state,
      pool: this.#pool,
      names: dependencies.names,
      users: dependencies.users,
      ports: new Publisher({
        guest,
        state,
        network: (endpoint) => this.#registry.get(endpoint.network),
        nameServers: dependencies.machine.servers,
      }),
      view: (sandbox) => this.#viewContext(sandbox),
    });
  }

  /**
   * Loads the records, makes the default networks on the first start, and brings the kernel to what the records say. The sockets of
   * name servers do not outlive the engine, so those of the given state's sandboxes are opened again.
   */
  async start(): Promise<void> {
    await this.#registry.load();
    if (predefined.some((name) => this.#registry.byName(name) === undefined)) {
      const made = defaultNetworks(timestamp(this.#clock));
      for (const record of made) if (this.#registry.byName(record.name) === undefined) await this.#registry.put(record);
    }
    await this.#loadGlobalId();
    const known = new Set(this.#registry.all().map((record) => record.id));
    for (const id of this.#state.links.keys()) if (!known.has(id)) this.#state.links.delete(id);
    await this.#guest.batch([{ op: "mkdir", path: namespaceDirectory, parents: true }]);
    await this.#kernel.create(this.#registry.all());
    await Promise.all(
      [...this.#state.sandboxes.values()].map((sandbox) =>
        sandbox.embeddedDns ? this.#nameServer.open(sandbox) : undefined,
      ),
    );
  }

  /** Once it is known which containers run: closes the given state's sandboxes of those that do not. */
  closeStale(): void {
    for (const container of [...this.#state.sandboxes.keys()])
      if (this.#users.find(container)?.running !== true) this.#sandboxes.close(container, false);
  }

  /** Fills the pool of ready-made namespaces; also done by itself when nothing happens for a while. */
  fillPool(): Promise<void> {
    return this.#pool.fill();
  }

  exportState(): NetworksState {
    return this.#state.export();
  }

  async stop(): Promise<void> {
    this.#pool.stop();
    await this.#sandboxes.settled();
  }

  /** Until the kernel's part of closed sandboxes is done. */
  settled(): Promise<void> {
    return this.#sandboxes.settled();
  }

  // ---------------------------------------------------------------- Networks
  validate(request: Pick<SandboxRequest, "endpoints">): void {
    for (const [reference, settings] of Object.entries(request.endpoints)) {
      let record: NetworkRecord;
      try {
        record = this.#registry.find(reference);
      } catch (error) {
        // A network that is missing is reported when the container starts.
        if (error instanceof EngineError && error.kind === "notFound") continue;
        throw error;
      }
      checkEndpointSettings(record, settings, `invalid config for network ${reference}: `);
    }
  }

  async openSandbox(request: SandboxRequest): Promise<Sandbox> {
    try {
      return await this.#sandboxes.open(request);
    } catch (error) {
      if (!(error instanceof EngineError) || error instanceof LinkError || request.networkMode.startsWith("container:"))
        throw error;
      throw new EngineError(error.kind, `failed to set up container networking: ${error.message}`, { cause: error });
    }
  }

  async closeSandbox(container: ContainerId, options: { readonly untouched?: boolean } = {}): Promise<void> {
    this.#sandboxes.close(container, options.untouched ?? false);
  }

  sandbox(container: ContainerId): Sandbox | undefined {
    return this.#sandboxes.get(container);
  }

  renamed(container: ContainerId, name: string): void {
    const sandbox = this.#state.sandboxes.get(container);
    if (sandbox === undefined) return;
    const endpoints = sandbox.endpoints.map((endpoint) => {
      const record = this.#registry.get(endpoint.network);
      if (record === undefined) return endpoint;
      return { ...endpoint, dnsNames: dnsNames(record, { ...sandbox, name }, endpoint.config) };
    });
    this.#state.sandboxes.set(container, { ...sandbox, name, endpoints });
  }

  // ---------------------------------------------------------------- the API's operations
  list(filters: Filters): readonly NetworkJson[] {
    const used = (record: NetworkRecord): boolean => this.#state.endpointsOf(record.id).length > 0;
    return filterNetworks(this.#registry.all(), filters, used).map((record) => networkJson(record, []));
  }

  inspect(reference: string, scope?: string): NetworkJson {
    if (scope !== undefined && scope !== "" && scope !== "local")
      throw new EngineError("notFound", `network ${reference} not found`, { resource: reference });
    const record = this.#registry.find(reference);
    return networkJson(record, this.#state.endpointsOf(record.id));
  }

  /** The network of a name, id or prefix; for other domains that name networks. */
  resolve(reference: string): { readonly id: NetworkId; readonly name: string; readonly driver: string } {
    const { id, name, driver } = this.#registry.find(reference);
    return { id, name, driver };
  }

  async create(request: NetworkCreateRequest): Promise<{ readonly Id: NetworkId; readonly Warning: string }> {
    const automatic = (request.IPAM?.Config ?? []).length === 0;
    const record = networkRecord(request, {
      id: this.#newId(),
      created: timestamp(this.#clock),
      networks: this.#registry.all(),
      machinePrefixes: automatic ? await this.#kernel.machinePrefixes() : [],
      globalId: this.#globalId,
    });
    await this.#kernel.create([record]);
    await this.#registry.put(record);
    this.#events.publish("network", "create", record.id, { name: record.name, type: record.driver });
    return { Id: record.id, Warning: "" };
  }

  async remove(reference: string): Promise<void> {
    const record = this.#registry.find(reference);
    if (predefined.includes(record.name))
      throw new EngineError("forbidden", `${record.name} is a pre-defined network and cannot be removed`);
    const active = this.#state.endpointsOf(record.id);
    if (active.length > 0) {
      const list = active.map(({ sandbox, endpoint }) => `name:"${sandbox.name}" id:"${endpoint.id.slice(0, 12)}"`);
      throw new EngineError(
        "forbidden",
        `error while removing network: network ${record.name} has active endpoints (${list.join(", ")})`,
      );
    }
    if (this.#configuresOthers(record))
      throw new EngineError(
        "forbidden",
        `error while removing network: configuration network ${JSON.stringify(record.name)} is in use`,
      );
    await this.#delete(record);
  }

  async prune(filters: Filters): Promise<readonly string[]> {
    const removed: string[] = [];
    for (const record of prunable(this.#registry.all(), filters, this.#clock.now())) {
      if (this.#state.endpointsOf(record.id).length > 0 || this.#configuresOthers(record)) continue;
      await this.#delete(record);
      removed.push(record.name);
    }
    this.#events.publish("network", "prune", "", { reclaimed: "0" });
    return removed;
  }

  async connect(reference: string, containerReference: string, settings: EndpointSettings): Promise<void> {
    const record = this.#registry.find(reference);
    if (containerReference === "") throw new EngineError("invalidParameter", 'invalid name or ID supplied: ""');
    const container = this.#users.find(containerReference);
    if (container === undefined)
      throw new EngineError("notFound", `No such container: ${containerReference}`, { resource: containerReference });
    if (container.networkMode.startsWith("container:")) throw sharesNetwork();
    const sandbox = this.#state.sandboxes.get(container.id);
    if (sandbox !== undefined) this.#checkConnect(record, sandbox, container.name);
    checkEndpointSettings(record, settings);
    if (sandbox !== undefined) {
      const next = await this.#sandboxes.connect(container.id, record, settings);
      await this.#rewriteFiles(next);
    }
    await this.#users.endpointChanged(container.id, record.name, settings);
  }

  async disconnect(reference: string, containerReference: string, force: boolean): Promise<void> {
    const record = this.#registry.find(reference);
    const container = this.#users.find(containerReference);
    if (container === undefined) {
      const stale = this.#state.endpointsOf(record.id).find(({ sandbox }) => sandbox.name === containerReference);
      if (force && stale === undefined) throw new EngineError("notFound", `endpoint ${containerReference} not found`);
      if (stale === undefined || !force)
        throw new EngineError("notFound", `No such container: ${containerReference}`, { resource: containerReference });
      await this.#sandboxes.disconnect(stale.sandbox.container, record.id);
      return;
    }
    const sandbox = this.#state.sandboxes.get(container.id);
    if (sandbox === undefined) {
      const configured = this.#users.containersUsing(record.id).some((user) => user.id === container.id);
      const byName = configured || this.#users.containersUsing(record.name).some((user) => user.id === container.id);
      if (!byName)
        throw new EngineError("system", `container ${container.id} is not connected to the network ${record.name}`);
    } else {
      if (sandbox.mode === "host")
        throw new EngineError(
          "invalidParameter",
          "cannot disconnect container from host network - container was created in host network mode",
        );
      if (!sandbox.endpoints.some((endpoint) => endpoint.network === record.id))
        throw new EngineError("system", `container ${container.id} is not connected to network ${record.name}`);
      const next = await this.#sandboxes.disconnect(container.id, record.id);
      await this.#rewriteFiles(next);
    }
    await this.#users.endpointChanged(container.id, record.name, undefined);
  }

  /** moby's checks of connecting a running container (runconfig.ErrConflict…). */
  #checkConnect(record: NetworkRecord, sandbox: SandboxState, name: string): void {
    if (sandbox.mode === "shared" || sandbox.mode === "host") throw sharesNetwork();
    if (record.name === "host")
      throw new EngineError(
        "invalidParameter",
        "cannot connect container to host network - container must be created in host network mode",
      );
    if (record.name === "none" || sandbox.mode === "none")
      throw new EngineError(
        "invalidParameter",
        "container cannot be connected to multiple networks with one of the networks in private (none) mode",
      );
    if (sandbox.endpoints.some((endpoint) => endpoint.network === record.id))
      throw new EngineError("forbidden", `endpoint with name ${name} already exists in network ${record.name}`);
  }

  async #rewriteFiles(state: SandboxState): Promise<void> {
    const view = this.#sandboxes.get(state.container);
    if (view !== undefined)
      await this.#users.rewriteNetworkFiles(state.container, { hosts: view.hosts, resolvConf: view.resolvConf });
  }

  async #delete(record: NetworkRecord): Promise<void> {
    await this.#kernel.remove(record);
    await this.#registry.delete(record.id);
    this.#events.publish("network", "destroy", record.id, { name: record.name, type: record.driver });
  }

  #configuresOthers(record: NetworkRecord): boolean {
    return record.configOnly && this.#registry.all().some((other) => other.configFrom === record.name);
  }

  #defaultBridge(): { readonly record: NetworkRecord; readonly index: number } | undefined {
    const record = this.#registry.byName("bridge");
    const link = record === undefined ? undefined : this.#state.links.get(record.id);
    return record === undefined || link === undefined ? undefined : { record, index: link.index };
  }

  #viewContext(_sandbox: SandboxState): ViewContext {
    return {
      network: (endpoint) => this.#registry.get(endpoint.network),
      machine: this.#machine,
      machineHosts: this.#machine.hosts,
      hostGateway: this.#registry.byName("bridge")?.pools[0]?.gateway ?? defaultBridgeGateway,
      linked: (container) => {
        const target = this.#state.sandboxes.get(container as ContainerId);
        const endpoint = target?.endpoints.find(({ network }) => {
          const record = this.#registry.get(network);
          return record !== undefined && isDefaultBridge(record);
        });
        if (target === undefined || endpoint?.address4 === undefined) return undefined;
        return { address: endpoint.address4, hostname: target.hostname };
      },
    };
  }

  #newId(): NetworkId {
    return hexId(this.#random) as NetworkId;
  }

  /** 40 random bits of the engine's unique local IPv6 prefix, made once (RFC 4193). */
  async #loadGlobalId(): Promise<void> {
    const stored = await this.#records.get(settingsKind, "ula-global-id");
    if (typeof stored === "string" && /^[0-9a-f]{10}$/.test(stored)) {
      this.#globalId = Uint8Array.from(stored.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
      return;
    }
    this.#globalId = this.#random.bytes(5).slice();
    await this.#records.put(
      settingsKind,
      "ula-global-id",
      Array.from(this.#globalId, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    );
  }
}

/** RFC 3339 with nanoseconds, trailing zeros cut, as Go prints time.Time in JSON. */
function timestamp(clock: Clock): string {
  return clock
    .now()
    .toISOString()
    .replace(/\.?0*Z$/, "Z");
}
