/** The engine's events: a short memory of the past, and whoever listens. */
import type { EngineEvent, EventSink } from "../domains.ts";
import type { Clock } from "../ports/host.ts";
import { type EventFilters, eventPasses } from "./filter.ts";

/** moby keeps as many (daemon/events, eventsLimit). */
const remembered = 256;

export interface Subscription {
  readonly backlog: readonly EngineEvent[];
  dispose(): void;
}

export class EventLog implements EventSink {
  readonly #clock: Clock;
  #past: EngineEvent[] = [];
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  #lastNano = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  publish(type: EngineEvent["Type"], action: string, id: string, attributes: Readonly<Record<string, string>>): void {
    const ms = this.#clock.now().getTime();
    // Doubles hold nanoseconds of our time to 256; steps of 1 µs keep the order of events visible.
    this.#lastNano = Math.max(ms * 1e6, this.#lastNano + 1024);
    const event: EngineEvent = {
      Type: type,
      Action: action,
      Actor: { ID: id, Attributes: attributes },
      scope: "local",
      time: Math.floor(ms / 1000),
      timeNano: this.#lastNano,
    };
    this.#past.push(event);
    if (this.#past.length > remembered) this.#past = this.#past.slice(-remembered);
    for (const listener of [...this.#listeners]) listener(event);
  }

  /** Backlog and subscription in one step, so that nothing falls in between. Times are milliseconds since 1970. */
  subscribe(
    listener: (event: EngineEvent) => void,
    options: {
      readonly since?: number | undefined;
      readonly until?: number | undefined;
      readonly filters?: EventFilters;
    } = {},
  ): Subscription {
    const { since, until, filters = {} } = options;
    const backlog =
      since === undefined && until === undefined
        ? []
        : this.#past.filter(
            (e) =>
              e.timeNano >= (since ?? 0) * 1e6 &&
              (until === undefined || e.timeNano <= until * 1e6) &&
              eventPasses(e, filters),
          );
    const receive = (event: EngineEvent): void => {
      if (eventPasses(event, filters)) listener(event);
    };
    this.#listeners.add(receive);
    return { backlog, dispose: () => void this.#listeners.delete(receive) };
  }

  /** The same as an iterable that ends at `until` or when `signal` aborts. */
  async *follow(options: {
    readonly since?: number | undefined;
    readonly until?: number | undefined;
    readonly filters?: EventFilters;
    readonly signal: AbortSignal;
  }): AsyncGenerator<EngineEvent> {
    const { until, signal } = options;
    const queue: EngineEvent[] = [];
    let wake = (): void => {};
    let ended = signal.aborted;
    const end = (): void => {
      ended = true;
      wake();
    };
    const subscription = this.subscribe((event) => {
      queue.push(event);
      wake();
    }, options);
    signal.addEventListener("abort", end);
    const left = until === undefined ? undefined : until - this.#clock.now().getTime();
    if (left !== undefined && left <= 0) ended = true;
    const cancel = left === undefined || left <= 0 ? () => {} : this.#clock.after(left, end);
    try {
      yield* subscription.backlog;
      for (;;) {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) yield next;
        if (ended) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      cancel();
      subscription.dispose();
      signal.removeEventListener("abort", end);
    }
  }
}
