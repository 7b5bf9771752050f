/** What makes a container start, end and go away. One change of a container at a time; ends are handled when they come. */
import { EngineError } from "../../errors.ts";
import type { GuestProcess } from "../../ports/guest.ts";
import type { Container } from "../container.ts";
import type { ContainerDependencies } from "../dependencies.ts";
import { hasProcess, isGone, isPaused, isRunning } from "../predicates.ts";
import type { ContainerStore } from "../store.ts";
import { Ending } from "./ending.ts";
import type { HealthProbe } from "./health-watch.ts";
import { Removal, type RemoveOptions } from "./removal.ts";
import { Reports } from "./reports.ts";
import { Restarts } from "./restarts.ts";
import { type RunState, Starting } from "./starting.ts";
import { type StopOptions, Stopping } from "./stopping.ts";

export type { RunState } from "./starting.ts";

export class Lifecycle {
  readonly #reports: Reports;
  readonly #restarts: Restarts;
  readonly #stopping: Stopping;
  readonly #removal: Removal;
  readonly #starting: Starting;

  constructor(dependencies: ContainerDependencies, store: ContainerStore, probe: HealthProbe) {
    const reports = new Reports(dependencies, store);
    this.#reports = reports;
    this.#restarts = new Restarts(dependencies.clock, store, reports, (container) => this.#starting.run(container));
    this.#stopping = new Stopping(dependencies, store, reports, this.#restarts);
    this.#removal = new Removal(dependencies, store, reports, this.#stopping);
    const ending = new Ending(dependencies, reports, this.#restarts, this.#removal);
    this.#starting = new Starting(dependencies, store, reports, ending, probe);
  }

  /** Makes the machine ready for containers; once after the machine has started or was restored. */
  prepareMachine(): Promise<void> {
    return this.#starting.prepareMachine();
  }

  /** Resolves when nothing goes on behind answered requests: cleaning up, saving. */
  idle(): Promise<void> {
    return this.#reports.idle();
  }

  event(container: Container, action: string, extra?: Readonly<Record<string, string>>): void {
    this.#reports.event(container, action, extra);
  }

  start(container: Container): Promise<void> {
    return container.exclusively(async () => {
      const { state } = container;
      if (isPaused(state)) throw new EngineError("conflict", "cannot start a paused container, try unpause instead");
      if (isGone(state)) throw new EngineError("conflict", "container is marked for removal and cannot be started");
      if (hasProcess(state)) throw new EngineError("notModified", "container is already running");
      container.restarting?.cancel();
      container.restarting = undefined;
      container.consecutiveRestarts = 0;
      container.record = { ...container.record, manuallyStopped: false, restartCount: 0 };
      await this.#starting.run(container);
    });
  }

  kill(container: Container, signal: number): Promise<void> {
    return this.#stopping.kill(container, signal);
  }

  stop(container: Container, options: StopOptions): Promise<void> {
    return this.#stopping.stop(container, options);
  }

  freeze(container: Container, on: boolean): Promise<void> {
    return this.#stopping.freeze(container, on);
  }

  async restart(container: Container, options: StopOptions): Promise<void> {
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

  remove(container: Container, options: RemoveOptions): Promise<void> {
    return this.#removal.remove(container, options);
  }

  /** For a checkpoint, with `adopt` and `resumeRestart` as its ways back. */
  exportRun(container: Container): RunState | undefined {
    return this.#starting.exportRun(container);
  }

  adopt(container: Container, process: GuestProcess, run: RunState): void {
    this.#starting.adopt(container, process, run);
  }

  /** It waited for its next start when the checkpoint was taken. */
  resumeRestart(container: Container): void {
    this.#restarts.later(container, 0);
  }
}
