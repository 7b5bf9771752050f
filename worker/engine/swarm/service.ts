import type { EventSink } from "../domains.ts";
import { EngineError } from "../errors.ts";
import { checkFilters, type Filters, isAny, matchesLabels } from "../filter-args.ts";
import type { Clock, Randomness } from "../ports/host.ts";
import type { RecordStore } from "../ports/storage.ts";
import { DataObjects } from "./data-objects.ts";
import type { Cluster, NodeSpec, Versioned } from "./model.ts";
import {
  field,
  readAdvertiseAddress,
  readClusterSpec,
  readListenAddress,
  readNodeSpec,
  readObject,
  refused,
} from "./requests.ts";

export interface SwarmDependencies {
  readonly records: RecordStore;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly random: Randomness;
  readonly machine: { readonly name: string; readonly processors: number; readonly memory: number };
  readonly engineVersion: string;
}

const recordKind = "swarm";
export const notManager =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';
const alreadyPart =
  'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join another one.';

export class Swarm {
  readonly #d: SwarmDependencies;
  #cluster: Cluster | undefined;
  readonly secrets: DataObjects;
  readonly configs: DataObjects;

  private constructor(dependencies: SwarmDependencies, cluster: Cluster | undefined) {
    this.#d = dependencies;
    this.#cluster = cluster;
    const around = {
      records: dependencies.records,
      events: dependencies.events,
      /** Throws outside a swarm. */
      next: () => this.#next(),
      active: () => void this.#active(),
      newId: () => this.#id(),
      now: () => this.#now(),
    };
    this.secrets = new DataObjects("secret", around);
    this.configs = new DataObjects("config", around);
  }

  static async load(dependencies: SwarmDependencies): Promise<Swarm> {
    const stored = (await dependencies.records.get(recordKind, "cluster")) as Cluster | undefined;
    const swarm = new Swarm(dependencies, stored?.schema === 1 ? stored : undefined);
    await Promise.all([swarm.secrets.load(), swarm.configs.load()]);
    return swarm;
  }

  get isActive(): boolean {
    return this.#cluster !== undefined;
  }

