/**
 * After a power cut (a killed tab, a machine that was not resumed) the records tell of processes that are no more: they have
 * exited with 255, as dockerd finds them after a crash, and those whose policy says so start again.
 */
import type { Lifecycle } from "./lifecycle/index.ts";
import { runOf } from "./model.ts";
import { isGone, isRunning } from "./predicates.ts";
import { restartsWithEngine } from "./restart-policy.ts";
import type { ContainerStore } from "./store.ts";

const lostExitCode = 255;

export async function reconcile(store: ContainerStore, lifecycle: Lifecycle, now: string): Promise<void> {
  const again = [];
  for (const container of store.all()) {
    const { state, record } = container;
    // Adopted from a checkpoint: it runs, or is about to.
    if (container.process !== undefined || container.restarting !== undefined) continue;
    if (isGone(state) || (isRunning(state) && record.hostConfig.AutoRemove)) {
      container.setState({ ...runOf(state), status: "exited" });
      await lifecycle.remove(container, { force: true, volumes: record.hostConfig.AutoRemove, reference: record.id });
      continue;
    }
    const ran = isRunning(state);
    if (ran) container.setState({ ...runOf(state), status: "exited", exitCode: lostExitCode, finishedAt: now });
    const always = record.hostConfig.RestartPolicy.Name === "always" && state.status === "exited";
    if ((ran || always) && restartsWithEngine(container.record)) again.push(container);
    if (ran) await store.save(container);
  }
  await Promise.all(again.map((container) => lifecycle.start(container).catch(() => {})));
}
