/** One run of a container, from its description to its process, and the process followed to its end. */
import type { Sandbox } from "../../domains.ts";
import { EngineError } from "../../errors.ts";
import type { GuestProcess } from "../../ports/guest.ts";
import { containerProcess, type KernelPaths } from "../../runtime/index.ts";
import type { Container } from "../container.ts";
import type { ContainerDependencies } from "../dependencies.ts";
import { checkAtStart, describeContainer, type Surroundings } from "../describe.ts";
import { findKernelPaths } from "../kernel-paths.ts";
import { linkVariables } from "../links.ts";
import { type BegunLines, openLog, readLogSettings } from "../log-driver.ts";
import { prepareMachine } from "../machine-preparation.ts";
import { logName } from "../paths.ts";
import { hasProcess, isPaused, mayChangeNetwork } from "../predicates.ts";
import { StartSurroundings } from "../start-surroundings.ts";
import type { ContainerStore } from "../store.ts";
import type { Ending } from "./ending.ts";
import { type HealthProbe, watchHealth } from "./health-watch.ts";
import type { Reports } from "./reports.ts";

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

export class Starting {
  readonly #d: ContainerDependencies;
  readonly #store: ContainerStore;
  readonly #reports: Reports;
  readonly #ending: Ending;
  readonly #probe: HealthProbe;
  readonly #before: StartSurroundings;
  #kernel: KernelPaths | undefined;

  constructor(
    dependencies: ContainerDependencies,
    store: ContainerStore,
    reports: Reports,
    ending: Ending,
    probe: HealthProbe,
  ) {
    this.#d = dependencies;
    this.#store = store;
    this.#reports = reports;
    this.#ending = ending;
    this.#probe = probe;
    this.#before = new StartSurroundings(dependencies, store);
  }

  async prepareMachine(): Promise<void> {
    this.#kernel = await prepareMachine(this.#d.guest);
  }

  async run(container: Container): Promise<void> {
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
      const linked = linkVariables(this.#store, ({ id }) => this.#d.networks.sandbox(id), container);
      const size = terminalSize(container);
      const surroundings: Surroundings = { lowers: image, sandbox, joined, stats, size, packageVariables, linked };
      this.#openLog(container);
      const description = describeContainer(record, surroundings);
      this.#reports.volumeEvents(container, "mount");
      this.#kernel ??= await findKernelPaths(this.#d.guest);
      process = await this.#d.guest.spawn(
        containerProcess(description, this.#kernel, [...this.#before.prepareOps(container, sandbox), ...volumeOps]),
      );
    } catch (error) {
      await this.#ending.failed(container, error);
      return;
    }
    container.startedMonotonic = this.#d.clock.monotonic();
    container.setState({
      ...container.state,
      status: "running",
      pid: process.pid,
      startedAt: this.#reports.now(),
      finishedAt: container.state.finishedAt,
      exitCode: 0,
    });
    this.#follow(container, process);
    this.#reports.event(container, "start");
    this.#watchHealth(container);
    this.#reports.saveLater(container);
    if (config.Tty && hostConfig.ConsoleSize[0] === 0 && container.size.rows > 0)
      this.#reports.later(process.resize(container.size.rows, container.size.columns));
  }

  /** What memory alone knows of a container that runs, for a checkpoint. */
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
    this.#watchHealth(container, { state: health, ranFor });
    if (isPaused(container.state)) container.healthMonitor?.freeze(true);
  }

  /** Its input, its output to log and clients, its end. */
  #follow(container: Container, process: GuestProcess): void {
    container.process = process;
    container.input.connect(process.stdin);
    const { log } = container;
    if (log !== undefined) container.output.listenFirst((stream, data) => log.write(stream, data));
    container.output.pump({ stdout: process.stdout, stderr: process.stderr });
    void process.exit.then(
      (status) => this.#reports.later(this.#ending.exited(container, process, status)),
      () => {},
    );
  }

  #watchHealth(container: Container, since?: Parameters<typeof watchHealth>[2]): void {
    watchHealth(container, { clock: this.#d.clock, probe: this.#probe, reports: this.#reports }, since);
  }

  #openLog(container: Container, begun?: BegunLines): void {
    if (container.log !== undefined) return;
    const { id, hostConfig } = container.record;
    try {
      const settings = readLogSettings(hostConfig.LogConfig);
      container.log = openLog(logName(id), settings, this.#d.logs, this.#d.clock, begun);
    } catch (error) {
      const message = `failed to create task for container: ${(error as Error).message}`;
      throw new EngineError("system", message, { cause: error });
    }
  }
}

/** A client's resize that came before the start, else what the container was created with. */
function terminalSize({ size, record }: Container): { readonly rows: number; readonly columns: number } {
  const [rows, columns] = record.hostConfig.ConsoleSize;
  return size.rows > 0 ? size : { rows, columns };
}
