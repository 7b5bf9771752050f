/**
 * Notices that the Worker has died: comlink's calls to a dead Worker never settle. Every beat asks for an answer; when
 * none has come within the patience, the Worker is lost. A laptop that slept, or a tab whose timers were throttled, gets
 * a late beat: time that the page itself did not run does not count.
 */
export interface HeartbeatOptions {
  readonly ping: () => Promise<unknown>;
  readonly onLost: (silentMs: number) => void;
  /** Told with `true` when an answer is overdue, and with `false` when one has come again. */
  readonly onBusy?: (busy: boolean) => void;
  readonly intervalMs?: number;
  /** A machine that works hard can be silent for long, and is not to be ended for it. */
  readonly patienceMs?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #intervalMs: number;
  readonly #patienceMs: number;
  readonly #now: () => number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waiting = false;
  #busy = false;
  #silentMs = 0;
  #lastBeat = 0;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#intervalMs = options.intervalMs ?? 2000;
    this.#patienceMs = options.patienceMs ?? 60_000;
    this.#now = options.now ?? (() => performance.now());
  }

  start(): void {
    this.#lastBeat = this.#now();
    this.#schedule();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #setBusy(busy: boolean): void {
    if (busy === this.#busy) return;
    this.#busy = busy;
    this.#options.onBusy?.(busy);
  }

  #schedule(): void {
    this.#timer = setTimeout(() => this.beat(), this.#intervalMs);
  }

  /** One beat; the timer calls it. */
  beat(): void {
    const elapsed = this.#now() - this.#lastBeat;
    this.#lastBeat = this.#now();
    if (this.#waiting) this.#silentMs += Math.min(elapsed, this.#intervalMs * 2);
    if (this.#silentMs >= this.#intervalMs * 2) this.#setBusy(true);
    if (this.#silentMs >= this.#patienceMs) {
      this.stop();
      this.#options.onLost(this.#silentMs);
      return;
    }
    if (!this.#waiting) {
      this.#waiting = true;
      void this.#options.ping().then(() => {
        this.#waiting = false;
        this.#silentMs = 0;
        this.#setBusy(false);
      });
    }
    if (this.#timer !== undefined) this.#schedule();
  }
}
