/** The containers' API: what worker/api calls. Each operation is one of Docker's; the work is done in the modules beside. */
import type {
  ContainerId,
  EndpointSettings,
  ImageConfig,
  ImageId,
  ImageUsers,
  NetworkUsers,
  VolumeUsers,
} from "../domains.ts";
import { EngineError } from "../errors.ts";
import type { ByteDuplex, GuestProcess } from "../ports/guest.ts";
import { cgroupPath, limitOps } from "../runtime/index.ts";
import type { PathStat } from "./archive.ts";
import { attachTo } from "./attach.ts";
import type { Change } from "./changes.ts";
import { checkResources } from "./check-host-config.ts";
import type { Container, WaitCondition, WaitResult } from "./container.ts";
import { ContainerFiles } from "./container-files.ts";
import { type Created, Creation, readCreateRequest } from "./creation.ts";
import { Fields } from "./decode.ts";
import type { ContainerDependencies } from "./dependencies.ts";
import { cgroupLimits } from "./describe.ts";
import { parseDetachKeys } from "./detach-keys.ts";
import { type ExecutionState, Executions } from "./executions.ts";
import type { FileView } from "./file-view.ts";
import { readResources, readRestartPolicy } from "./host-config.ts";
import { inspectView } from "./inspect.ts";
import { Lifecycle, notRunning, type RunState } from "./lifecycle.ts";
import { linkNames, removeLink } from "./links.ts";
import { type Filters, labelMatches, selectContainers, summaryView } from "./list.ts";
import { openLog, readLogSettings } from "./log-driver.ts";
import type { LogEntry } from "./log-entry.ts";
import type { ContainerConfig, HostConfig } from "./model.ts";
import { checkName, nameConflict } from "./names.ts";
import { containerDirectory, logName, upperDirectory } from "./paths.ts";
import { hasProcess, isPaused, isRunning } from "./predicates.ts";
import { reconcile } from "./reconcile.ts";
import { isSignal, parseSignal, SIGKILL } from "./signals.ts";
import { measureSizes } from "./sizes.ts";
import { emptySample, type Sample, statsView, takeSample } from "./stats.ts";
import { ContainerStore } from "./store.ts";
import { formatTime, parseTimestamp } from "./times.ts";
import { listProcesses } from "./top.ts";
import { changedResources, checkUpdate } from "./update.ts";

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

export interface LogRequest {
  readonly follow: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly tail?: number | undefined;
  readonly signal: AbortSignal;
}
export interface AttachRequest {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly stream: boolean;
  readonly logs: boolean;
  readonly detachKeys: string;
  /** Both outputs as they come, whether they are a terminal's or not. */
  readonly unframed?: boolean;
  readonly signal: AbortSignal;
}

/** Milliseconds: about what moby spends between a program's start and its answer. */
const firstWords = 100;

const invalid = (message: string): EngineError => new EngineError("invalidParameter", message);

export class Containers {
  readonly #d: ContainerDependencies;
  readonly store: ContainerStore;
  readonly executions: Executions;
  readonly #lifecycle: Lifecycle;
  readonly #creation: Creation;
  readonly #files: ContainerFiles;

  constructor(dependencies: ContainerDependencies) {
    this.#d = dependencies;
    this.store = new ContainerStore(dependencies.records);
    this.executions = new Executions(dependencies, this.store);
    this.#lifecycle = new Lifecycle(dependencies, this.store, (container, command, signal) =>
      this.executions.probe(container, command, signal),
    );
    this.#creation = new Creation(dependencies, this.store);
    this.#files = new ContainerFiles(dependencies, (container, action) => this.#lifecycle.event(container, action));
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
  async create(body: unknown, name?: string): Promise<Created> {
    const { container, warnings } = await this.#creation.create(readCreateRequest(body), name);
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
    const name = checkName(newName);
    const old = container.name;
    if (name === old) throw invalid("Renaming a container with the same name as its current name");
    const holder = this.store.find(name);
    if (holder !== undefined && holder.name === name)
      throw nameConflict(name, holder.id, "Error when allocating new name: ");
    this.store.reserveName(name, container.id);
    this.store.releaseName(old);
    container.record = { ...container.record, name };
    await this.store.save(container);
    this.#lifecycle.event(container, "rename", { oldName: `/${old}` });
  }

