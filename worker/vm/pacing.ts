/**
 * When the emulator runs next. v86's own pacing spins through the last millisecond before each guest timer and needs a
 * nested Worker for its timeouts; this one sleeps, a little long if need be, and wakes at once for input.
 */

export interface Pacing {
  /** Calls `turn` once: after `milliseconds`, or as soon as other events had their turn when that is 0. Replaces an earlier request. */
  schedule(milliseconds: number, turn: () => void): void;
  close(): void;
}

export function createPacing(): Pacing {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let next: (() => void) | undefined;
  // setImmediate where there is one (Node): a MessagePort would keep the process alive and is slower there.
  const immediate = (globalThis as { setImmediate?: (callback: () => void) => unknown }).setImmediate;
  const channel = immediate === undefined ? new MessageChannel() : undefined;
  const run = () => {
    const turn = next;
    next = undefined;
    turn?.();
  };
  if (channel !== undefined) channel.port1.onmessage = run;
  return {
    schedule(milliseconds, turn) {
      if (timer !== undefined) {
        clearTimeout(timer);
        timer = undefined;
      }
      const soonAlready = next !== undefined && milliseconds <= 0;
      if (milliseconds > 0) {
        next = undefined;
        timer = setTimeout(() => {
          timer = undefined;
          turn();
        }, Math.ceil(milliseconds));
        return;
      }
      next = turn;
      if (soonAlready) return;
      if (immediate !== undefined) immediate(run);
      else channel?.port2.postMessage(0);
    },
    close() {
      if (timer !== undefined) clearTimeout(timer);
      next = undefined;
      channel?.port1.close();
    },
  };
}
