/** Volumes as the API and the containers' domain use them. */
import { syntaxError } from "../../go/strconv.ts";
import type { EventSink, VolumeMountPoint, Volumes, VolumeUsers } from "../domains.ts";
import { EngineError } from "../errors.ts";
import { booleanFilter, checkFilters, type Filters, isAny, matches, matchesLabels } from "../filter-args.ts";
import { type Guest, GuestError, type Op, type TreeEntry } from "../ports/guest.ts";
import type { Clock, Randomness } from "../ports/host.ts";
import type { RecordStore } from "../ports/storage.ts";
import { checkName, checkOptions, mountFailure, volumeMount } from "./local-driver.ts";
import {
  anonymousLabel,
  isAnonymous,
  mountpointOf,
  type VolumeJson,
  type VolumeRecord,
  volumeJson,
  volumesDirectory,
} from "./model.ts";

/** Schema VolumeCreateOptions. */
export interface VolumeCreateRequest {
  readonly Name?: string;
  readonly Driver?: string;
  readonly DriverOpts?: Readonly<Record<string, string>> | null;
  readonly Labels?: Readonly<Record<string, string>> | null;
}

export interface VolumesDependencies {
  readonly guest: Guest;
  readonly records: RecordStore;
  readonly events: EventSink;
  readonly users: VolumeUsers;
  readonly clock: Clock;
  readonly random: Randomness;
  /** What is mounted in the kernel already, as {@link VolumeService.exportState} gave it when the machine was saved. */
  readonly state?: VolumesState;
}
export interface VolumesState {
  readonly schema: 1;
  readonly mounted: readonly string[];
}

const kind = "volume";
const notBoolean = (values: readonly string[] = []): string =>
  `invalid filter 'all': ${syntaxError("ParseBool", values[0] ?? "")}`;

const listFilters = ["dangling", "driver", "label", "name"];
const pruneFilters = ["all", "label", "label!"];

export class VolumeService implements Volumes {
  readonly #guest: Guest;
  readonly #records: RecordStore;
  readonly #events: EventSink;
  readonly #users: VolumeUsers;
  readonly #clock: Clock;
  readonly #random: Randomness;
  readonly #volumes = new Map<string, VolumeRecord>();
  readonly #mounted: Set<string>;
  /** Volumes that are being made; a second request for the name waits for the first. */
  readonly #making = new Map<string, Promise<VolumeRecord>>();

  constructor(dependencies: VolumesDependencies) {
    this.#guest = dependencies.guest;
    this.#records = dependencies.records;
    this.#events = dependencies.events;
    this.#users = dependencies.users;
    this.#clock = dependencies.clock;
    this.#random = dependencies.random;
    this.#mounted = new Set(dependencies.state?.mounted);
  }

  async start(): Promise<void> {
    for (const { value } of await this.#records.list(kind)) {
      const record = value as VolumeRecord;
      this.#volumes.set(record.name, record);
    }
  }

  exportState(): VolumesState {
    return { schema: 1, mounted: [...this.#mounted] };
  }

  // ---------------------------------------------------------------- Volumes
  async ensure(request: Parameters<Volumes["ensure"]>[0]): Promise<VolumeMountPoint> {
    const record = await this.#ensure({
      ...(request.name === undefined ? {} : { Name: request.name }),
      ...(request.driver === undefined ? {} : { Driver: request.driver }),
      DriverOpts: request.driverOptions ?? null,
      Labels: request.labels ?? null,
    });
    return { name: record.name, driver: record.driver, source: mountpointOf(record.name) };
  }

