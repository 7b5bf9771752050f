/**
 * The machine's own time. v86 reads `performance.now` for everything that the guest can see of time (TSC, PIT), and keeps
 * absolute values of it in device state. A machine that is restored must therefore go on at the moment at which it was
 * saved, or its timers wait for the old time to come round.
 *
 * v86 binds `performance.now` once, when its library is loaded: {@link lendClock} puts a clock of ours in its place for that
 * moment (see ./v86-library.ts). Which machine is asking is known because v86 reads the time only while one of them runs.
 */

const hostNow = performance.now.bind(performance);

/** Milliseconds of host time; never those of a machine. */
export function realNow(): number {
  return hostNow();
}

let active: MachineClock | undefined;

/** One machine's clock: host time plus an offset. */
export class MachineClock {
  private offset = 0;

  now(): number {
    return hostNow() + this.offset;
  }

  /** From here on the machine's time goes on at `time`. */
  continueAt(time: number): void {
    this.offset = time - hostNow();
  }

  /** Runs emulator code that may read the time through v86's own binding. */
  during<Result>(work: () => Result): Result {
    const outer = active;
    active = this;
    try {
      return work();
    } finally {
      active = outer;
    }
  }
}

/** From here on `performance.now` is the active machine's clock: a library that binds it now binds that. */
export function lendClock(): void {
  performance.now = () => (active === undefined ? hostNow() : active.now());
}

export function giveClockBack(): void {
  performance.now = hostNow;
}
