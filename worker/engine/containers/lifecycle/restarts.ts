/** Runs that come by themselves: what a restart policy asks for, later and later as long as they fail soon. */
import type { Clock } from "../../ports/host.ts";
import type { Container } from "../container.ts";
import { runOf } from "../model.ts";
import { restartDelay } from "../restart-policy.ts";
import type { ContainerStore } from "../store.ts";
import type { Reports } from "./reports.ts";

/** A run of this length (ms) is a success: the next delay is the shortest again. */
const steady = 10_000;

export class Restarts {
  readonly #clock: Clock;
  readonly #store: ContainerStore;
  readonly #reports: Reports;
  readonly #run: (container: Container) => Promise<void>;

  constructor(clock: Clock, store: ContainerStore, reports: Reports, run: (container: Container) => Promise<void>) {
    this.#clock = clock;
    this.#store = store;
    this.#reports = reports;
    this.#run = run;
  }

  later(container: Container, ranFor: number): void {
    const delay = restartDelay(container.consecutiveRestarts, ranFor);
    container.consecutiveRestarts = ranFor >= steady ? 0 : container.consecutiveRestarts + 1;
    const cancel = this.#clock.after(delay, () => {
      container.restarting = undefined;
      this.#reports.later(
        container.exclusively(async () => {
          if (container.state.status !== "restarting") return;
          container.record = { ...container.record, restartCount: container.record.restartCount + 1 };
          await this.#run(container);
        }),
      );
    });
    container.restarting = { cancel };
  }

  /** Somebody stopped it while it waited for its next run. */
  async giveUp(container: Container): Promise<void> {
    container.restarting?.cancel();
    container.restarting = undefined;
    container.record = { ...container.record, manuallyStopped: true };
    container.setState({ ...runOf(container.state), status: "exited" });
    await this.#store.save(container);
  }
}
