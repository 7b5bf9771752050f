/**
 * A program that has just started has not said yet what it does about signals, and the first of a PID namespace loses those that it
 * has no handler for (pid_namespaces(7)). With moby it has run for a moment before `start` answers; here `start` answers sooner, so
 * that a signal in the first moments waits until there is a handler, or until they are over.
 */
import type { Guest } from "../../ports/guest.ts";
import type { Clock } from "../../ports/host.ts";
import type { Container } from "../container.ts";
import { hasProcess } from "../predicates.ts";
import { SIGKILL } from "../signals.ts";

/** Milliseconds. */
const firstMoments = 300;
const between = 20;

export async function untilHandled(
  { guest, clock }: { readonly guest: Guest; readonly clock: Clock },
  container: Container,
  signal: number,
): Promise<void> {
  const isOver = (): boolean => clock.monotonic() - container.startedMonotonic >= firstMoments;
  while (signal !== SIGKILL && container.state.status === "running" && !isOver()) {
    const { pid } = container.state;
    const [status] = await guest.batch([{ op: "read", path: `/proc/${pid}/status`, ignore: ["*"] }]);
    if (!(status instanceof Uint8Array) || isSettled(new TextDecoder().decode(status), signal)) return;
    await new Promise<void>((resolve) => void clock.after(between, resolve));
    if (!hasProcess(container.state) || container.state.pid !== pid) return;
  }
}

/** Whether the process catches or ignores the signal (proc_pid_status(5)). */
export function isSettled(status: string, signal: number): boolean {
  const has = (set: string): boolean => {
    const mask = new RegExp(`^${set}:\\s*([0-9a-f]+)$`, "m").exec(status)?.[1] ?? "0";
    return ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
  };
  return has("SigCgt") || has("SigIgn");
}
