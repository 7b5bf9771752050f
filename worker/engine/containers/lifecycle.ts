/** What makes a container start, end and go away. One change of a container at a time; ends are handled when they come. */
import type { Sandbox } from "../domains.ts";
import { EngineError } from "../errors.ts";
import type { ExitStatus, GuestProcess, Op } from "../ports/guest.ts";
import { cgroupPath, containerProcess, type KernelPaths } from "../runtime/index.ts";
import type { Container } from "./container.ts";
import type { ContainerDependencies } from "./dependencies.ts";
import { checkAtStart, describeContainer, type Surroundings } from "./describe.ts";
import { HealthMonitor, type HealthState, healthCommand, type ProbeRun, startingHealth } from "./health.ts";
import { findKernelPaths } from "./kernel-paths.ts";
import { linkVariables } from "./links.ts";
import { type BegunLines, openLog, readLogSettings } from "./log-driver.ts";
import { prepareMachine } from "./machine-preparation.ts";
import { type ContainerState, never, type RunRecord } from "./model.ts";
import { containerDirectory, layerDirectory, logName, shmDirectory } from "./paths.ts";
import { hasProcess, isPaused, isRunning, mayChangeNetwork } from "./predicates.ts";
import { restartDelay, shouldRestart } from "./restart-policy.ts";
import { parseSignal, SIGKILL, SIGTERM } from "./signals.ts";
import { startFailure } from "./start-errors.ts";
import { StartSurroundings } from "./start-surroundings.ts";
import type { ContainerStore } from "./store.ts";
import { formatTime } from "./times.ts";

/** Runs a health check's program in the container. */
export type HealthProbe = (container: Container, command: readonly string[], signal: AbortSignal) => Promise<ProbeRun>;

const defaultStopTimeout = 10;

/** Of a running container, as plain data: what its record does not say. */
export interface RunState
  extends Pick<
    Container,
    "id" | "health" | "consecutiveRestarts" | "size" | "networkTouched" | "stopping" | "announceStop"
  > {
  /** Milliseconds. */
  readonly ranFor: number;
  readonly begun: BegunLines | undefined;
}

export class Lifecycle {
  readonly #d: ContainerDependencies;
  readonly #store: ContainerStore;
  readonly #probe: HealthProbe;
  #kernel: KernelPaths | undefined;
  readonly #before: StartSurroundings;
  readonly #background = new Set<Promise<unknown>>();

  constructor(dependencies: ContainerDependencies, store: ContainerStore, probe: HealthProbe) {
    this.#d = dependencies;
    this.#store = store;
    this.#probe = probe;
    this.#before = new StartSurroundings(dependencies, store);
  }

  /** Makes the machine ready for containers; once after the machine has started or was restored. */
  async prepareMachine(): Promise<void> {
    this.#kernel = await prepareMachine(this.#d.guest);
  }

  /** What goes on behind answered requests: cleaning up, saving. */
  async idle(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
  }

  #later(work: Promise<unknown>): void {
    const settled = work.catch(() => {}).finally(() => this.#background.delete(settled));
    this.#background.add(settled);
  }

  event(container: Container, action: string, extra: Readonly<Record<string, string>> = {}): void {
    this.#d.events.publish("container", action, container.id, container.eventAttributes(extra));
  }

  save(container: Container): void {
    this.#later(this.#store.save(container));
  }

  #now(): string {
    return formatTime(this.#d.clock.now());
  }

  // ------------------------------------------------------------------ start
  start(container: Container): Promise<void> {
    return container.exclusively(async () => {
      const { state } = container;
      if (isPaused(state)) throw new EngineError("conflict", "cannot start a paused container, try unpause instead");
      if (state.status === "removing" || state.status === "dead")
        throw new EngineError("conflict", "container is marked for removal and cannot be started");
      if (hasProcess(state)) throw new EngineError("notModified", "container is already running");
      container.restarting?.cancel();
      container.restarting = undefined;
      container.consecutiveRestarts = 0;
      container.record = { ...container.record, manuallyStopped: false, restartCount: 0 };
      await this.#run(container);
    });
  }

