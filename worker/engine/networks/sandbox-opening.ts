/**
 * Opens containers' sandboxes. Each is planned as a whole, reserved in the state, and then made by one batch; what fails is taken
 * back.
 */
import type { EndpointSettings, Sandbox, SandboxRequest } from "../domains.ts";
import { EngineError } from "../errors.ts";
import type { Op } from "../ports/guest.ts";
import { deviceName, isPlain } from "./endpoint-devices.ts";
import type { Endpoint, NetworkRecord, SandboxState } from "./model.ts";
import { hexId } from "./naming.ts";
import { portRequests } from "./ports.ts";
import { withRules } from "./publishing.ts";
import { kernelError, type SandboxBase, type SandboxDependencies } from "./sandbox-base.ts";
import { isDefaultBridge, isUserDefined, routeOps } from "./sandbox-plan.ts";
import { firstDevice, namespacePath } from "./sandbox-pool.ts";
import { sandboxView } from "./sandbox-view.ts";

/** dockerd reports these without saying that networking failed. */
export class LinkError extends EngineError {
  constructor(message: string) {
    super("system", message);
  }
}

export class SandboxOpening {
  readonly #base: SandboxBase;
  readonly #d: SandboxDependencies;

  constructor(base: SandboxBase) {
    this.#base = base;
    this.#d = base.d;
  }

  async open(request: SandboxRequest): Promise<Sandbox> {
    const mode = request.networkMode;
    this.#checkLinks(request);
    const base = {
      id: hexId(this.#d.random),
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
      const bare = this.#d.pool.takeBare();
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
    const target = this.#d.users.find(reference);
    if (target === undefined)
      throw new EngineError("notFound", `joining network namespace of container: No such container: ${reference}`);
    const shared = this.#d.state.sandboxes.get(target.id);
    if (shared === undefined)
      throw new EngineError(
        "conflict",
        `cannot join network namespace of a non running container: container ${target.name} is exited`,
      );
    const owner = shared.sharedWith ?? target.id;
    const state: SandboxState = { ...base, namespace: shared.namespace, endpoints: [], sharedWith: owner };
    this.#d.state.sandboxes.set(base.container, state);
    return this.#base.viewOf(state);
  }

  /** `--link` on the default bridge wants containers that are there (moby's addLegacyLinks). */
  #checkLinks({ links, name, networkMode }: SandboxRequest): void {
    if (networkMode !== "bridge" && networkMode !== "default") return;
    for (const link of links) {
      const target = this.#d.state.sandboxes.get(link.container);
      if (target === undefined)
        throw new LinkError(`Cannot link to a non running container: /${link.name} AS /${name}/${link.alias}`);
      const attached = target.endpoints.some((endpoint) => endpoint.networkName === "bridge");
      if (!attached) throw new LinkError(`container ${link.container} not attached to default bridge network`);
    }
  }

  /** Networks without devices: host and none. */
  async #openPlain(sandbox: SandboxState, request: SandboxRequest, create = false): Promise<Sandbox> {
    const record = this.#d.registry.find(request.networkMode);
    const { endpoint } = this.#base.planned(
      sandbox,
      record,
      undefined,
      request.endpoints[record.name] ?? {},
      firstDevice.name,
    );
    const state: SandboxState = { ...sandbox, endpoints: [endpoint] };
    if (create && state.namespace !== undefined)
      await this.#d.guest.batch([{ op: "createNetworkNamespace", path: state.namespace }]);
    this.#d.state.sandboxes.set(request.container, state);
    this.#base.publish("connect", endpoint, request.container);
    return sandboxView(state, this.#d.view(state));
  }

  async #openConnected(
    base: Omit<SandboxState, "mode" | "namespace" | "endpoints">,
    request: SandboxRequest,
  ): Promise<Sandbox> {
    const wanted = this.#wantedNetworks(request);
    const [first] = wanted;
    const ready =
      first !== undefined && isDefaultBridge(first.record) && isPlain(first.config)
        ? await this.#d.pool.takeConnected()
        : undefined;
    const made = ready ?? this.#d.pool.takeBare();
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
        const link = this.#d.state.links.get(record.id);
        const planned =
          at === 0 && ready !== undefined
            ? { endpoint: this.#readyEndpoint(state, record, config, ready.endpoint), ops: [] }
            : this.#base.planned(state, record, link, config, deviceName(state.endpoints, config));
        if (planned.ops.length > 0) ops.push(...this.#base.yielded(record, planned.endpoint), ...planned.ops);
        const nextDevice = Math.max(state.nextDevice, (planned.endpoint.device?.index ?? 0) + 1);
        state = { ...state, nextDevice, endpoints: [...state.endpoints, planned.endpoint] };
        // From here on the addresses are taken.
        this.#d.state.sandboxes.set(request.container, state);
        if (ready !== undefined) this.#d.state.promised.delete(ready.endpoint.address4);
      }
      const hadRoute = ready === undefined ? [] : state.endpoints.slice(0, 1);
      ops.push(...routeOps(namespace, hadRoute, state.endpoints, this.#base.recordOf));
      const published = await this.#d.ports.publish(state);
      state = published.state;
      this.#d.state.sandboxes.set(request.container, state);
      ops.push(...published.ops);
      if (ops.length > 0) {
        const names = state.embeddedDns && made !== undefined ? this.#d.names.open(state) : undefined;
        const [results] = await Promise.all([this.#d.guest.batch(ops), names]);
        state = withRules(state, results);
        if (state.embeddedDns && names === undefined) await this.#d.names.open(state);
      } else if (state.embeddedDns) await this.#d.names.open(state);
      this.#d.state.sandboxes.set(request.container, state);
    } catch (error) {
      this.#d.state.sandboxes.delete(request.container);
      if (ready !== undefined) this.#d.state.promised.delete(ready.endpoint.address4);
      this.#base.background.later(this.#d.names.close(request.container));
      this.#base.background.later(this.#base.demolish({ ...state, namespace }));
      throw kernelError(error);
    }
    for (const endpoint of state.endpoints) this.#base.publish("connect", endpoint, request.container);
    return sandboxView(state, this.#d.view(state));
  }

  /** The network of the mode first, then the others by name: so they become eth0, eth1, … */
  #wantedNetworks(
    request: SandboxRequest,
  ): readonly { readonly record: NetworkRecord; readonly config: EndpointSettings }[] {
    const mode = this.#d.registry.find(request.networkMode);
    const others = Object.keys(request.endpoints)
      .map((reference) => ({ reference, record: this.#d.registry.find(reference) }))
      .filter(({ record }) => record.id !== mode.id)
      .sort((a, b) => (a.record.name < b.record.name ? -1 : 1));
    const own = Object.entries(request.endpoints).find(
      ([reference]) => this.#d.registry.find(reference).id === mode.id,
    );
    return [
      { record: mode, config: own?.[1] ?? {} },
      ...others.map(({ reference, record }) => ({ record, config: request.endpoints[reference] ?? {} })),
    ];
  }

  #readyEndpoint(
    sandbox: SandboxState,
    record: NetworkRecord,
    config: EndpointSettings,
    ready: { readonly mac: string; readonly address4: string; readonly hostDevice: string },
  ): Endpoint {
    const { endpoint } = this.#base.planned(sandbox, record, undefined, config, firstDevice.name);
    return { ...endpoint, mac: ready.mac, address4: ready.address4, hostDevice: ready.hostDevice, device: firstDevice };
  }
}
