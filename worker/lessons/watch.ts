/**
 * Watches one step of a lesson: asks its checks when engine or kernel tell of something that can change their answers, and those of which
 * nobody tells again and again, never more than four times a second. Looking never takes more than a small share of the time.
 * A task that has passed stays passed; hints come and go with what is seen.
 */
import {
  type CheckSources,
  type EventFacts,
  evaluate,
  type Interest,
  type LessonView,
  type Observation,
  soonest,
  sourcesOf,
} from "../../lessons/checks/index.ts";
import type { Check } from "../../lessons/format/index.ts";
import type { Clock } from "../engine/ports/host.ts";
import type { Signal } from "./signals.ts";

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
  /** Tells once of what the engine's events do not. */
  listen(interests: readonly Interest[]): Promise<Signal>;
}

/** Between two looks of which nobody told, and after one that was told of: a program that never rests is looked at now and then. */
const untoldPause = 250;
const toldPause = 50;
/**
 * Looking again takes at most this share of the time; an answer that is long in coming is no work. What is told of after a rest is looked at
 * soon all the same: the look before may have been slow because of the very command that is awaited.
 */
const share = 1 / 10;
const longestPause = 1000;
const mostEvents = 2000;
/** Events of looks, our own among them: they change nothing. */
const looks: ReadonlySet<string> = new Set(["top", "archive-path"]);
/** Types of events after which a file or a log may be elsewhere. */
const placing: ReadonlySet<string> = new Set(["container", "volume"]);

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
  #signal: Signal | undefined;
  /** The signal was given, or is for what has moved meanwhile: it is time to listen anew. */
  #deaf = true;
  #lastLook = 0;
  #pause = 0;
  /** Looks of which was told, one soon after the other. */
  #restless = 0;
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
    if (looks.has(event.Action)) return;
    if (placing.has(event.Type)) this.#deaf = true;
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
    while (!this.#ended && this.#open().some(({ stale }) => stale)) {
      if (this.#deaf) await this.#listen();
      const stale = this.#open().filter((each) => each.stale);
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
      this.#lastLook = clock.monotonic();
      cost = this.#lastLook - started;
    }
    if (this.#ended) return;
    this.#pause = Math.min(longestPause, cost / share);
    this.#report(cost);
    this.#lookAgain();
  }

  /** What has changed until the ear is open is looked at; what changes while that lasts is told. */
  async #listen(): Promise<void> {
    this.#deaf = false;
    this.#signal?.dispose();
    this.#signal = undefined;
    const concerned = this.#open().filter(({ sources }) => sources.interests.length > 0);
    if (concerned.length === 0) return;
    const signal = await this.#sources.listen(concerned.flatMap(({ sources }) => sources.interests));
    if (this.#ended) return signal.dispose();
    this.#signal = signal;
    for (const each of concerned) each.stale = true;
    void signal.changed.then(() => {
      if (signal !== this.#signal) return;
      this.#deaf = true;
      if (this.#sources.clock.monotonic() - this.#lastLook > longestPause) this.#restless = 0;
      if (this.#running === undefined) this.#lookAgain();
    });
  }

  /** When the next look is due, if no event comes before. */
  #lookAgain(): void {
    this.#cancelTimer();
    const { clock } = this.#sources;
    const open = this.#open();
    const partial = this.#signal?.partial === true;
    const told = ({ sources }: Question): boolean => this.#deaf && sources.interests.length > 0;
    const untold = ({ sources }: Question): boolean => sources.retry || (partial && sources.interests.length > 0);
    const since = clock.monotonic() - this.#lastLook;
    const times = [
      ...(open.some(told) ? [Math.max(toldPause, Math.min(this.#pause, toldPause * 2 ** this.#restless)) - since] : []),
      ...(open.some(untold) ? [Math.max(untoldPause, this.#pause) - since] : []),
      ...[soonest(open.map(({ answer }) => answer))].filter((time) => time !== undefined),
    ];
    if (times.length === 0) return;
    this.#cancelTimer = clock.after(Math.max(0, Math.min(...times)), () => {
      if (this.#open().some(told)) this.#restless += 1;
      for (const each of this.#open())
        if (told(each) || untold(each) || soonest([each.answer]) !== undefined) each.stale = true;
      void this.round();
    });
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
    this.#signal?.dispose();
    this.#subscription.dispose();
  }
}
