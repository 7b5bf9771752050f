/** The containers' API: what worker/api calls. Each operation is one of Docker's; the work is done in the modules beside. */
import type { ImageConfig, ImageId, ImageUsers, NetworkUsers, VolumeUsers } from "../domains.ts";
import { EngineError } from "../errors.ts";
import type { ByteDuplex, GuestProcess } from "../ports/guest.ts";
import { cgroupPath, limitOps } from "../runtime/index.ts";
import type { PathStat } from "./archive.ts";
import type { Change } from "./changes.ts";
import { checkResources } from "./check-host-config.ts";
import type { Container, WaitCondition, WaitResult } from "./container.ts";
import { ContainerFiles } from "./container-files.ts";
import { type Created, Creation, readCreateRequest } from "./creation.ts";
import { Fields } from "./decode.ts";
import type { ContainerDependencies } from "./dependencies.ts";
import { cgroupLimits } from "./describe.ts";
import type { ExecRequest } from "./execution.ts";
import { type ExecutionState, Executions } from "./executions.ts";
import type { FileView } from "./file-view.ts";
import { readResources, readRestartPolicy } from "./host-config.ts";
import { Lifecycle, type RunState } from "./lifecycle/index.ts";
import { removeLink } from "./links.ts";
import { type Filters, labelMatches } from "./list.ts";
import type { ContainerConfig, HostConfig } from "./model.ts";
import { checkName, nameConflict } from "./names.ts";
import { usersOf } from "./neighbours.ts";
import { upperDirectory } from "./paths.ts";
import { hasProcess, isPaused, isRunning } from "./predicates.ts";
import { reconcile } from "./reconcile.ts";
import { isSignal, parseSignal, SIGKILL } from "./signals.ts";
import { measureSizes } from "./sizes.ts";
import { ContainerStore } from "./store.ts";
import { type AttachRequest, type ContainerLogs, ContainerStreams, type LogRequest } from "./streams.ts";
import { formatTime, parseTimestamp } from "./times.ts";
import { changedResources, checkUpdate } from "./update.ts";
import { ContainerViews, type ListOptions } from "./views.ts";

export interface ContainersState {
  readonly schema: 1;
  readonly runs: readonly RunState[];
  readonly executions: readonly ExecutionState[];
}
/** Containers of a checkpoint and their processes, in the machine that was put back to it. */
export interface RunningContainers {
  readonly state: ContainersState;
  readonly find: (pid: number) => GuestProcess | undefined;
  /** All processes of the checkpoint's engine. */
  readonly pids: readonly number[];
}

const invalid = (message: string): EngineError => new EngineError("invalidParameter", message);

export class Containers {
  readonly #d: ContainerDependencies;
  readonly store: ContainerStore;
  readonly executions: Executions;
  readonly #lifecycle: Lifecycle;
  readonly #creation: Creation;
  readonly #files: ContainerFiles;
  readonly #views: ContainerViews;
  readonly #streams: ContainerStreams;
  /** For the domains beside. */
  readonly imageUsers: ImageUsers;
  readonly volumeUsers: VolumeUsers;
  readonly networkUsers: NetworkUsers;

