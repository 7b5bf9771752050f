/** A container in memory: its record, and what lives only as long as the machine does (process, output, waiters, execs). */
import type { ContainerId } from "../domains.ts";
import type { GuestProcess } from "../ports/guest.ts";
import type { Execution } from "./execution.ts";
import type { HealthMonitor, HealthState } from "./health.ts";
import type { ContainerLog } from "./log-driver.ts";
import type { ContainerRecord, ContainerState } from "./model.ts";
import { Output } from "./output.ts";
import { StandardInput } from "./standard-input.ts";

export type WaitCondition = "not-running" | "next-exit" | "removed";
export interface WaitResult {
  readonly exitCode: number;
  readonly error: string;
}

export class Container {
  record: ContainerRecord;
  process: GuestProcess | undefined;
  readonly output = new Output();
  log: ContainerLog | undefined;
  readonly executions = new Map<string, Execution>();
  health: HealthState | undefined;
  healthMonitor: HealthMonitor | undefined;
  /** Shared by all who are attached; a new one for each run. */
  input = new StandardInput();
  /** A restart or a removal is under way: a container that removes itself does not do so at this end. */
  keep = false;
  /** Somebody asked for the stop in progress; no restart policy applies to the exit that follows. */
  stopping = false;
  /** By `stop`: its event comes with the exit. */
  announceStop = false;
  restarting: { readonly cancel: () => void } | undefined;
  consecutiveRestarts = 0;
  startedMonotonic = 0;
  size = { rows: 0, columns: 0 };
  /** Somebody was in the network namespace who may have changed it, or nobody knows: it serves no other container after this run. */
  networkTouched = true;
  /** What the last run left in the guest is being taken away; the next start waits for it. */
  cleanup: Promise<void> = Promise.resolve();
  readonly #waiters: { readonly condition: WaitCondition; readonly resolve: (result: WaitResult) => void }[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(record: ContainerRecord) {
    this.record = record;
  }

  get id(): ContainerId {
    return this.record.id;
  }
  get name(): string {
    return this.record.name;
  }
  get state(): ContainerState {
    return this.record.state;
  }
  setState(state: ContainerState): void {
    this.record = { ...this.record, state };
  }

  /** Changes of one container happen one after another. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work, work);
    this.#turn = result.catch(() => {});
    return result;
  }

  wait(condition: WaitCondition, signal?: AbortSignal): Promise<WaitResult> {
    return new Promise((resolve, reject) => {
      const gone = (): void => {
        const at = this.#waiters.indexOf(waiter);
        if (at >= 0) this.#waiters.splice(at, 1);
        reject(signal?.reason);
      };
      const waiter = {
        condition,
        resolve: (result: WaitResult): void => {
          signal?.removeEventListener("abort", gone);
          resolve(result);
        },
      };
      this.#waiters.push(waiter);
      signal?.addEventListener("abort", gone);
    });
  }

  /** After an exit: those who wait for one. After a removal: all. */
  settle(event: "exit" | "removed", result: WaitResult): void {
    for (let i = this.#waiters.length - 1; i >= 0; i--) {
      const waiter = this.#waiters[i];
      if (waiter === undefined || (event === "exit" && waiter.condition === "removed")) continue;
      this.#waiters.splice(i, 1);
      waiter.resolve(result);
    }
  }

  /** The next run has an input of its own. */
  renewInput(): void {
    this.input = new StandardInput();
  }

  eventAttributes(extra: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
    return { ...this.record.config.Labels, image: this.record.config.Image, name: this.record.name, ...extra };
  }
}