  /** Mounts what the options ask for on the first use, as dockerd does, and reports its failure in dockerd's words; nothing is left for the caller. */
  async mountOps(name: string): Promise<readonly Op[]> {
    const record = this.#volumes.get(name);
    const mount = record === undefined ? undefined : volumeMount(record);
    if (record === undefined || mount === undefined || this.#mounted.has(name)) return [];
    this.#mounted.add(name);
    try {
      await this.#guest.batch([mount.op]);
    } catch (error) {
      this.#mounted.delete(name);
      throw error instanceof GuestError ? mountFailure(record, mount, error) : error;
    }
    return [];
  }

  async remove(name: string, options: { readonly force: boolean }): Promise<void> {
    const record = this.#volumes.get(name);
    if (record === undefined) {
      if (options.force) return;
      throw missing(name);
    }
    const users = this.#users.containersUsing(name);
    if (users.length > 0)
      throw new EngineError("conflict", `remove ${name}: volume is in use - [${users.join(", ")}]`, { resource: name });
    await this.#delete(record);
  }

  // ---------------------------------------------------------------- the API's operations
  async create(request: VolumeCreateRequest): Promise<VolumeJson> {
    return volumeJson(await this.#ensure(request));
  }

  inspect(name: string): VolumeJson {
    const record = this.#volumes.get(name);
    if (record === undefined) throw missing(name);
    return volumeJson(record);
  }

  list(filters: Filters): readonly VolumeJson[] {
    checkFilters(filters, listFilters);
    const dangling = booleanFilter(filters, "dangling");
    return [...this.#volumes.values()]
      .filter(
        (record) =>
          matches(filters.name, record.name) &&
          isAny(filters.driver, record.driver) &&
          matchesLabels(filters.label, record.labels ?? {}) &&
          (dangling === undefined || dangling === (this.#users.containersUsing(record.name).length === 0)),
      )
      .map(volumeJson);
  }

  /** `all`: named ones too, as clients before API 1.42 expect. */
  async prune(
    filters: Filters,
    all = false,
  ): Promise<{ readonly VolumesDeleted: readonly string[]; readonly SpaceReclaimed: number }> {
    checkFilters(filters, pruneFilters);
    const named = all || booleanFilter(filters, "all", notBoolean(filters.all)) === true;
    const removed: string[] = [];
    let reclaimed = 0;
    for (const record of [...this.#volumes.values()]) {
      const labels = record.labels ?? {};
      if (!named && !isAnonymous(record)) continue;
      if (!matchesLabels(filters.label, labels)) continue;
      if ((filters["label!"] ?? []).some((value) => matchesLabels([value], labels))) continue;
      if (this.#users.containersUsing(record.name).length > 0) continue;
      reclaimed += await this.#size(record);
      await this.#delete(record);
      removed.push(record.name);
    }
    this.#events.publish("volume", "prune", "", { reclaimed: String(reclaimed) });
    return { VolumesDeleted: removed, SpaceReclaimed: reclaimed };
  }

  /** For `system df`: each volume with its size and how many containers use it. */
  async usage(): Promise<readonly VolumeJson[]> {
    const out: VolumeJson[] = [];
    for (const record of this.#volumes.values())
      out.push({
        ...volumeJson(record),
        UsageData: { RefCount: this.#users.containersUsing(record.name).length, Size: await this.#size(record) },
      });
    return out;
  }

  async #ensure(request: VolumeCreateRequest): Promise<VolumeRecord> {
    const named = request.Name !== undefined && request.Name !== "";
    const name = named ? (request.Name ?? "") : this.#newName();
    const driver = request.Driver || "local";
    if (driver !== "local" && driver !== "default")
      throw new EngineError(
        "notFound",
        `create ${name}: error looking up volume plugin ${driver}: plugin ${JSON.stringify(driver)} not found`,
      );
    const there = this.#volumes.get(name) ?? this.#making.get(name);
    if (there !== undefined) return there;
    checkName(name);
    const options = request.DriverOpts ?? null;
    checkOptions(name, options);
    const labels = named ? (request.Labels ?? null) : { ...request.Labels, [anonymousLabel]: "" };
    const record: VolumeRecord = {
      schema: 1,
      name,
      driver: "local",
      created: this.#clock
        .now()
        .toISOString()
        .replace(/\.\d+Z$/, "Z"),
      labels,
      options: options === null || Object.keys(options).length === 0 ? null : options,
    };
    const made = this.#make(record).finally(() => this.#making.delete(name));
    this.#making.set(name, made);
    return made;
  }

  async #make(record: VolumeRecord): Promise<VolumeRecord> {
    await this.#guest.batch([
      { op: "mkdir", path: volumesDirectory, mode: 0o701, parents: true },
      { op: "mkdir", path: `${volumesDirectory}/${record.name}`, mode: 0o701, ignore: ["EEXIST"] },
      { op: "mkdir", path: mountpointOf(record.name), mode: 0o755, ignore: ["EEXIST"] },
    ]);
    await this.#records.put(kind, record.name, record);
    this.#volumes.set(record.name, record);
    this.#events.publish("volume", "create", record.name, { driver: record.driver });
    return record;
  }

  async #delete(record: VolumeRecord): Promise<void> {
    const ops: Op[] = [];
    if (this.#mounted.delete(record.name))
      ops.push({ op: "umount", path: mountpointOf(record.name), detach: true, ignore: ["*"] });
    await this.#records.delete(kind, record.name);
    this.#volumes.delete(record.name);
    await this.#guest.batch([...ops, { op: "removeTree", path: `${volumesDirectory}/${record.name}` }]);
    this.#events.publish("volume", "destroy", record.name, { driver: record.driver });
  }

  /** As moby's directory.Size: files once each, directories not counted. */
  async #size(record: VolumeRecord): Promise<number> {
    const [entries] = await this.#guest.batch([{ op: "walk", path: mountpointOf(record.name), ignore: ["*"] }]);
    const seen = new Set<number>();
    let size = 0;
    for (const entry of (entries ?? []) as readonly TreeEntry[]) {
      if (entry.type === "directory" || seen.has(entry.inode)) continue;
      seen.add(entry.inode);
      size += entry.size;
    }
    return size;
  }

  #newName(): string {
    return Array.from(this.#random.bytes(32), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}

const missing = (name: string): EngineError =>
  new EngineError("notFound", `get ${name}: no such volume`, { resource: name });