  constructor(dependencies: ContainerDependencies) {
    this.#d = dependencies;
    this.store = new ContainerStore(dependencies.records);
    this.executions = new Executions(dependencies, this.store);
    this.#lifecycle = new Lifecycle(dependencies, this.store, (container, command, signal) =>
      this.executions.probe(container, command, signal),
    );
    this.#creation = new Creation(dependencies, this.store);
    const event = (container: Container, action: string): void => this.#lifecycle.event(container, action);
    this.#files = new ContainerFiles(dependencies, event);
    this.#views = new ContainerViews(dependencies, this.store, event);
    this.#streams = new ContainerStreams(dependencies, event);
    const users = usersOf(dependencies, this.store);
    this.imageUsers = users.imageUsers;
    this.volumeUsers = users.volumeUsers;
    this.networkUsers = users.networkUsers;
  }

  /** Directories, cgroups and programs that the machine needs once; after a boot or a restore of the shipped snapshot. */
  prepareMachine(): Promise<void> {
    return this.#lifecycle.prepareMachine();
  }

  /** Loads the records and puts them in agreement with the machine: nothing runs in it yet, or what ran at a checkpoint. */
  async open(running?: RunningContainers): Promise<void> {
    await this.store.load();
    if (running !== undefined) await this.#adopt(running);
    await reconcile(this.store, this.#lifecycle, formatTime(this.#d.clock.now()));
  }

  /** What memory alone knows, for a checkpoint. */
  exportState(): ContainersState {
    return {
      schema: 1,
      runs: this.store.all().flatMap((container) => this.#lifecycle.exportRun(container) ?? []),
      executions: this.executions.exportState(),
    };
  }

  /** Takes over what runs; programs of an engine that is no more, such as health checks, are ended. */
  async #adopt({ state, find, pids }: RunningContainers): Promise<void> {
    for (const run of state.runs) {
      const container = this.store.find(run.id);
      const process = container && hasProcess(container.state) ? find(container.state.pid) : undefined;
      if (container !== undefined && process !== undefined) this.#lifecycle.adopt(container, process, run);
    }
    this.executions.adopt(state.executions, find);
    for (const container of this.store.all())
      if (container.state.status === "restarting") this.#lifecycle.resumeRestart(container);
    const known = new Set(
      this.store.all().flatMap((c) => [c.process?.pid, ...[...c.executions.values()].map((e) => e.process?.pid)]),
    );
    const others = pids.filter((pid) => !known.has(pid));
    await this.#d.guest.batch(others.map((pid) => ({ op: "kill", pid, signal: SIGKILL, ignore: ["*"] })));
  }

  /** Resolves when nothing is going on behind answered requests. */
  idle(): Promise<void> {
    return this.#lifecycle.idle();
  }

  get(reference: string): Container {
    return this.store.get(reference);
  }

  // ------------------------------------------------------------------ life
  async create(body: unknown, name?: string, platform?: string): Promise<Created> {
    const { container, warnings } = await this.#creation.create(readCreateRequest(body), name, platform);
    return { Id: container.id, Warnings: warnings };
  }

  start(reference: string): Promise<void> {
    return this.#lifecycle.start(this.get(reference));
  }

  async stop(
    reference: string,
    options: { readonly timeout?: number | undefined; readonly signal?: string | undefined } = {},
  ): Promise<void> {
    const container = this.get(reference);
    if (!isRunning(container.state)) throw new EngineError("notModified", "container is already stopped");
    checkSignal(options.signal, "cannot stop container", reference, "system");
    await this.#lifecycle.stop(container, options);
  }

  async restart(
    reference: string,
    options: { readonly timeout?: number | undefined; readonly signal?: string | undefined } = {},
  ): Promise<void> {
    const container = this.get(reference);
    checkSignal(options.signal, "Cannot restart container", reference, "system");
    await this.#lifecycle.restart(container, options);
  }

  async kill(reference: string, signal = ""): Promise<void> {
    const container = this.store.find(reference);
    if (container === undefined)
      throw new EngineError("notFound", `cannot kill container: ${reference}: No such container: ${reference}`);
    const number = checkSignal(signal || undefined, "cannot kill container", reference, "invalidParameter") ?? SIGKILL;
    if (!isRunning(container.state))
      throw new EngineError(
        "conflict",
        `cannot kill container: ${reference}: container ${container.id} is not running`,
      );
    await this.#lifecycle.kill(container, number);
  }

  pause(reference: string): Promise<void> {
    return this.#lifecycle.freeze(this.get(reference), true);
  }
  unpause(reference: string): Promise<void> {
    return this.#lifecycle.freeze(this.get(reference), false);
  }

  /** What `docker commit` takes of a container. */
  toCommit(reference: string): {
    readonly id: string;
    readonly image: ImageId;
    readonly config: ImageConfig;
    readonly upper: string;
    readonly attributes: Readonly<Record<string, string>>;
    whilePaused<T>(work: () => Promise<T>): Promise<T>;
  } {
    const container = this.get(reference);
    return {
      id: container.id,
      image: container.record.image,
      config: withoutNulls(container.record.config),
      upper: upperDirectory(container.id),
      attributes: container.eventAttributes(),
      whilePaused: async (work) => {
        if (container.state.status !== "running") return await work();
        await this.#lifecycle.freeze(container, true);
        try {
          return await work();
        } finally {
          if (isPaused(container.state)) await this.#lifecycle.freeze(container, false);
        }
      },
    };
  }

  async remove(
    reference: string,
    options: { readonly force: boolean; readonly volumes: boolean; readonly link?: boolean },
  ): Promise<void> {
    if (options.link) return await removeLink(this.store, reference);
    const container = this.get(reference);
    await this.#lifecycle.remove(container, { force: options.force, volumes: options.volumes, reference });
    this.executions.forget(container);
  }

  wait(reference: string, condition: string, signal?: AbortSignal): Promise<WaitResult> {
    const container = this.get(reference);
    const wanted = condition === "" ? "not-running" : condition;
    if (wanted !== "not-running" && wanted !== "next-exit" && wanted !== "removed")
      throw invalid(`invalid condition: ${JSON.stringify(condition)}`);
    if (wanted === "not-running" && !isRunning(container.state))
      return Promise.resolve({ exitCode: container.state.exitCode, error: container.state.error });
    return container.wait(wanted as WaitCondition, signal);
  }

  async rename(reference: string, newName: string): Promise<void> {
    const container = this.get(reference);
    if (newName === "") throw invalid("Neither old nor new names may be empty");
    const context = "Error when allocating new name: ";
    const name = checkName(newName, context);
    const old = container.name;
    if (name === old) throw invalid("Renaming a container with the same name as its current name");
    const holder = this.store.find(name);
    if (holder !== undefined && holder.name === name) throw nameConflict(name, holder.id, context);
    this.store.reserveName(name, container.id);
    this.store.releaseName(old);
    container.record = { ...container.record, name };
    this.#d.networks.renamed(container.id, name);
    await this.store.save(container);
    this.#lifecycle.event(container, "rename", { oldName: `/${old}` });
  }

  async update(reference: string, body: unknown): Promise<{ readonly Warnings: readonly string[] | null }> {
    const container = this.get(reference);
    if (body === undefined) throw invalid("invalid JSON: got EOF while reading request body");
    const fields = Fields.of(body, "", "container.UpdateConfig");
    const { hostConfig } = container.record;
    const given = readResources(fields);
    const { warnings } = checkResources(given, this.#d.host, { update: true });
    const changed = changedResources(given);
    checkUpdate(container.id, hostConfig, changed);
    const value: HostConfig = { ...hostConfig, ...changed };
    const policy = fields.has("RestartPolicy") ? readRestartPolicy(fields) : undefined;
    if (policy !== undefined && policy.Name !== "no" && hostConfig.AutoRemove)
      throw new EngineError(
        "conflict",
        "Restart policy cannot be updated because AutoRemove is enabled for the container",
      );
    if (hasProcess(container.state)) {
      // The cgroup has a limit of before, which "none" has to replace.
      const limits = { ...cgroupLimits(value), ...(changed.PidsLimit === 0 ? { pidsLimit: -1 } : {}) };
      const ops = limitOps(cgroupPath(hostConfig.CgroupParent, container.id), limits);
      if (Object.keys(changed).length > 0) await this.#d.guest.batch(ops);
    }
    container.record = {
      ...container.record,
      hostConfig: {
        ...value,
        RestartPolicy: fields.object("RestartPolicy") && policy ? policy : hostConfig.RestartPolicy,
      },
    };
    await this.store.save(container);
    this.#lifecycle.event(container, "update");
    return { Warnings: warnings.length === 0 ? null : warnings };
  }

  async resize(reference: string, rows: number, columns: number): Promise<void> {
    const container = this.get(reference);
    if (container.process === undefined) throw new EngineError("conflict", `container ${container.id} is not running`);
    container.size = { rows, columns };
    if (container.record.config.Tty) await container.process.resize(rows, columns);
    this.#lifecycle.event(container, "resize", { height: String(rows), width: String(columns) });
  }

  async prune(
    filters: Filters,
  ): Promise<{ readonly ContainersDeleted: readonly string[] | null; readonly SpaceReclaimed: number }> {
    for (const name of Object.keys(filters))
      if (!["label", "label!", "until"].includes(name)) throw invalid(`invalid filter '${name}'`);
    const [until] = filters.until ?? [];
    const limit = until === undefined ? undefined : parseTimestamp(until, this.#d.clock.now());
    const deleted: string[] = [];
    let reclaimed = 0;
    for (const container of this.store.all()) {
      const { record } = container;
      if (isRunning(container.state)) continue;
      if (limit !== undefined && Date.parse(record.created) > limit) continue;
      if (!(filters.label ?? []).every((l) => labelMatches(record.config.Labels, l))) continue;
      if ((filters["label!"] ?? []).some((l) => labelMatches(record.config.Labels, l))) continue;
      reclaimed += (await measureSizes(this.#d, container)).rw;
      await this.#lifecycle.remove(container, { force: false, volumes: false, reference: record.id });
      deleted.push(record.id);
    }
    this.#d.events.publish("container", "prune", "", { reclaimed: String(reclaimed) });
    return { ContainersDeleted: deleted.length === 0 ? null : deleted, SpaceReclaimed: reclaimed };
  }

  // ------------------------------------------------------------------ looking
  list(options: ListOptions): Promise<readonly object[]> {
    return this.#views.list(options);
  }
  async inspect(reference: string, options: { readonly size: boolean } = { size: false }): Promise<object> {
    return this.#views.inspect(this.get(reference), options);
  }
  async top(reference: string, psArgs: string): Promise<object> {
    return this.#views.top(this.get(reference), psArgs);
  }
  async statsOnce(reference: string, oneShot: boolean): Promise<object> {
    return this.#views.statsOnce(this.get(reference), oneShot);
  }
  statsStream(reference: string, signal: AbortSignal): AsyncGenerator<object> {
    return this.#views.statsStream(this.get(reference), signal);
  }

  // ------------------------------------------------------------------ listening and talking
  /** The user must be known now, as with dockerd: later there is a stream already. */
  async createExecution(reference: string, request: ExecRequest): Promise<string> {
    const container = this.get(reference);
    if (hasProcess(container.state) && /[^\d:]/.test(request.user))
      await this.#files.checkUser(container, request.user);
    return this.executions.create(container, reference, request);
  }
  logs(reference: string, request: LogRequest): ContainerLogs {
    return this.#streams.logs(this.get(reference), request);
  }
  attach(reference: string, request: AttachRequest): { readonly stream: ByteDuplex; readonly raw: boolean } {
    return this.#streams.attach(this.get(reference), reference, request);
  }

  // ------------------------------------------------------------------ files
  changes(reference: string): Promise<readonly Change[] | null> {
    return this.#files.changes(this.get(reference));
  }
  export(reference: string): Promise<ReadableStream<Uint8Array>> {
    return this.#files.export(this.get(reference));
  }
  /** A container's files, running or not, for as long as the view is open. */
  fileView(reference: string): Promise<FileView> {
    return this.#files.view(this.get(reference));
  }
  pathStat(reference: string, path: string): Promise<PathStat> {
    return this.#files.pathStat(this.get(reference), reference, path);
  }
  copyFrom(
    reference: string,
    path: string,
  ): Promise<{ readonly stat: PathStat; readonly tar: ReadableStream<Uint8Array> }> {
    return this.#files.copyFrom(this.get(reference), reference, path);
  }
  copyTo(
    reference: string,
    path: string,
    source: ReadableStream<Uint8Array>,
    options: { readonly noOverwriteDirNonDir: boolean; readonly keepOwners: boolean },
  ): Promise<void> {
    return this.#files.copyTo(this.get(reference), reference, path, source, options);
  }

  event(reference: string, action: string, extra: Readonly<Record<string, string>> = {}): void {
    this.#lifecycle.event(this.get(reference), action, extra);
  }
}

function checkSignal(
  text: string | undefined,
  what: string,
  reference: string,
  kind: "system" | "invalidParameter",
): number | undefined {
  if (text === undefined || text === "") return undefined;
  const number = parseSignal(text);
  if (number === undefined) throw new EngineError(kind, `${what}: ${reference}: invalid signal: ${text}`);
  if (!isSignal(number))
    throw new EngineError(kind, `${what}: ${reference}: the linux daemon does not support signal ${number}`);
  return number;
}

/** An image's configuration leaves out what a container's says with null. */
function withoutNulls(config: ContainerConfig): ImageConfig {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null)) as ImageConfig;
}
