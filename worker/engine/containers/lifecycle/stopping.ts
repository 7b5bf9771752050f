/** Signals to a container: kill, stop with its patience, pause and unpause. */
import { EngineError } from "../../errors.ts";
import type { Op } from "../../ports/guest.ts";
import { cgroupPath } from "../../runtime/index.ts";
import type { Container } from "../container.ts";
import type { ContainerDependencies } from "../dependencies.ts";
import { hasProcess } from "../predicates.ts";
import { parseSignal, SIGKILL, SIGTERM } from "../signals.ts";
import type { ContainerStore } from "../store.ts";
import { untilHandled } from "./first-moments.ts";
import { notRunning } from "./not-running.ts";
import type { Reports } from "./reports.ts";
import type { Restarts } from "./restarts.ts";

export interface StopOptions {
  /** Seconds; negative waits for ever. */
  readonly timeout?: number | undefined;
  readonly signal?: string | undefined;
}

/** Seconds. */
const defaultTimeout = 10;

const stopSignalOf = ({ record }: Container): number => parseSignal(record.config.StopSignal ?? "") ?? SIGTERM;

export class Stopping {
  readonly #d: ContainerDependencies;
  readonly #store: ContainerStore;
  readonly #reports: Reports;
  readonly #restarts: Restarts;

  constructor(dependencies: ContainerDependencies, store: ContainerStore, reports: Reports, restarts: Restarts) {
    this.#d = dependencies;
    this.#store = store;
    this.#reports = reports;
    this.#restarts = restarts;
  }

  async kill(container: Container, signal: number): Promise<void> {
    if (container.state.status === "restarting") {
      await this.#restarts.giveUp(container);
      return;
    }
    if (!hasProcess(container.state)) throw notRunning(container);
    // As dockerd: what may end it is taken for a wish that it ends, and no policy starts it again.
    const ends = signal === SIGKILL || signal === stopSignalOf(container) || !container.record.config.StopSignal;
    if (ends) this.#wanted(container);
    await this.#signal(container, signal, ends);
    // dockerd answers a kill -9 when the container has ended.
    if (signal === SIGKILL && hasProcess(container.state)) await container.wait("not-running");
  }

  async stop(container: Container, options: StopOptions): Promise<void> {
    if (container.state.status === "restarting") {
      await this.#restarts.giveUp(container);
      this.#reports.event(container, "stop");
      return;
    }
    if (!hasProcess(container.state)) throw new EngineError("notModified", "container is already stopped");
    const signal = options.signal === undefined ? stopSignalOf(container) : (parseSignal(options.signal) ?? SIGTERM);
    const timeout = options.timeout ?? container.record.config.StopTimeout ?? defaultTimeout;
    this.#wanted(container);
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
      await this.#d.guest.batch([freezeOp(container, on)]);
      container.setState({ ...state, status: on ? "paused" : "running" });
      container.healthMonitor?.freeze(on);
      this.#reports.event(container, on ? "pause" : "unpause");
      await this.#store.save(container);
    });
  }

  /** No restart policy applies to the exit that follows. */
  #wanted(container: Container): void {
    container.stopping = true;
    container.record = { ...container.record, manuallyStopped: true };
  }

  async #signal(container: Container, signal: number, thaw: boolean): Promise<void> {
    if (!hasProcess(container.state)) throw notRunning(container);
    await untilHandled(this.#d, container, signal);
    const { state } = container;
    if (!hasProcess(state)) return;
    const ops: Op[] = [{ op: "kill", pid: state.pid, signal, ignore: ["ESRCH"] }];
    // A frozen process takes no signal that it could handle.
    if (thaw && state.status === "paused") {
      ops.push({ ...freezeOp(container, false), ignore: ["*"] });
      container.setState({ ...state, status: "running" });
    }
    await this.#d.guest.batch(ops);
    this.#reports.event(container, "kill", { signal: String(signal) });
  }
}

function freezeOp({ id, record }: Container, on: boolean): Op {
  const path = `${cgroupPath(record.hostConfig.CgroupParent, id)}/cgroup.freeze`;
  return { op: "write", path, data: on ? "1" : "0", create: false };
}