  // ---------------------------------------------------------------- the cluster
  /** Answers the node's id. */
  async init(body: unknown): Promise<string> {
    const request = readObject(body, "swarm.InitRequest");
    if (this.#cluster !== undefined && field(request, "ForceNewCluster") !== true)
      throw new EngineError("unavailable", alreadyPart);
    if (this.#cluster !== undefined) return this.#cluster.node.ID;
    const listen = readListenAddress(field(request, "ListenAddr"));
    const address = readAdvertiseAddress(field(request, "AdvertiseAddr"), listen);
    const spec = readClusterSpec(field(request, "Spec"));
    const given = field(request, "DefaultAddrPool");
    const pools = Array.isArray(given) ? given.filter(isText) : [];
    const at = this.#now();
    const fresh = (index: number): Versioned => ({
      ID: this.#id(),
      Version: { Index: index },
      CreatedAt: at,
      UpdatedAt: at,
    });
    const node: Cluster["node"] = {
      ...fresh(9),
      spec: { Labels: {}, Role: "manager", Availability: readAvailability(field(request, "Availability")) },
      address,
      port: listen.port,
    };
    const secret = this.#text(50);
    await this.#save({
      ...fresh(10),
      schema: 1,
      spec,
      addressPools: pools.length > 0 ? pools : ["10.0.0.0/8"],
      subnetSize: numberOr(field(request, "SubnetSize"), 24),
      dataPathPort: numberOr(field(request, "DataPathPort"), 4789),
      tokens: { Worker: this.#token(secret), Manager: this.#token(secret) },
      unlockKey: spec.EncryptionConfig.AutoLockManagers ? this.#unlockKey() : "",
      node,
      lastIndex: 10,
    });
    this.#event("node", "update", node.ID, {
      name: this.#d.machine.name,
      "state.new": "ready",
      "state.old": "unknown",
    });
    return node.ID;
  }

  /** Nobody else's swarm is within reach. */
  join(body: unknown): never {
    if (this.#cluster !== undefined) throw new EngineError("unavailable", alreadyPart);
    const request = readObject(body, "swarm.JoinRequest");
    readListenAddress(field(request, "ListenAddr"));
    if (!/^SWMTKN-1-[0-9a-z]{50}-[0-9a-z]{25}$/.test(String(field(request, "JoinToken") ?? "")))
      throw new EngineError("system", "invalid join token");
    throw new EngineError("unavailable", "Timeout was reached before node joined: no other machine is within reach");
  }

  async leave(force: boolean): Promise<void> {
    if (this.#cluster === undefined) throw new EngineError("unavailable", "This node is not part of a swarm");
    if (!force)
      throw new EngineError(
        "unavailable",
        "You are attempting to leave the swarm on a node that is participating as a manager. Removing the last manager erases all current state of the swarm. Use `--force` to ignore this message. ",
      );
    this.#cluster = undefined;
    await this.#d.records.delete(recordKind, "cluster");
    await Promise.all([this.secrets.clear(), this.configs.clear()]);
  }

  inspect(): object {
    const { tokens } = this.#active();
    return { ...this.#clusterView(), JoinTokens: tokens };
  }

  async update(version: number, body: unknown, rotate: readonly string[]): Promise<void> {
    const cluster = this.#active();
    const spec = readClusterSpec(readObject(body, "swarm.Spec"), cluster.spec);
    if (version !== cluster.Version.Index) throw refused("Unknown", "update out of sequence");
    const secret = cluster.tokens.Worker.split("-")[2] ?? "";
    const locks = spec.EncryptionConfig.AutoLockManagers;
    const newKey = locks && (cluster.unlockKey === "" || rotate.includes("unlockKey"));
    await this.#save({
      ...this.#changed(cluster),
      spec,
      tokens: {
        Worker: rotate.includes("worker") ? this.#token(secret) : cluster.tokens.Worker,
        Manager: rotate.includes("manager") ? this.#token(secret) : cluster.tokens.Manager,
      },
      unlockKey: newKey ? this.#unlockKey() : locks ? cluster.unlockKey : "",
    });
  }

  unlockKey(): string {
    return this.#active().unlockKey;
  }

  unlock(): never {
    this.#active();
    throw new EngineError("conflict", "swarm is not locked");
  }

  // ---------------------------------------------------------------- its node
  nodes(filters: Filters): readonly object[] {
    const { node } = this.#active();
    checkFilters(filters, ["id", "label", "membership", "name", "node.label", "role"]);
    const { name } = this.#d.machine;
    const chosen =
      (filters.id ?? [node.ID]).some((id) => node.ID.startsWith(id)) &&
      (filters.name ?? [name]).some((prefix) => name.startsWith(prefix)) &&
      isAny(filters.role, node.spec.Role) &&
      isAny(filters.membership, "accepted") &&
      matchesLabels(filters["node.label"], node.spec.Labels) &&
      matchesLabels(filters.label, {});
    return chosen ? [this.#nodeView()] : [];
  }

  node(reference: string): object {
    this.#findNode(reference);
    return this.#nodeView();
  }

  async updateNode(reference: string, version: number, body: unknown): Promise<void> {
    const spec = readNodeSpec(body);
    const node = this.#findNode(reference);
    if (version !== node.Version.Index) throw refused("Unknown", "update out of sequence");
    if (spec.Role === "worker")
      throw refused("FailedPrecondition", "attempting to demote the last manager of the swarm");
    const cluster = this.#active();
    const before = node.spec.Availability;
    const changed = this.#changed(node);
    await this.#save({ ...cluster, lastIndex: changed.Version.Index, node: { ...changed, spec } });
    const change =
      before === spec.Availability ? {} : { "availability.new": spec.Availability, "availability.old": before };
    this.#event("node", "update", node.ID, { name: this.#d.machine.name, ...change });
  }

  removeNode(reference: string): never {
    const { ID } = this.#findNode(reference);
    throw refused(
      "FailedPrecondition",
      `node ${ID} is a cluster manager and is a member of the raft cluster. It must be demoted to worker before removal`,
    );
  }

  // ---------------------------------------------------------------- for `docker info`
  info(): object {
    const cluster = this.#cluster;
    if (cluster === undefined)
      return {
        NodeID: "",
        NodeAddr: "",
        LocalNodeState: "inactive",
        ControlAvailable: false,
        Error: "",
        RemoteManagers: null,
      };
    const { ID, address, port } = cluster.node;
    return {
      NodeID: ID,
      NodeAddr: address,
      LocalNodeState: "active",
      ControlAvailable: true,
      Error: "",
      RemoteManagers: [{ NodeID: ID, Addr: `${address}:${port}` }],
      Nodes: 1,
      Managers: 1,
      Cluster: this.#clusterView(),
    };
  }

  // ---------------------------------------------------------------- views
  #clusterView(): object {
    const { ID, Version, CreatedAt, UpdatedAt, spec, addressPools, subnetSize, dataPathPort } = this.#active();
    return {
      ID,
      Version,
      CreatedAt,
      UpdatedAt,
      Spec: spec,
      TLSInfo: {},
      RootRotationInProgress: false,
      DefaultAddrPool: addressPools,
      SubnetSize: subnetSize,
      DataPathPort: dataPathPort,
    };
  }

  #nodeView(): object {
    const { ID, Version, CreatedAt, UpdatedAt, spec, address, port } = this.#active().node;
    const { name, processors, memory } = this.#d.machine;
    const plugins = [
      ["Log", "json-file"],
      ["Log", "local"],
      ["Network", "bridge"],
      ["Network", "host"],
      ["Network", "ipvlan"],
      ["Network", "macvlan"],
      ["Network", "null"],
      ["Volume", "local"],
    ];
    return {
      ID,
      Version,
      CreatedAt,
      UpdatedAt,
      Spec: spec,
      Description: {
        Hostname: name,
        Platform: { Architecture: "i686", OS: "linux" },
        Resources: { NanoCPUs: processors * 1_000_000_000, MemoryBytes: memory },
        Engine: {
          EngineVersion: this.#d.engineVersion,
          Plugins: plugins.map(([Type, Name]) => ({ Type, Name })),
        },
        TLSInfo: {},
      },
      Status: { State: "ready", Addr: address },
      ManagerStatus: { Leader: true, Reachability: "reachable", Addr: `${address}:${port}` },
    };
  }

  #findNode(reference: string): Cluster["node"] {
    const { node } = this.#active();
    const found = node.ID === reference || node.ID.startsWith(reference) || reference === this.#d.machine.name;
    if (!found || reference === "") throw new EngineError("notFound", `node ${reference} not found`);
    return node;
  }

  // ---------------------------------------------------------------- state
  #active(): Cluster {
    if (this.#cluster === undefined) throw new EngineError("unavailable", notManager);
    return this.#cluster;
  }

  async #save(cluster: Cluster): Promise<void> {
    this.#cluster = cluster;
    await this.#d.records.put(recordKind, "cluster", cluster);
  }

  /** The next version of an object that is about to be stored. */
  async #next(): Promise<number> {
    const cluster = this.#active();
    const lastIndex = cluster.lastIndex + 1;
    await this.#save({ ...cluster, lastIndex });
    return lastIndex;
  }

  #changed<T extends Versioned>(object: T): T {
    const index = this.#active().lastIndex + 1;
    const { lastIndex } = object as { readonly lastIndex?: number };
    return {
      ...object,
      Version: { Index: index },
      UpdatedAt: this.#now(),
      ...(lastIndex === undefined ? {} : { lastIndex: index }),
    };
  }

  #event(type: "node", action: string, id: string, attributes: Readonly<Record<string, string>>): void {
    this.#d.events.publish(type, action, id, attributes);
  }

  #now(): string {
    return this.#d.clock.now().toISOString().replace("Z", "000000Z");
  }

  #id(): string {
    return this.#text(25);
  }
  #token(secret: string): string {
    return `SWMTKN-1-${secret}-${this.#text(25)}`;
  }
  #unlockKey(): string {
    return `SWMKEY-1-${btoa(String.fromCharCode(...this.#d.random.bytes(32))).replace(/=+$/, "")}`;
  }
  /** As swarmkit's identity.NewID: digits and small letters. */
  #text(length: number): string {
    return [...this.#d.random.bytes(length)].map((byte) => (byte % 36).toString(36)).join("");
  }
}

const isText = (value: unknown): value is string => typeof value === "string";
const numberOr = (value: unknown, otherwise: number): number =>
  typeof value === "number" && value > 0 ? value : otherwise;

function readAvailability(value: unknown): NodeSpec["Availability"] {
  return value === "pause" || value === "drain" ? value : "active";
}
