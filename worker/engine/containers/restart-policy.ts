/** Whether and when an ended container starts again (moby's restartmanager). */
import type { ContainerRecord } from "./model.ts";

const firstDelay = 100;
const longestDelay = 60_000;
/** A run of this length counts as a success: the delay starts anew. */
const goodRun = 10_000;

export function shouldRestart(
  record: ContainerRecord,
  exit: { readonly exitCode: number; readonly stopped: boolean },
): boolean {
  if (exit.stopped) return false;
  const { Name, MaximumRetryCount } = record.hostConfig.RestartPolicy;
  switch (Name) {
    case "no":
      return false;
    case "always":
    case "unless-stopped":
      return true;
    case "on-failure":
      return exit.exitCode !== 0 && (MaximumRetryCount === 0 || record.restartCount < MaximumRetryCount);
  }
}

/** At an engine's start: what a container that was running when the machine was lost does. */
export function restartsWithEngine(record: ContainerRecord): boolean {
  const { Name } = record.hostConfig.RestartPolicy;
  if (Name === "always") return true;
  if (Name === "unless-stopped") return !record.manuallyStopped;
  return Name === "on-failure" && record.state.exitCode !== 0;
}

/** 100 ms, doubled with each restart up to a minute. */
export function restartDelay(consecutive: number, ranFor: number): number {
  if (ranFor >= goodRun) return firstDelay;
  return Math.min(longestDelay, firstDelay * 2 ** Math.min(consecutive, 20));
}
