/** Containers' sandboxes: opened, closed, and connected to networks and disconnected from them while a container runs. */
import type { ContainerId, EndpointSettings, NetworkId, Sandbox, SandboxRequest } from "../domains.ts";
import { EngineError } from "../errors.ts";
import { listLinks, parseLinks, sequence } from "../netlink/index.ts";
import { GuestError, type OpResult } from "../ports/guest.ts";
import { deviceName, deviceRemovalOps } from "./endpoint-devices.ts";
import type { NetworkRecord, SandboxState } from "./model.ts";
import { ruleRemovalOps } from "./publishing.ts";
import { kernelError, SandboxBase, type SandboxDependencies } from "./sandbox-base.ts";
import { SandboxOpening } from "./sandbox-opening.ts";
import { isDefaultBridge, isUserDefined, routeOps } from "./sandbox-plan.ts";
import { type ConnectedSandbox, firstDevice } from "./sandbox-pool.ts";

export class Sandboxes {
  readonly #base: SandboxBase;
  readonly #opening: SandboxOpening;
  readonly #d: SandboxDependencies;

  constructor(dependencies: SandboxDependencies) {
    this.#d = dependencies;
    this.#base = new SandboxBase(dependencies);
    this.#opening = new SandboxOpening(this.#base);
  }

  get(container: ContainerId): Sandbox | undefined {
    const state = this.#d.state.sandboxes.get(container);
    return state === undefined ? undefined : this.#base.viewOf(state);
  }

  async open(request: SandboxRequest): Promise<Sandbox> {
    try {
      return await this.#opening.open(request);
    } catch (error) {
      if (!isIndexTaken(error)) throw error;
    }
    // Somebody made devices with the indexes that were ours next.
    const [links] = await this.#d.guest.batch([
      { op: "netlink", protocol: "route", messages: sequence([listLinks()]) },
    ]);
    this.#d.state.skipLinkIndexes(parseLinks(bytesOf(links)).map((link) => link.index));
    return this.#opening.open(request);
  }

  /**
   * Releases addresses and ports at once; the kernel's part is done without anybody waiting for it. A namespace that nothing could
   * have changed goes back to the pool: taking one apart and making another costs ten times what the container did.
   */
  close(container: ContainerId, untouched: boolean): void {
    const state = this.#d.state.sandboxes.get(container);
    if (state === undefined) return;
    this.#d.state.sandboxes.delete(container);
    this.#base.background.later(this.#d.names.close(container));
    if (state.mode === "shared") return;
    for (const endpoint of state.endpoints) this.#base.publish("disconnect", endpoint, container);
    const ready = untouched ? this.#reusable(state) : undefined;
    if (ready !== undefined && this.#d.pool.hasRoom) this.#base.background.later(this.#reuse(state, ready));
    else {
      this.#base.background.later(this.#d.pool.released());
      this.#base.background.later(this.#base.demolish(state));
    }
  }

  async #reuse(state: SandboxState, ready: ConnectedSandbox): Promise<void> {
    const taken = this.#d.pool.takeBack(ready);
    const removals = ruleRemovalOps(state.endpoints.flatMap((endpoint) => endpoint.rules));
    if (removals.length > 0) await this.#d.guest.batch(removals);
    await taken;
  }

  /** A sandbox as the pool makes them: on the default bridge alone, with the first device, as it was given. */
  #reusable(state: SandboxState): ConnectedSandbox | undefined {
    const [endpoint, ...others] = state.endpoints;
    const record = endpoint === undefined ? undefined : this.#base.recordOf(endpoint);
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
  settled(): Promise<void> {
    return this.#base.background.settled();
  }

  async connect(container: ContainerId, record: NetworkRecord, config: EndpointSettings): Promise<SandboxState> {
    const state = this.#running(container);
    const link = this.#d.state.links.get(record.id);
    const { endpoint, ops } = this.#base.planned(state, record, link, config, deviceName(state.endpoints, config));
    const endpoints = [...state.endpoints, endpoint];
    const embeddedDns = state.embeddedDns || isUserDefined(record);
    const next: SandboxState = {
      ...state,
      embeddedDns,
      endpoints,
      nextDevice: Math.max(state.nextDevice, (endpoint.device?.index ?? 0) + 1),
    };
    this.#d.state.sandboxes.set(container, next);
    try {
      const routes =
        state.namespace === undefined ? [] : routeOps(state.namespace, state.endpoints, endpoints, this.#base.recordOf);
      await this.#d.guest.batch([...this.#base.yielded(record, endpoint), ...ops, ...routes]);
      const moved = await this.#d.ports.move(next);
      if (embeddedDns) await this.#d.names.open(moved);
      this.#base.publish("connect", endpoint, container);
      return moved;
    } catch (error) {
      this.#d.state.sandboxes.set(container, state);
      const undo = deviceRemovalOps(state, [endpoint]);
      if (undo.length > 0) this.#base.background.later(this.#d.guest.batch(undo).then(() => {}));
      throw kernelError(error);
    }
  }

  async disconnect(container: ContainerId, network: NetworkId): Promise<SandboxState> {
    const state = this.#running(container);
    const gone = state.endpoints.filter((endpoint) => endpoint.network === network);
    const endpoints = state.endpoints.filter((endpoint) => endpoint.network !== network);
    const next: SandboxState = { ...state, endpoints };
    this.#d.state.sandboxes.set(container, next);
    const routes =
      state.namespace === undefined ? [] : routeOps(state.namespace, state.endpoints, endpoints, this.#base.recordOf);
    await this.#d.guest.batch([
      ...ruleRemovalOps(gone.flatMap((e) => e.rules)),
      ...deviceRemovalOps(state, gone),
      ...routes,
    ]);
    const moved = await this.#d.ports.move(next);
    for (const endpoint of gone) this.#base.publish("disconnect", endpoint, container);
    this.#base.background.later(this.#d.pool.released());
    return moved;
  }

  #running(container: ContainerId): SandboxState {
    const state = this.#d.state.sandboxes.get(container);
    if (state === undefined) throw new EngineError("conflict", `container ${container} is not running`);
    return state;
  }
}

const bytesOf = (result: OpResult): Uint8Array => (result instanceof Uint8Array ? result : new Uint8Array());

const isIndexTaken = (error: unknown): boolean =>
  error instanceof EngineError &&
  error.cause instanceof GuestError &&
  error.cause.operation === "netlink" &&
  (error.cause.errno === "EEXIST" || error.cause.errno === "EBUSY");
