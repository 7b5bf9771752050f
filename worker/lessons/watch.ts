/**
 * Watches one step of a lesson: asks its checks when the engine tells of something that can change their answers, and those that look
 * at files, processes or answers again and again, never more than four times a second and never for more than a small share of the time.
 * A task that has passed stays passed; hints come and go with what is seen.
 */
import {
  type CheckSources,
  type EventFacts,
  evaluate,
  type LessonView,
  type Observation,
  soonest,
  sourcesOf,
} from "../../lessons/checks/index.ts";
import type { Check } from "../../lessons/format/index.ts";
import type { Clock } from "../engine/ports/host.ts";

export interface WatchedStep {
  readonly tasks: readonly { readonly id: string; readonly check: Check }[];
  readonly hints: readonly { readonly when: Check; readonly task?: string | undefined }[];
}
export interface StepReport {
  readonly tasks: Readonly<Record<string, Observation>>;
  /** Indices of the hints that apply. */
  readonly hints: readonly number[];
  /** What the last round of checks took, in milliseconds. */
  readonly cost: number;
}
export interface WatchSources {
  readonly clock: Clock;
  view(events: readonly EventFacts[]): LessonView;
  subscribe(listener: (event: EventFacts) => void): { dispose(): void };
}

const shortestPause = 250;
/** Looking again takes at most this share of the time. */
const share = 1 / 10;
const mostEvents = 2000;

interface Question {
  readonly check: Check;
  readonly sources: CheckSources;
  answer: Observation | undefined;
  stale: boolean;
}

export class StepWatch {
  readonly #step: WatchedStep;
  readonly #sources: WatchSources;
  readonly #onReport: (report: StepReport) => void;
  readonly #tasks: readonly Question[];
  readonly #hints: readonly Question[];
  #events: EventFacts[] = [];
  readonly #subscription: { dispose(): void };
  #running: Promise<void> | undefined;
  #cancelTimer: () => void = () => {};
  #ended = false;
  #last = "";

  constructor(
    step: WatchedStep,
    sources: WatchSources,
    options: { readonly onReport: (report: StepReport) => void; readonly signal?: AbortSignal },
  ) {
    const question = (check: Check): Question => ({ check, sources: sourcesOf(check), answer: undefined, stale: true });
    this.#step = step;
    this.#sources = sources;
    this.#onReport = options.onReport;
    this.#tasks = step.tasks.map(({ check }) => question(check));
    this.#hints = step.hints.map(({ when }) => question(when));
    this.#subscription = sources.subscribe((event) => this.#receive(event));
    if (options.signal?.aborted === true) this.dispose();
    else options.signal?.addEventListener("abort", () => this.dispose(), { once: true });
    void this.round();
  }

  #receive(event: EventFacts): void {
    this.#events.push(event);
    if (this.#events.length > mostEvents) this.#events = this.#events.slice(-mostEvents);
    let concerned = false;
    for (const each of this.#open()) {
      if (!each.sources.events.has(event.Type)) continue;
      each.stale = true;
      concerned = true;
    }
    if (concerned) void this.round();
  }

  /** Tasks that have not passed, and the hints for them. */
  #open(): readonly Question[] {
    const tasks = this.#tasks.filter(({ answer }) => answer?.state !== "passed");
    if (tasks.length === 0) return [];
    return [...tasks, ...this.#hints.filter((_, index) => this.#wanted(index))];
  }
  #wanted(hint: number): boolean {
    const task = this.#step.hints[hint]?.task;
    if (task === undefined) return true;
    const index = this.#step.tasks.findIndex(({ id }) => id === task);
    return this.#tasks[index]?.answer?.state !== "passed";
  }

  /** Answers what is stale; one round at a time. Resolves when nothing is stale any more. */
  round(): Promise<void> {
    this.#running ??= this.#answerAll().finally(() => {
      this.#running = undefined;
      // An event can come between the last answer and here.
      if (!this.#ended && this.#open().some(({ stale }) => stale)) void this.round();
    });
    return this.#running;
  }

  async #answerAll(): Promise<void> {
    this.#cancelTimer();
    const { clock } = this.#sources;
    let cost = 0;
    for (;;) {
      const stale = this.#open().filter((each) => each.stale);
      if (stale.length === 0 || this.#ended) break;
      for (const each of stale) each.stale = false;
      const started = clock.monotonic();
      const view = this.#sources.view([...this.#events]);
      await Promise.all(
        stale.map(async (each) => {
          try {
            each.answer = await evaluate(each.check, view);
          } catch (error) {
            each.answer = { state: "waiting", text: error instanceof Error ? error.message : String(error) };
          }
        }),
      );
      cost = clock.monotonic() - started;
    }
    if (this.#ended) return;
    this.#report(cost);
    const look = this.#open().some(({ sources }) => sources.poll) ? Math.max(shortestPause, cost / share) : undefined;
    const change = soonest(this.#open().map(({ answer }) => answer));
    if (look === undefined && change === undefined) return;
    this.#cancelTimer = clock.after(
      Math.min(look ?? Number.POSITIVE_INFINITY, change ?? Number.POSITIVE_INFINITY),
      () => {
        for (const each of this.#open())
          if (each.sources.poll || soonest([each.answer]) !== undefined) each.stale = true;
        void this.round();
      },
    );
  }

  #report(cost: number): void {
    const tasks = Object.fromEntries(
      this.#step.tasks.map(({ id }, index): [string, Observation] => [
        id,
        this.#tasks[index]?.answer ?? { state: "waiting", text: "" },
      ]),
    );
    const open = new Set(this.#open());
    const hints = this.#hints.flatMap((each, index) =>
      open.has(each) && each.answer?.state === "passed" ? [index] : [],
    );
    const text = JSON.stringify([tasks, hints]);
    if (text === this.#last) return;
    this.#last = text;
    this.#onReport({ tasks, hints, cost });
  }

  dispose(): void {
    this.#ended = true;
    this.#cancelTimer();
    this.#subscription.dispose();
  }
}
