/** How a container goes away: refused while it runs unless forced, then its record at once and its files behind the answer. */
import { EngineError } from "../../errors.ts";
import type { Container } from "../container.ts";
import type { ContainerDependencies } from "../dependencies.ts";
import { openLog } from "../log-driver.ts";
import { runOf } from "../model.ts";
import { containerDirectory, layerDirectory, logName } from "../paths.ts";
import { isRunning } from "../predicates.ts";
import { SIGKILL } from "../signals.ts";
import type { ContainerStore } from "../store.ts";
import type { Reports } from "./reports.ts";
import type { Stopping } from "./stopping.ts";

export interface RemoveOptions {
  readonly force: boolean;
  readonly volumes: boolean;
  /** As the client called it. */
  readonly reference: string;
}

export class Removal {
  readonly #d: ContainerDependencies;
  readonly #store: ContainerStore;
  readonly #reports: Reports;
  readonly #stopping: Stopping;

  constructor(dependencies: ContainerDependencies, store: ContainerStore, reports: Reports, stopping: Stopping) {
    this.#d = dependencies;
    this.#store = store;
    this.#reports = reports;
    this.#stopping = stopping;
  }

  remove(container: Container, options: RemoveOptions): Promise<void> {
    return container.exclusively(async () => {
      const { state } = container;
      if (state.status === "removing")
        throw new EngineError("conflict", `removal of container ${options.reference} is already in progress`);
      if (isRunning(state)) {
        if (!options.force) throw cannotRemove(options.reference, state.status);
        container.keep = true;
        await this.#stopping.kill(container, SIGKILL);
      }
      await this.forget(container, options.volumes);
    });
  }

  async forget(container: Container, volumes: boolean): Promise<void> {
    if (container.state.status === "removing") return;
    const { record } = container;
    container.setState({ ...runOf(container.state), status: "removing" });
    container.restarting?.cancel();
    await this.#store.remove(container);
    for (const mount of volumes ? record.mounts : [])
      if (mount.detail.anonymous === true && mount.Name !== undefined && !this.#volumeUsed(mount.Name))
        await this.#d.volumes.remove(mount.Name, { force: false }).catch(() => {});
    this.#reports.later(this.#removeFiles(container));
    this.#reports.later(this.#removeLog(container));
    this.#reports.event(container, "destroy");
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

  /** Of a container that has not run since the engine was opened, too. */
  #removeLog({ log, id }: Container): Promise<void> {
    const settings = { type: "json-file", maxSize: undefined, maxFiles: 1 } as const;
    return (log ?? openLog(logName(id), settings, this.#d.logs, this.#d.clock)).remove();
  }

  #volumeUsed(name: string): boolean {
    return this.#store.all().some((c) => c.record.mounts.some((m) => m.Name === name));
  }
}

function cannotRemove(reference: string, status: "running" | "paused" | "restarting"): EngineError {
  const how = {
    running: "container is running: stop the container before removing or force remove",
    paused: "container is paused and must be unpaused first",
    restarting: "container is restarting: stop the container before removing or force remove",
  }[status];
  return new EngineError("conflict", `cannot remove container ${JSON.stringify(reference)}: ${how}`);
}
