/**
 * Network namespaces made before they are needed: some with a device, an address and a route on the default bridge, some bare. A new
 * network namespace is two thirds of the work of starting a container; `docker run` on the default bridge takes one from here
 * without asking the kernel anything. Addresses are given as Docker gives them, the lowest free one first: a namespace
 * that was made for another address gets the right one while nothing waits for it.
 */
import type { NetworkId } from "../domains.ts";
import {
  addAddress,
  addRoute,
  changeLink,
  deleteAddress,
  deleteLink,
  formatAddress,
  listAddresses,
  listLinks,
  listSockets,
  parseAddresses,
  parseLinks,
  parseSockets,
  sequence,
  socketStates,
} from "../netlink/index.ts";
import type { Guest, Op, OpResult } from "../ports/guest.ts";
import type { Clock, Randomness } from "../ports/host.ts";
import { createDeviceOps } from "./drivers.ts";
import { address, chooseAddress, poolPrefixLength } from "./ipam.ts";
import type { AddressPool, NetworkRecord, ReadySandbox } from "./model.ts";
import { endpointMac, endpointMacText, hexId } from "./naming.ts";
import type { KernelState } from "./state.ts";

export const namespaceDirectory = "/run/docker/netns";
export const firstDevice = { name: "eth0", index: 2 } as const;

export type ConnectedSandbox = ReadySandbox & { readonly endpoint: NonNullable<ReadySandbox["endpoint"]> };

export interface PoolSizes {
  /** On the default bridge. */
  readonly connected: number;
  readonly bare: number;
}
/** Milliseconds without a container coming or going, before the pool is filled again. */
const restAfter = 40;

export class SandboxPool {
  readonly #guest: Guest;
  readonly #clock: Clock;
  readonly #random: Randomness;
  readonly #state: KernelState;
  readonly #sizes: PoolSizes;
  readonly #defaultBridge: () => { readonly record: NetworkRecord; readonly index: number } | undefined;
  /** Namespaces whose address is being changed. */
  readonly #changing = new Map<string, Promise<void>>();
  readonly #returning = new Set<Promise<void>>();
  #cancelRest: (() => void) | undefined;
  #filling: Promise<void> | undefined;

  constructor(dependencies: {
    readonly guest: Guest;
    readonly clock: Clock;
    readonly random: Randomness;
    readonly state: KernelState;
    readonly sizes: PoolSizes;
    readonly defaultBridge: () => { readonly record: NetworkRecord; readonly index: number } | undefined;
  }) {
    this.#guest = dependencies.guest;
    this.#clock = dependencies.clock;
    this.#random = dependencies.random;
    this.#state = dependencies.state;
    this.#sizes = dependencies.sizes;
    this.#defaultBridge = dependencies.defaultBridge;
  }