  async #run(container: Container): Promise<void> {
    const { record } = container;
    const { config, hostConfig } = record;
    await container.cleanup;
    container.stopping = false;
    container.networkTouched = mayChangeNetwork(record);
    container.setState({ ...container.state, error: "", oomKilled: false });
    let sandbox: Sandbox | undefined;
    let process: GuestProcess;
    try {
      checkAtStart(hostConfig);
      const joined = this.#before.joined(container);
      const [image, opened, stats, volumeOps] = await Promise.all([
        this.#before.layers(container),
        this.#before.openSandbox(container),
        this.#before.stats(container),
        this.#before.volumeOps(container),
      ]);
      sandbox = opened;
      const { packageVariables } = this.#d;
      const size = this.#size(container);
      const linked = linkVariables(this.#store, ({ id }) => this.#d.networks.sandbox(id), container);
      const surroundings: Surroundings = { lowers: image, sandbox, joined, stats, size, packageVariables, linked };
      this.#openLog(container);
      const description = describeContainer(record, surroundings);
      this.#volumeEvents(container, "mount");
      this.#kernel ??= await findKernelPaths(this.#d.guest);
      process = await this.#d.guest.spawn(
        containerProcess(description, this.#kernel, [...this.#before.prepareOps(container, sandbox), ...volumeOps]),
      );
    } catch (error) {
      await this.#startFailed(container, error);
      return;
    }
    container.startedMonotonic = this.#d.clock.monotonic();
    container.setState({
      ...container.state,
      status: "running",
      pid: process.pid,
      startedAt: this.#now(),
      finishedAt: container.state.finishedAt,
      exitCode: 0,
    });
    this.#follow(container, process);
    this.event(container, "start");
    this.#startHealth(container);
    this.save(container);
    if (config.Tty && hostConfig.ConsoleSize[0] === 0 && container.size.rows > 0)
      this.#later(process.resize(container.size.rows, container.size.columns));
  }

