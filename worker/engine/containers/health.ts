/** Health checks: a program run in the container at intervals, and what its exits mean (moby's daemon/health.go). */

import { goDuration } from "../../go/duration.ts";
import type { HealthConfig } from "../domains.ts";
import type { Clock } from "../ports/host.ts";
import { formatTime } from "./times.ts";

export interface HealthResult {
  readonly Start: string;
  readonly End: string;
  readonly ExitCode: number;
  readonly Output: string;
}
export interface HealthState {
  readonly Status: "starting" | "healthy" | "unhealthy";
  readonly FailingStreak: number;
  readonly Log: readonly HealthResult[];
}

const nano = 1e-6;
const defaults = { interval: 30_000, timeout: 30_000, startInterval: 5_000, retries: 3 } as const;
const keptResults = 5;
const outputLimit = 4096;

/** The command of a check, or `undefined` when there is none to run. */
export function healthCommand(
  check: HealthConfig | undefined,
  shell: readonly string[] | undefined,
): readonly string[] | undefined {
  const [kind, ...args] = check?.Test ?? [];
  if (kind === "CMD") return args;
  if (kind === "CMD-SHELL") return [...(shell?.length ? shell : ["/bin/sh", "-c"]), args[0] ?? ""];
  return undefined;
}

export const startingHealth: HealthState = { Status: "starting", FailingStreak: 0, Log: [] };

/** How one result changes the state. Failures while the container starts do not count. */
export function nextHealth(
  state: HealthState,
  result: HealthResult,
  check: HealthConfig,
  starting: boolean,
): HealthState {
  const Log = [...state.Log, result].slice(-keptResults);
  if (result.ExitCode === 0) return { Status: "healthy", FailingStreak: 0, Log };
  if (starting && state.Status === "starting") return { ...state, Log };
  const FailingStreak = state.FailingStreak + 1;
  const unhealthy = FailingStreak >= (check.Retries || defaults.retries);
  return { Status: unhealthy ? "unhealthy" : state.Status, FailingStreak, Log };
}

export interface ProbeRun {
  readonly exitCode: number;
  readonly output: string;
}

export interface HealthPorts {
  readonly clock: Clock;
  /** Runs the check; -1 with a message when it could not be started. `signal` ends it at its timeout. */
  readonly run: (signal: AbortSignal) => Promise<ProbeRun>;
  readonly changed: (state: HealthState, previous: HealthState) => void;
}

export class HealthMonitor {
  readonly #check: HealthConfig;
  readonly #ports: HealthPorts;
  readonly #began: number;
  #state: HealthState;
  #stopped = false;
  #frozen = false;
  #cancel = (): void => {};
  #abort: AbortController | undefined;

  /** `state` and `ranFor` (milliseconds): of a container that ran on from a checkpoint. */
  constructor(check: HealthConfig, ports: HealthPorts, state = startingHealth, ranFor = 0) {
    this.#check = check;
    this.#ports = ports;
    this.#state = state;
    this.#began = ports.clock.monotonic() - ranFor;
    this.#schedule();
  }

  get #inStartPeriod(): boolean {
    return this.#ports.clock.monotonic() - this.#began < (this.#check.StartPeriod ?? 0) * nano;
  }

  #schedule(): void {
    if (this.#stopped || this.#frozen) return;
    const { Interval, StartInterval } = this.#check;
    const starting = this.#inStartPeriod && this.#state.Status === "starting";
    const wait = starting
      ? StartInterval
        ? StartInterval * nano
        : defaults.startInterval
      : Interval
        ? Interval * nano
        : defaults.interval;
    this.#cancel = this.#ports.clock.after(wait, () => void this.#probe());
  }

  async #probe(): Promise<void> {
    const { clock } = this.#ports;
    const start = clock.now();
    const timeout = this.#check.Timeout ? this.#check.Timeout * nano : defaults.timeout;
    this.#abort = new AbortController();
    const abort = this.#abort;
    let late = false;
    const cancel = clock.after(timeout, () => {
      late = true;
      abort.abort();
    });
    const starting = this.#inStartPeriod;
    const run = await this.#ports.run(abort.signal);
    cancel();
    if (this.#stopped) return;
    const result: HealthResult = {
      Start: formatTime(start),
      End: formatTime(clock.now()),
      ExitCode: late ? -1 : run.exitCode,
      Output: (late
        ? `Health check exceeded timeout (${goDuration(timeout * 1e6)})${run.output === "" ? "" : `: ${run.output}`}`
        : run.output
      ).slice(0, outputLimit),
    };
    const previous = this.#state;
    this.#state = nextHealth(previous, result, this.#check, starting);
    this.#ports.changed(this.#state, previous);
    this.#schedule();
  }

  /** A frozen container is not asked; its state stays as it is. */
  freeze(on: boolean): void {
    this.#frozen = on;
    this.#cancel();
    if (!on) this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
    this.#abort?.abort();
  }
}