  async update(reference: string, body: unknown): Promise<{ readonly Warnings: readonly string[] | null }> {
    const container = this.get(reference);
    if (body === undefined) throw invalid("invalid JSON: got EOF while reading request body");
    const fields = Fields.of(body, "", "container.UpdateConfig");
    const { hostConfig } = container.record;
    const given = readResources(fields);
    const { warnings } = checkResources(given, this.#d.host);
    const changed = changedResources(given);
    checkUpdate(container.id, hostConfig, changed);
    const value: HostConfig = { ...hostConfig, ...changed };
    const policy = fields.has("RestartPolicy") ? readRestartPolicy(fields) : undefined;
    if (policy !== undefined && policy.Name !== "no" && hostConfig.AutoRemove)
      throw invalid("Restart policy cannot be updated because AutoRemove is enabled for the container");
    if (hasProcess(container.state)) {
      const ops = limitOps(cgroupPath(hostConfig.CgroupParent, container.id), cgroupLimits(value));
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
  async list(options: {
    readonly all: boolean;
    readonly limit?: number | undefined;
    readonly size: boolean;
    readonly filters: Filters;
  }): Promise<readonly object[]> {
    const ancestors = await this.#ancestors(options.filters.ancestor);
    const chosen = selectContainers(
      this.store.all(),
      { all: options.all, limit: options.limit, filters: options.filters },
      {
        find: (reference) => this.store.find(reference),
        sandbox: (container) => this.#d.networks.sandbox(container.id),
        ancestors,
      },
    );
    const now = this.#d.clock.now().getTime();
    return Promise.all(
      chosen.map(async (c) =>
        summaryView(
          c,
          this.#d.networks.sandbox(c.id),
          linkNames(this.store, c),
          now,
          options.size ? await measureSizes(this.#d, c) : undefined,
        ),
      ),
    );
  }

  /** Images whose layers begin with those of the named ones. */
  async #ancestors(references: readonly string[] | undefined): Promise<ReadonlySet<string> | undefined> {
    if (references === undefined || references.length === 0) return undefined;
    const found = new Set<string>();
    for (const reference of references) {
      const image = await this.#d.images.resolve(reference).catch(() => undefined);
      if (image === undefined) continue;
      found.add(image.id);
      for (const { record } of this.store.all()) {
        const own = this.#d.images.get(record.image);
        if (own !== undefined && image.layers.every((layer, i) => own.layers[i] === layer)) found.add(own.id);
      }
    }
    return found;
  }

  async inspect(reference: string, options: { readonly size: boolean } = { size: false }): Promise<object> {
    const container = this.get(reference);
    const image = this.#d.images.get(container.record.image);
    const lowers = image === undefined ? [] : await this.#d.images.mountLayers(image).catch(() => []);
    return inspectView(container, {
      sandbox: this.#d.networks.sandbox(container.id),
      lowers,
      nameOf: (name) => this.store.find(name)?.name ?? name,
      sizes: options.size ? await measureSizes(this.#d, container) : undefined,
    });
  }

  logs(reference: string, request: LogRequest): { readonly entries: AsyncIterable<LogEntry>; readonly tty: boolean } {
    const container = this.get(reference);
    if (!(request.stdout || request.stderr)) throw invalid("Bad parameters: you must choose at least one stream");
    const log =
      container.log ??
      openLog(
        logName(container.id),
        readLogSettings(container.record.hostConfig.LogConfig),
        this.#d.logs,
        this.#d.clock,
      );
    container.log = log;
    const follow = request.follow && isRunning(container.state);
    const read = (): AsyncIterable<LogEntry> => log.read({ ...request, follow });
    const now = follow || container.record.hostConfig.LogConfig.Type === "none";
    return { entries: now ? read() : this.#afterFirstWords(container, read), tty: container.record.config.Tty };
  }

  /**
   * With moby a program has run for a moment before `start` answers, and many a script reads what it said in the next line. Here `start`
   * answers sooner, so that who asks at once waits until it has said something.
   */
  async *#afterFirstWords(container: Container, read: () => AsyncIterable<LogEntry>): AsyncGenerator<LogEntry> {
    const left = firstWords - (this.#d.clock.monotonic() - container.startedMonotonic);
    if (isRunning(container.state) && left > 0) await container.output.first(this.#d.clock, left);
    yield* read();
  }

  attach(reference: string, request: AttachRequest): { readonly stream: ByteDuplex; readonly raw: boolean } {
    const container = this.get(reference);
    const keys = parseDetachKeys(request.detachKeys);
    if (request.stream && container.state.status === "paused")
      throw new EngineError("conflict", `container ${reference} is paused, unpause the container before attach`);
    if (request.stream && container.state.status === "restarting")
      throw new EngineError("conflict", `container ${reference} is restarting, wait until the container is running`);
    const { config } = container.record;
    const stream = attachTo(container.output, container.input, {
      stdin: request.stdin && config.OpenStdin,
      stdout: request.stdout,
      stderr: request.stderr,
      stream: request.stream,
      tty: config.Tty,
      raw: config.Tty || request.unframed === true,
      closeStdin: config.StdinOnce,
      detachKeys: keys,
      ...(request.logs
        ? {
            logs: this.logs(reference, {
              follow: false,
              stdout: request.stdout,
              stderr: request.stderr,
              signal: request.signal,
            }).entries,
          }
        : {}),
      detached: () => this.#lifecycle.event(container, "detach"),
    });
    this.#lifecycle.event(container, "attach");
    return { stream, raw: config.Tty };
  }

  // ------------------------------------------------------------------ processes and files
  async top(reference: string, psArgs: string): Promise<object> {
    const container = this.get(reference);
    if (container.state.status === "restarting")
      throw new EngineError("conflict", `Container ${container.id} is restarting, wait until the container is running`);
    if (!hasProcess(container.state)) throw notRunning(container);
    const view = await listProcesses(this.#d.guest, container, psArgs, this.#d.host, this.#d.clock.now());
    this.#lifecycle.event(container, "top");
    return view;
  }

  #sample(container: Container): Promise<Sample> {
    return takeSample(this.#d.guest, container, this.#d.host, this.#d.clock.now());
  }

  /** One measurement; unless `oneShot`, a second one after a second, so that the client can tell the rate. */
  async statsOnce(reference: string, oneShot: boolean): Promise<object> {
    const container = this.get(reference);
    const first = await this.#sample(container);
    if (oneShot || !hasProcess(container.state)) return statsView(container, first, undefined);
    await new Promise<void>((resolve) => void this.#d.clock.after(sampleInterval, resolve));
    return statsView(container, await this.#sample(container), first);
  }

  async *statsStream(reference: string, signal: AbortSignal): AsyncGenerator<object> {
    const container = this.get(reference);
    let previous: Sample | undefined;
    while (!signal.aborted && this.store.find(container.id) === container) {
      const sample = await this.#sample(container).catch(() => emptySample);
      yield statsView(container, sample, previous);
      previous = sample;
      await new Promise<void>((resolve) => {
        const end = (): void => {
          cancel();
          signal.removeEventListener("abort", end);
          resolve();
        };
        const cancel = this.#d.clock.after(sampleInterval, end);
        signal.addEventListener("abort", end);
      });
    }
  }

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

  // ------------------------------------------------------------------ what other domains ask
  /** For the images' domain. */
  readonly imageUsers: ImageUsers = {
    containersUsing: (image: ImageId) =>
      this.store
        .all()
        .filter((c) => c.record.image === image)
        .map((c) => ({ id: c.id, running: isRunning(c.state) })),
  };
  /** For the volumes' domain. */
  readonly volumeUsers: VolumeUsers = {
    containersUsing: (volume: string) =>
      this.store
        .all()
        .filter((c) => c.record.mounts.some((m) => m.Name === volume))
        .map((c) => c.id),
  };
  /** For the networks' domain. */
  readonly networkUsers: NetworkUsers = {
    find: (reference) => {
      const container = this.store.find(reference);
      return container && { id: container.id, name: container.name, running: isRunning(container.state) };
    },
    containersUsing: (network) =>
      this.store
        .all()
        .filter((c) =>
          Object.entries(c.record.networks).some(([name, e]) => name === network || e.NetworkID === network),
        )
        .map((c) => ({ id: c.id, name: c.name, running: isRunning(c.state) })),
    endpointChanged: (id, network, settings) => this.#endpointChanged(id, network, settings),
    rewriteNetworkFiles: (id, files) => this.#rewriteNetworkFiles(id, files),
  };

  async #endpointChanged(id: ContainerId, network: string, settings: EndpointSettings | undefined): Promise<void> {
    const container = this.get(id);
    const networks = { ...container.record.networks };
    if (settings === undefined) delete networks[network];
    else networks[network] = settings;
    container.record = { ...container.record, networks };
    await this.store.save(container);
  }
  async #rewriteNetworkFiles(
    id: ContainerId,
    files: { readonly hosts: string; readonly resolvConf: string },
  ): Promise<void> {
    const directory = containerDirectory(id);
    // Opened and written in place: the bind mount in the container shows the same file.
    await this.#d.guest.batch([
      { op: "write", path: `${directory}/hosts`, data: files.hosts, create: false, ignore: ["ENOENT"] },
      { op: "write", path: `${directory}/resolv.conf`, data: files.resolvConf, create: false, ignore: ["ENOENT"] },
    ]);
  }
}

/** Between two measurements, as dockerd's collector. */
const sampleInterval = 1000;

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