  /** Its input, its output to log and clients, its end. */
  #follow(container: Container, process: GuestProcess): void {
    container.process = process;
    container.input.connect(process.stdin);
    const { log } = container;
    if (log !== undefined) container.output.listenFirst((stream, data) => log.write(stream, data));
    container.output.pump({ stdout: process.stdout, stderr: process.stderr });
    void process.exit.then(
      (status) => this.#later(this.#exited(container, process, status)),
      () => {},
    );
  }

  // ------------------------------------------------------------------ checkpoints
  /** What memory alone knows of a container that runs. */
  exportRun(container: Container): RunState | undefined {
    if (!hasProcess(container.state)) return undefined;
    const { id, health, consecutiveRestarts, size, networkTouched, stopping, announceStop } = container;
    const ranFor = this.#d.clock.monotonic() - container.startedMonotonic;
    const begun = container.log?.begun;
    return { id, ranFor, health, consecutiveRestarts, size, networkTouched, stopping, announceStop, begun };
  }

  /** The container of a checkpoint runs on in the machine that was put back. */
  adopt(container: Container, process: GuestProcess, run: RunState): void {
    const { ranFor, health, begun, id: _, ...rest } = run;
    Object.assign(container, rest);
    container.startedMonotonic = this.#d.clock.monotonic() - ranFor;
    this.#openLog(container, begun);
    this.#follow(container, process);
    this.#startHealth(container, health, ranFor);
    if (isPaused(container.state)) container.healthMonitor?.freeze(true);
  }

  /** It waited for its next start when the checkpoint was taken. */
  resumeRestart(container: Container): void {
    this.#restartLater(container, 0);
  }

  #size(container: Container): { readonly rows: number; readonly columns: number } {
    const [rows, columns] = container.record.hostConfig.ConsoleSize;
    return container.size.rows > 0 ? container.size : { rows, columns };
  }

  #openLog(container: Container, begun?: BegunLines): void {
    if (container.log !== undefined) return;
    const { record } = container;
    try {
      container.log = openLog(
        logName(record.id),
        readLogSettings(record.hostConfig.LogConfig),
        this.#d.logs,
        this.#d.clock,
        begun,
      );
    } catch (error) {
      throw new EngineError("system", `failed to create task for container: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  #volumeEvents(container: Container, action: "mount" | "unmount"): void {
    for (const mount of container.record.mounts) {
      if (mount.Type !== "volume") continue;
      const extra =
        action === "mount"
          ? { destination: mount.Destination, propagation: mount.Propagation, "read/write": String(mount.RW) }
          : {};
      this.#d.events.publish("volume", action, mount.Name ?? "", {
        container: container.id,
        driver: mount.Driver ?? "local",
        ...extra,
      });
    }
  }

  async #startFailed(container: Container, cause: unknown): Promise<never> {
    const { record } = container;
    const { error, exitCode } = startFailure(cause, record.path, record.config.WorkingDir || "/", record.config.User);
    await this.#d.networks.closeSandbox(record.id).catch(() => {});
    await this.#removeTraces(container).catch(() => {});
    const status: ContainerState["status"] = record.state.startedAt === never ? "created" : "exited";
    container.setState({ ...base(container.state), status, exitCode, error: error.message });
    container.output.end();
    container.renewInput();
    this.save(container);
    if (record.hostConfig.AutoRemove) await this.#forget(container, true);
    throw error;
  }

  // ------------------------------------------------------------------ end
  async #exited(container: Container, process: GuestProcess, status: ExitStatus): Promise<void> {
    if (container.process !== process) return;
    const { record } = container;
    container.healthMonitor?.stop();
    container.healthMonitor = undefined;
    const limited = record.hostConfig.Memory > 0 || status.code === 137;
    const cgroup = cgroupPath(record.hostConfig.CgroupParent, record.id);
    // The sandbox's ports are free before anybody is told; the rest of the cleaning goes on behind the answer.
    const untouched = !container.networkTouched;
    const closed = this.#d.networks.closeSandbox(record.id, { untouched }).catch(() => {});
    const [oomKilled] = await Promise.all([
      limited ? this.#oomKilled(cgroup) : false,
      container.output.drained(this.#d.clock),
      Object.keys(record.hostConfig.PortBindings).length > 0 ? closed : undefined,
    ]);
    if (container.process !== process) return;
    container.process = undefined;
    if (oomKilled) this.event(container, "oom");
    await container.log?.endRun();
    const ranFor = this.#d.clock.monotonic() - container.startedMonotonic;
    const run: RunRecord = { ...base(container.state), finishedAt: this.#now(), exitCode: status.code, oomKilled };
    const stopped = container.stopping;
    container.stopping = false;
    const again = shouldRestart(container.record, { exitCode: status.code, stopped });
    container.setState({ ...run, status: again ? "restarting" : "exited" });
    if (container.health !== undefined) container.health = { ...container.health, Status: "unhealthy" };
    this.#volumeEvents(container, "unmount");
    container.cleanup = Promise.all([closed, this.#removeTraces(container)]).then(
      () => {},
      () => {},
    );
    this.#later(container.cleanup);
    if (container.announceStop) this.event(container, "stop");
    container.announceStop = false;
    this.event(container, "die", {
      execDuration: String(Math.floor(ranFor / 1000)),
      exitCode: String(status.code),
    });
    for (const execution of container.executions.values())
      if (execution.state !== "running") container.executions.delete(execution.id);
    container.renewInput();
    container.output.end();
    container.settle("exit", { exitCode: status.code, error: "" });
    if (again) this.#restartLater(container, ranFor);
    else if (record.hostConfig.AutoRemove && !container.keep) await this.#forget(container, true).catch(() => {});
    this.save(container);
  }

  #restartLater(container: Container, ranFor: number): void {
    const delay = restartDelay(container.consecutiveRestarts, ranFor);
    container.consecutiveRestarts = ranFor >= 10_000 ? 0 : container.consecutiveRestarts + 1;
    const cancel = this.#d.clock.after(delay, () => {
      container.restarting = undefined;
      this.#later(
        container.exclusively(async () => {
          if (container.state.status !== "restarting") return;
          container.record = { ...container.record, restartCount: container.record.restartCount + 1 };
          await this.#run(container);
        }),
      );
    });
    container.restarting = { cancel };
  }

  async #oomKilled(cgroup: string): Promise<boolean> {
    const [events] = await this.#d.guest
      .batch([{ op: "read", path: `${cgroup}/memory.events`, ignore: ["*"] }])
      .catch(() => [undefined]);
    if (!(events instanceof Uint8Array)) return false;
    return Number(/^oom_kill (\d+)/m.exec(new TextDecoder().decode(events))?.[1] ?? 0) > 0;
  }

  /** The cgroup and what was mounted for others; the container's own mounts went with its namespace. */
  async #removeTraces(container: Container): Promise<void> {
    const { record } = container;
    const cgroup = cgroupPath(record.hostConfig.CgroupParent, record.id);
    const ops: Op[] = [{ op: "rmdir", path: cgroup, ignore: ["ENOENT", "EBUSY", "ENOTEMPTY"] }];
    if (record.hostConfig.IpcMode === "shareable")
      ops.push({ op: "umount", path: shmDirectory(record.id), detach: true, ignore: ["*"] });
    // Processes outside a PID namespace of the container's own outlive its first one.
    if (record.hostConfig.PidMode !== "")
      ops.unshift({ op: "write", path: `${cgroup}/cgroup.kill`, data: "1", create: false, ignore: ["*"] });
    await this.#d.guest.batch(ops);
  }

  #startHealth(container: Container, state = startingHealth, ranFor = 0): void {
    const { config } = container.record;
    const check = config.Healthcheck;
    const command = healthCommand(check, config.Shell);
    container.health = undefined;
    if (check === undefined || command === undefined) return;
    container.health = state;
    const ports = {
      clock: this.#d.clock,
      run: (signal: AbortSignal) => this.#probe(container, command, signal),
      changed: (next: HealthState, previous: HealthState) => {
        container.health = next;
        if (next.Status !== previous.Status) this.event(container, `health_status: ${next.Status}`);
      },
    };
    container.healthMonitor = new HealthMonitor(check, ports, state, ranFor);
  }

  // ------------------------------------------------------------------ signals
  async #signal(container: Container, signal: number, thaw: boolean): Promise<void> {
    const { state } = container;
    if (!hasProcess(state)) throw notRunning(container);
    const ops: Op[] = [{ op: "kill", pid: state.pid, signal, ignore: ["ESRCH"] }];
    // A frozen process takes no signal that it could handle.
    if (thaw && state.status === "paused") {
      const cgroup = cgroupPath(container.record.hostConfig.CgroupParent, container.id);
      ops.push({ op: "write", path: `${cgroup}/cgroup.freeze`, data: "0", create: false, ignore: ["*"] });
      container.setState({ ...state, status: "running" });
    }
    await this.#d.guest.batch(ops);
    this.event(container, "kill", { signal: String(signal) });
  }

  async kill(container: Container, signal: number): Promise<void> {
    if (container.state.status === "restarting") {
      await this.#giveUpRestarting(container);
      return;
    }
    if (!hasProcess(container.state)) throw notRunning(container);
    // As dockerd: what may end it is taken for a wish that it ends, and no policy starts it again.
    const ends = signal === SIGKILL || signal === stopSignalOf(container) || !container.record.config.StopSignal;
    if (ends) {
      container.stopping = true;
      container.record = { ...container.record, manuallyStopped: true };
    }
    await this.#signal(container, signal, ends);
    // dockerd answers a kill -9 when the container has ended.
    if (signal === SIGKILL && hasProcess(container.state)) await container.wait("not-running");
  }

  async #giveUpRestarting(container: Container): Promise<void> {
    container.restarting?.cancel();
    container.restarting = undefined;
    container.record = { ...container.record, manuallyStopped: true };
    container.setState({ ...base(container.state), status: "exited" });
    await this.#store.save(container);
  }

  /** `timeout` in seconds; negative waits for ever. */
  async stop(
    container: Container,
    options: { readonly timeout?: number | undefined; readonly signal?: string | undefined },
  ): Promise<void> {
    if (container.state.status === "restarting") {
      await this.#giveUpRestarting(container);
      this.event(container, "stop");
      return;
    }
    if (!hasProcess(container.state)) throw new EngineError("notModified", "container is already stopped");
    const signal = options.signal === undefined ? stopSignalOf(container) : (parseSignal(options.signal) ?? SIGTERM);
    const timeout = options.timeout ?? container.record.config.StopTimeout ?? defaultStopTimeout;
    container.stopping = true;
    container.record = { ...container.record, manuallyStopped: true };
    const ended = container.wait("not-running");
    container.announceStop = true;
    await this.#signal(container, signal, true);
    if (timeout < 0) await ended;
    else {
      let cancel = (): void => {};
      const late = new Promise<"late">((resolve) => {
        cancel = this.#d.clock.after(timeout * 1000, () => resolve("late"));
      });
      const first = await Promise.race([ended, late]);
      cancel();
      if (first === "late" && hasProcess(container.state)) await this.#signal(container, SIGKILL, true);
      await ended;
    }
    await this.#store.save(container);
  }

  async restart(
    container: Container,
    options: { readonly timeout?: number | undefined; readonly signal?: string | undefined },
  ): Promise<void> {
    // A container that removes itself at its end must not do so now.
    container.keep = true;
    try {
      if (isRunning(container.state)) await this.stop(container, options);
      await this.start(container);
    } finally {
      container.keep = false;
    }
    this.event(container, "restart");
  }

  async freeze(container: Container, on: boolean): Promise<void> {
    await container.exclusively(async () => {
      const { state } = container;
      if (on) {
        if (state.status === "restarting")
          throw new EngineError(
            "conflict",
            `Container ${container.id} is restarting, wait until the container is running`,
          );
        if (!hasProcess(state)) throw notRunning(container);
        if (state.status === "paused") throw new EngineError("conflict", `Container ${container.id} is already paused`);
      } else if (state.status !== "paused") throw new EngineError("system", `Container ${container.id} is not paused`);
      if (!hasProcess(state)) return;
      const cgroup = cgroupPath(container.record.hostConfig.CgroupParent, container.id);
      await this.#d.guest.batch([
        { op: "write", path: `${cgroup}/cgroup.freeze`, data: on ? "1" : "0", create: false },
      ]);
      container.setState({ ...state, status: on ? "paused" : "running" });
      container.healthMonitor?.freeze(on);
      this.event(container, on ? "pause" : "unpause");
      await this.#store.save(container);
    });
  }

  // ------------------------------------------------------------------ removal
  async remove(
    container: Container,
    options: { readonly force: boolean; readonly volumes: boolean; readonly reference: string },
  ): Promise<void> {
    return container.exclusively(() => this.#remove(container, options));
  }

  async #remove(
    container: Container,
    options: { readonly force: boolean; readonly volumes: boolean; readonly reference: string },
  ): Promise<void> {
    const { state } = container;
    if (state.status === "removing")
      throw new EngineError("conflict", `removal of container ${options.reference} is already in progress`);
    if (isRunning(state)) {
      if (!options.force) {
        const how =
          state.status === "paused"
            ? "container is paused and must be unpaused first"
            : state.status === "restarting"
              ? "container is restarting: stop the container before removing or force remove"
              : "container is running: stop the container before removing or force remove";
        throw new EngineError("conflict", `cannot remove container ${JSON.stringify(options.reference)}: ${how}`);
      }
      container.keep = true;
      if (state.status === "restarting") await this.#giveUpRestarting(container);
      else await this.kill(container, SIGKILL);
    }
    await this.#forget(container, options.volumes);
  }

  async #forget(container: Container, volumes: boolean): Promise<void> {
    if (container.state.status === "removing") return;
    const { record } = container;
    container.setState({ ...base(container.state), status: "removing" });
    container.restarting?.cancel();
    await this.#store.remove(container);
    for (const mount of volumes ? record.mounts : [])
      if (mount.detail.anonymous === true && mount.Name !== undefined && !this.#volumeUsed(mount.Name))
        await this.#d.volumes.remove(mount.Name, { force: false }).catch(() => {});
    this.#later(this.#removeFiles(container));
    this.#later(
      container.log?.remove() ??
        openLog(
          logName(record.id),
          { type: "json-file", maxSize: undefined, maxFiles: 1 },
          this.#d.logs,
          this.#d.clock,
        ).remove(),
    );
    this.event(container, "destroy");
    container.output.end();
    container.settle("removed", { exitCode: container.state.exitCode, error: "" });
  }

  async #removeFiles({ cleanup, record }: Container): Promise<void> {
    await cleanup;
    await this.#d.guest.batch([
      { op: "removeTree", path: layerDirectory(record.id) },
      { op: "removeTree", path: containerDirectory(record.id) },
    ]);
    // The image was removed by force while the container had it.
    if (this.#d.images.get(record.image) === undefined) await this.#d.images.releaseUnused();
  }

  #volumeUsed(name: string): boolean {
    return this.#store.all().some((c) => c.record.mounts.some((m) => m.Name === name));
  }
}

export function stopSignalOf(container: Container): number {
  return parseSignal(container.record.config.StopSignal ?? "") ?? SIGTERM;
}

export function notRunning(container: Container): EngineError {
  return new EngineError("conflict", `container ${container.id} is not running`, { resource: container.id });
}

/** The run without its state. */
export function base(state: ContainerState): RunRecord {
  const { startedAt, finishedAt, exitCode, error, oomKilled } = state;
  return { startedAt, finishedAt, exitCode, error, oomKilled };
}