  /** A namespace on the default bridge, with the lowest free address, which stays promised until the caller has noted who has it. */
  async takeConnected(): Promise<ConnectedSandbox | undefined> {
    this.#postpone();
    // One with a lower address may be on its way back.
    while (this.#returning.size > 0) await Promise.all(this.#returning);
    const taken = this.#connected()[0];
    if (taken === undefined) return undefined;
    this.#remove(taken);
    const wanted = this.#wantedAddress(taken.endpoint.network) ?? taken.endpoint.address4;
    this.#state.promised.add(wanted);
    try {
      await this.#changing.get(taken.id);
      if (wanted !== taken.endpoint.address4) await this.#readdress(taken, wanted);
    } catch {
      this.#state.promised.delete(wanted);
      await this.#guest.batch(removeNamespaceOps(taken.namespace));
      return undefined;
    }
    return this.#withAddress(taken, wanted);
  }

  takeBare(): ReadySandbox | undefined {
    this.#postpone();
    const taken = this.#state.ready.find((ready) => ready.endpoint === undefined);
    if (taken !== undefined) this.#remove(taken);
    return taken;
  }

  get hasRoom(): boolean {
    return this.#connected().length + this.#returning.size < 2 * this.#sizes.connected;
  }

  /**
   * A container that could change nothing has left the namespace. It is looked at all the same, as the machine's administrator can enter
   * any: devices and addresses must be the ones given, and no connection may linger. The next container knows it by a new id.
   */
  takeBack(used: ConnectedSandbox): Promise<void> {
    this.#postpone();
    const { address4 } = used.endpoint;
    this.#state.promised.add(address4);
    const work: Promise<void> = this.#takeBack(used).finally(() => {
      this.#state.promised.delete(address4);
      this.#returning.delete(work);
    });
    this.#returning.add(work);
    return work;
  }

  async #takeBack(used: ConnectedSandbox): Promise<void> {
    const { namespace } = used;
    const id = hexId(this.#random);
    const renamed = namespacePath(id);
    try {
      if (await this.#isClean(used)) {
        await this.#guest.batch([
          { op: "write", path: renamed, data: "", mode: 0o444 },
          { op: "mount", source: namespace, target: renamed, flags: ["bind"] },
          ...removeNamespaceOps(namespace),
        ]);
        this.#state.ready.push({ ...used, id, namespace: renamed });
        return;
      }
    } catch {
      // Whatever it is, it is not used again.
    }
    await this.#guest.batch([...removeNamespaceOps(namespace), ...removeNamespaceOps(renamed)]);
  }

  async #isClean({ namespace, endpoint }: ConnectedSandbox): Promise<boolean> {
    const ask = (protocol: "route" | "sock_diag", query: Uint8Array): Op => ({
      op: "netlink",
      protocol,
      namespace,
      messages: sequence([query]),
    });
    const [links, addresses, ...connections] = await this.#guest.batch([
      ask("route", listLinks()),
      ask("route", listAddresses()),
      ask("sock_diag", listSockets(4, "tcp", socketStates.all)),
      ask("sock_diag", listSockets(6, "tcp", socketStates.all)),
    ]);
    const devices = parseLinks(bytesOf(links)).filter(({ up }) => up);
    const device = devices.find(({ index }) => index === endpoint.deviceIndex);
    const own = parseAddresses(bytesOf(addresses)).filter(({ index }) => index === endpoint.deviceIndex);
    return (
      devices.length === 2 &&
      device?.name === firstDevice.name &&
      device.mac === endpoint.mac &&
      own.length === 1 &&
      own[0]?.address === endpoint.address4 &&
      connections.every((answer) => parseSockets(bytesOf(answer)).length === 0)
    );
  }

  /** Gives up the namespace that holds an address which an endpoint is to get; the operations come before those of the endpoint. */
  yieldAddress(address4: string): readonly Op[] {
    const holder = this.#connected().find(({ endpoint }) => endpoint.address4 === address4);
    if (holder === undefined) return [];
    this.#remove(holder);
    const gone = sequence([deleteLink(0, holder.endpoint.hostDevice)]);
    return [
      { op: "netlink", protocol: "route", messages: gone, ignore: ["ENODEV"] },
      ...removeNamespaceOps(holder.namespace),
    ];
  }

  /** An address has become free: the next namespace in line takes it. Fills up after a while of rest. */
  released(): Promise<void> {
    this.#postpone();
    const head = this.#connected()[0];
    if (head === undefined || this.#changing.has(head.id)) return Promise.resolve();
    const wanted = this.#wantedAddress(head.endpoint.network);
    if (wanted === undefined || address(wanted).value >= address(head.endpoint.address4).value)
      return Promise.resolve();
    const at = this.#state.ready.indexOf(head);
    this.#state.ready[at] = this.#withAddress(head, wanted);
    const change = this.#readdress(head, wanted).finally(() => this.#changing.delete(head.id));
    this.#changing.set(head.id, change);
    return change;
  }

  /** Brings the pool to its full size now. */
  async fill(): Promise<void> {
    this.#filling ??= this.#fill().finally(() => {
      this.#filling = undefined;
    });
    await this.#filling;
  }

  /** Ends waiting timers; what is in store stays. */
  stop(): void {
    this.#cancelRest?.();
    this.#cancelRest = undefined;
  }

  #connected(): ConnectedSandbox[] {
    return this.#state.ready
      .filter((ready): ready is ConnectedSandbox => ready.endpoint !== undefined)
      .sort((a, b) => Number(address(a.endpoint.address4).value - address(b.endpoint.address4).value));
  }

  #remove(ready: ReadySandbox): void {
    this.#state.ready.splice(
      this.#state.ready.findIndex((other) => other.id === ready.id),
      1,
    );
  }

  #pool(): AddressPool | undefined {
    return this.#defaultBridge()?.record.pools[0];
  }

  /** What Docker would give next: the lowest address that no container has. */
  #wantedAddress(network: NetworkId): string | undefined {
    const pool = this.#pool();
    const wanted = pool === undefined ? undefined : chooseAddress(pool, this.#state.addresses(network));
    return wanted === undefined ? undefined : formatAddress(wanted);
  }

  #withAddress(ready: ConnectedSandbox, address4: string): ConnectedSandbox {
    return { ...ready, endpoint: { ...ready.endpoint, address4, mac: endpointMacText(address4, this.#random) } };
  }

  async #readdress(ready: ReadySandbox, wanted: string): Promise<void> {
    const pool = this.#pool();
    if (ready.endpoint === undefined || pool === undefined) return;
    const length = poolPrefixLength(pool);
    const index = ready.endpoint.deviceIndex;
    const route = pool.gateway === undefined ? [] : [addRoute(4, { gateway: address(pool.gateway), link: index })];
    const messages = [
      deleteAddress(index, { address: address(ready.endpoint.address4), length }),
      changeLink(index, { mac: endpointMac(wanted, this.#random) }),
      addAddress(index, { address: address(wanted), length }),
      ...route,
    ];
    await this.#guest.batch([
      { op: "netlink", protocol: "route", namespace: ready.namespace, messages: sequence(messages) },
    ]);
  }

  #postpone(): void {
    this.#cancelRest?.();
    this.#cancelRest = this.#clock.after(restAfter, () => {
      this.#cancelRest = undefined;
      // A namespace that cannot be made now is made when a container needs it, and fails there with its reason.
      this.fill().catch(() => {});
    });
  }

  async #fill(): Promise<void> {
    for (;;) {
      const bridge = this.#defaultBridge();
      const connected = this.#connected().length;
      if (bridge !== undefined && connected < this.#sizes.connected) await this.#makeConnected(bridge);
      else if (this.#state.ready.length - connected < this.#sizes.bare) await this.#makeBare();
      else return;
    }
  }

  async #makeBare(): Promise<void> {
    const id = hexId(this.#random);
    const namespace = namespacePath(id);
    await this.#guest.batch([{ op: "createNetworkNamespace", path: namespace }]);
    this.#state.ready.push({ id, namespace, endpoint: undefined });
  }

  async #makeConnected({ record, index }: { readonly record: NetworkRecord; readonly index: number }): Promise<void> {
    const pool = record.pools[0];
    const held = this.#connected().map(({ endpoint }) => endpoint.address4);
    const taken = new Set([...this.#state.addresses(record.id), ...held]);
    const free = pool === undefined ? undefined : chooseAddress(pool, taken);
    if (pool === undefined || free === undefined) return;
    const id = hexId(this.#random);
    const namespace = namespacePath(id);
    const address4 = formatAddress(free);
    const mac = endpointMacText(address4, this.#random);
    const hostDevice = `veth${hexId(this.#random).slice(0, 7)}`;
    const entry: ReadySandbox = {
      id,
      namespace,
      endpoint: { network: record.id, mac, address4, hostDevice, deviceIndex: firstDevice.index },
    };
    const device = createDeviceOps(
      record,
      { index },
      {
        device: firstDevice,
        hostDevice,
        hostIndex: this.#state.newLinkIndex(),
        mac,
        address4,
        address6: undefined,
      },
      namespace,
    );
    const route: readonly Op[] =
      pool.gateway === undefined
        ? []
        : [
            {
              op: "netlink",
              protocol: "route",
              namespace,
              messages: sequence([addRoute(4, { gateway: address(pool.gateway), link: firstDevice.index })]),
            },
          ];
    this.#state.promised.add(address4);
    try {
      await this.#guest.batch([{ op: "createNetworkNamespace", path: namespace }, ...device, ...route]);
      this.#state.ready.push(entry);
    } catch (error) {
      await this.#guest.batch(removeNamespaceOps(namespace));
      throw error;
    } finally {
      this.#state.promised.delete(address4);
    }
  }
}

/** The kernel takes the namespace apart, devices included, once no process is left in it. */
export const removeNamespaceOps = (namespace: string): readonly Op[] => [
  { op: "umount", path: namespace, detach: true, ignore: ["*"] },
  { op: "unlink", path: namespace, ignore: ["*"] },
];

const bytesOf = (result: OpResult | undefined): Uint8Array =>
  result instanceof Uint8Array ? result : new Uint8Array();

export const namespacePath = (id: string): string => `${namespaceDirectory}/${id.slice(0, 12)}`;
