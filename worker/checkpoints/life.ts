/**
 * One life of the engine: from a start of the machine, or a return to a checkpoint, to the next return. When a life is over nothing of it
 * moves any more: its timers are gone, what it asked of guest and storage never settles, so that no half-done work of the old instant
 * reaches into the new one. Whoever outlives it (clients, the page) is told: their requests and streams fail with {@link Rewound}.
 */
import { EngineError } from "../engine/errors.ts";
import type { Clock } from "../engine/ports/host.ts";

export class Rewound extends EngineError {
  constructor(checkpoint: string) {
    super("unavailable", `The machine was put back to ${JSON.stringify(checkpoint)}.`);
  }
}

export class Life {
  readonly #endings = new Set<(reason: Rewound) => void>();
  readonly #storing = new Set<Promise<unknown>>();
  readonly #timers = new Set<() => void>();
  readonly #abort = new AbortController();
  #reason: Rewound | undefined;

  /** Aborts when the life is over. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Whether nothing of this life is being written to storage. */
  get stored(): boolean {
    return this.#storing.size === 0;
  }

  /** Calls back when the life is over; the answer takes the callback off. */
  onEnd(callback: (reason: Rewound) => void): () => void {
    if (this.#reason !== undefined) callback(this.#reason);
    else this.#endings.add(callback);
    return () => void this.#endings.delete(callback);
  }

  /** Ends it. Resolves when what it was writing is written. */
  async end(reason: Rewound): Promise<void> {
    this.#reason = reason;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    for (const callback of [...this.#endings]) callback(reason);
    this.#endings.clear();
    this.#abort.abort(reason);
    await Promise.allSettled(this.#storing);
  }

  /** The clock as long as the life lasts: no timer goes off afterwards. */
  clock(clock: Clock): Clock {
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      after: (ms, callback) => {
        if (this.#reason !== undefined) return () => {};
        const cancel = clock.after(ms, () => {
          this.#timers.delete(stop);
          callback();
        });
        const stop = (): void => {
          this.#timers.delete(stop);
          cancel();
        };
        this.#timers.add(stop);
        return stop;
      },
    };
  }

  /** A store whose changes happen during this life only; reading goes on. */
  guard<Store extends object>(store: Store, changes: readonly (keyof Store)[]): Store {
    const names = new Set<PropertyKey>(changes);
    return new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        if (!names.has(name)) return member.bind(target);
        return (...args: readonly unknown[]) => {
          if (this.#reason !== undefined) return new Promise(() => {});
          return this.#track(member.apply(target, args) as Promise<unknown>);
        };
      },
    });
  }

  #track<T>(work: Promise<T>): Promise<T> {
    const settled = work.then(
      () => void this.#storing.delete(settled),
      () => void this.#storing.delete(settled),
    );
    this.#storing.add(settled);
    return work;
  }

  /** What somebody waits for who outlives the life. */
  promise<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const leave = this.onEnd(reject);
      work.finally(leave).then(resolve, reject);
    });
  }

  /** `ended` is called when nothing more will be read, however that comes. */
  readable<T>(source: ReadableStream<T>, ended: () => void = () => {}): ReadableStream<T> {
    const reader = source.getReader();
    let leave = ended;
    return new ReadableStream<T>(
      {
        start: (controller) => {
          const forget = this.onEnd((reason) => {
            ended();
            controller.error(reason);
          });
          leave = () => {
            forget();
            ended();
          };
        },
        pull: async (controller) => {
          const { done, value } = await reader.read().catch((error: unknown) => {
            leave();
            throw error;
          });
          if (this.#reason !== undefined) return;
          if (!done) controller.enqueue(value);
          else {
            leave();
            controller.close();
          }
        },
        cancel: async (reason) => {
          leave();
          if (this.#reason === undefined) await reader.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    );
  }

  writable<T>(target: WritableStream<T>): WritableStream<T> {
    const writer = target.getWriter();
    let leave = (): void => {};
    return new WritableStream<T>({
      start: (controller) => {
        leave = this.onEnd((reason) => controller.error(reason));
        writer.closed.catch((error: unknown) => {
          leave();
          controller.error(error);
        });
      },
      write: (chunk) => this.promise(writer.write(chunk)),
      close: () => {
        leave();
        return this.promise(writer.close());
      },
      abort: async (reason) => {
        leave();
        if (this.#reason === undefined) await writer.abort(reason);
      },
    });
  }

  async *values<T>(source: AsyncIterable<T>): AsyncGenerator<T> {
    const iterator = source[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await this.promise(iterator.next());
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      if (this.#reason === undefined) await iterator.return?.();
    }
  }
}
