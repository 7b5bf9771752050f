/** What happens when a container's process ends, or could not be started. */
import type { ExitStatus, GuestProcess } from "../../ports/guest.ts";
import type { Container } from "../container.ts";
import type { ContainerDependencies } from "../dependencies.ts";
import { type ContainerState, never, type RunRecord, runOf } from "../model.ts";
import { shouldRestart } from "../restart-policy.ts";
import { startFailure } from "../start-errors.ts";
import type { Removal } from "./removal.ts";
import type { Reports } from "./reports.ts";
import type { Restarts } from "./restarts.ts";
import { oomKilled, removeTraces } from "./traces.ts";

export class Ending {
  readonly #d: ContainerDependencies;
  readonly #reports: Reports;
  readonly #restarts: Restarts;
  readonly #removal: Removal;

  constructor(dependencies: ContainerDependencies, reports: Reports, restarts: Restarts, removal: Removal) {
    this.#d = dependencies;
    this.#reports = reports;
    this.#restarts = restarts;
    this.#removal = removal;
  }

  async exited(container: Container, process: GuestProcess, status: ExitStatus): Promise<void> {
    if (container.process !== process) return;
    const { record } = container;
    container.healthMonitor?.stop();
    container.healthMonitor = undefined;
    const limited = record.hostConfig.Memory > 0 || status.code === 137;
    // The sandbox's ports are free before anybody is told; the rest of the cleaning goes on behind the answer.
    const untouched = !container.networkTouched;
    const closed = this.#d.networks.closeSandbox(record.id, { untouched }).catch(() => {});
    const [outOfMemory] = await Promise.all([
      limited ? oomKilled(this.#d.guest, record) : false,
      container.output.drained(this.#d.clock),
      Object.keys(record.hostConfig.PortBindings).length > 0 ? closed : undefined,
    ]);
    if (container.process !== process) return;
    container.process = undefined;
    if (outOfMemory) this.#reports.event(container, "oom");
    await container.log?.endRun();
    const ranFor = this.#d.clock.monotonic() - container.startedMonotonic;
    const run: RunRecord = {
      ...runOf(container.state),
      finishedAt: this.#reports.now(),
      exitCode: status.code,
      oomKilled: outOfMemory,
    };
    const stopped = container.stopping;
    container.stopping = false;
    const again = shouldRestart(container.record, { exitCode: status.code, stopped });
    container.setState({ ...run, status: again ? "restarting" : "exited" });
    if (container.health !== undefined) container.health = { ...container.health, Status: "unhealthy" };
    this.#reports.volumeEvents(container, "unmount");
    container.cleanup = Promise.all([closed, removeTraces(this.#d.guest, record)]).then(
      () => {},
      () => {},
    );
    this.#reports.later(container.cleanup);
    if (container.announceStop) this.#reports.event(container, "stop");
    container.announceStop = false;
    this.#reports.event(container, "die", {
      execDuration: String(Math.floor(ranFor / 1000)),
      exitCode: String(status.code),
    });
    for (const execution of container.executions.values())
      if (execution.state !== "running") container.executions.delete(execution.id);
    container.renewInput();
    container.output.end();
    container.settle("exit", { exitCode: status.code, error: "" });
    if (again) this.#restarts.later(container, ranFor);
    else if (record.hostConfig.AutoRemove && !container.keep)
      await this.#removal.forget(container, true).catch(() => {});
    this.#reports.saveLater(container);
  }

  /** Nothing of the attempt stays; the client is told why in dockerd's words. */
  async failed(container: Container, cause: unknown): Promise<never> {
    const { record } = container;
    const { error, exitCode } = startFailure(cause, record.path, record.config.WorkingDir || "/", record.config.User);
    await this.#d.networks.closeSandbox(record.id).catch(() => {});
    await removeTraces(this.#d.guest, record).catch(() => {});
    const status: ContainerState["status"] = record.state.startedAt === never ? "created" : "exited";
    container.setState({ ...runOf(container.state), status, exitCode, error: error.message });
    container.output.end();
    container.renewInput();
    this.#reports.saveLater(container);
    if (record.hostConfig.AutoRemove) await this.#removal.forget(container, true);
    throw error;
  }
}
