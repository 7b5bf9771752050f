/**
 * Notices that the Worker has died: comlink's calls to a dead Worker never settle. Every beat asks for an answer; when
 * none has come within the patience, the Worker is lost. A laptop that slept, or a tab whose timers were throttled, gets
 * a late beat: time that the page itself did not run does not count.
 */
export interface HeartbeatOptions {
  readonly ping: () => Promise<unknown>;
  readonly onLost: (silentMs: number) => void;
  readonly intervalMs?: number;
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
  #silentMs = 0;
  #lastBeat = 0;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#intervalMs = options.intervalMs ?? 2000;
    this.#patienceMs = options.patienceMs ?? 20_000;
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

  #schedule(): void {
    this.#timer = setTimeout(() => this.beat(), this.#intervalMs);
  }

  /** One beat; the timer calls it. */
  beat(): void {
    const elapsed = this.#now() - this.#lastBeat;
    this.#lastBeat = this.#now();
    if (this.#waiting) this.#silentMs += Math.min(elapsed, this.#intervalMs * 2);
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
      });
    }
    if (this.#timer !== undefined) this.#schedule();
  }
}
