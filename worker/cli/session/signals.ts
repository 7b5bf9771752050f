/**
 * Signals that the `docker` process gets. SIGINT and SIGTERM end a command (exit code 128 + n), unless it has taken signals over;
 * the third of them always ends it, as docker/cli's forceExitAfter3TerminationSignals does.
 */
export const SIGHUP = 1;
export const SIGINT = 2;
export const SIGTERM = 15;
export const SIGWINCH = 28;

const names: Readonly<Record<number, string>> = {
  1: "HUP",
  2: "INT",
  3: "QUIT",
  4: "ILL",
  5: "TRAP",
  6: "ABRT",
  7: "BUS",
  8: "FPE",
  9: "KILL",
  10: "USR1",
  11: "SEGV",
  12: "USR2",
  14: "ALRM",
  15: "TERM",
  16: "STKFLT",
  18: "CONT",
  19: "STOP",
  20: "TSTP",
  21: "TTIN",
  22: "TTOU",
  24: "XCPU",
  25: "XFSZ",
  26: "VTALRM",
  27: "PROF",
  28: "WINCH",
  29: "IO",
  30: "PWR",
  31: "SYS",
};
/** The name as the Engine API's kill takes it; `undefined` for those that the CLI never forwards (CHLD, PIPE, URG). */
export const signalName = (signal: number): string | undefined => names[signal];

export interface Subscription {
  dispose(): void;
}

export class Signals {
  readonly #handlers = new Set<(signal: number) => void>();
  readonly #reader: ReadableStreamDefaultReader<number>;
  readonly #terminate: (signal: number, force: boolean) => void;
  #taken = 0;
  #terminations = 0;

  constructor(stream: ReadableStream<number>, terminate: (signal: number, force: boolean) => void) {
    this.#terminate = terminate;
    this.#reader = stream.getReader();
    this.#read().catch(() => undefined);
  }

  /** Calls `handler` for every signal. With `take`, SIGINT and SIGTERM no longer end the command. */
  listen(handler: (signal: number) => void, options: { readonly take?: boolean } = {}): Subscription {
    this.#handlers.add(handler);
    if (options.take === true) this.#taken++;
    return {
      dispose: () => {
        if (this.#handlers.delete(handler) && options.take === true) this.#taken--;
      },
    };
  }

  end(): void {
    this.#handlers.clear();
    this.#reader.releaseLock();
  }

  async #read(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#reader.read();
      if (done) return;
      for (const handler of this.#handlers) handler(value);
      if (value !== SIGINT && value !== SIGTERM) continue;
      this.#terminations++;
      if (this.#terminations >= 3) this.#terminate(value, true);
      else if (this.#taken === 0) this.#terminate(value, false);
    }
  }
}
