/**
 * One opened lesson: where the learner is, what the checks of the open step see, and the ways on and back. It follows the machine
 * through the bridge and tells its element when something has changed.
 */

import { imagesOfLesson } from "../../lessons/format/images.ts";
import type { Lesson, Step } from "../../lessons/format/lesson.ts";
import type { LessonReport } from "../../worker/protocol/index.ts";
import type { App } from "../app.ts";
import { errorText } from "../engine/engine.ts";
import { announce } from "../shell/live-region.ts";
import { contentOf, type Holdings, type HoldingsSource, holdingsOf } from "./changes.ts";
import { type Download, downloadsOf } from "./downloads.ts";
import { progressOf, saveProgress } from "./progress.ts";
import { StepCheckpoints } from "./step-checkpoints.ts";

export type LessonPhase =
  /** Not begun in this visit: beginning clears the playground, so it is asked for. */
  | { readonly kind: "closed" }
  | { readonly kind: "preparing"; readonly what: string }
  | { readonly kind: "open" }
  | { readonly kind: "failed"; readonly message: string };

export class LessonSession {
  readonly name: string;
  lesson: Lesson;
  step: number;
  phase: LessonPhase = { kind: "closed" };
  report: LessonReport | undefined;
  /** Tasks that have passed, as "step/task", also in earlier visits. */
  done: ReadonlySet<string>;
  /** The solution of the open step was asked for. */
  shown = false;
  /** Steps whose solution was asked for, also in earlier visits. */
  #helped: ReadonlySet<string>;
  /** What the playground held when the open step began; unknown where it was gone on with as it was. */
  before: Holdings | undefined;
  /** What beginning would remove; unknown until it was looked. */
  content: string | undefined;
  /** What its images cost; unknown until it was looked. */
  downloads: readonly Download[] = [];
  readonly #app: App;
  readonly #onChange: () => void;
  readonly #checkpoints: StepCheckpoints;
  #watch: ReadableStreamDefaultReader<LessonReport> | undefined;

  constructor(app: App, name: string, lesson: Lesson, onChange: () => void) {
    this.#app = app;
    this.#onChange = onChange;
    this.#checkpoints = new StepCheckpoints(() => app.bridge);
    this.name = name;
    this.lesson = lesson;
    const progress = progressOf(name);
    this.step = Math.min(progress.step, lesson.steps.length - 1);
    this.done = new Set(progress.done);
    this.#helped = new Set(progress.shown);
  }

  /** The open step was done with its solution in sight. */
  get helped(): boolean {
    return this.#helped.has(this.current.id);
  }

  get current(): Step {
    return this.lesson.steps[this.step] as Step;
  }
  isDone(task: string): boolean {
    return this.done.has(`${this.current.id}/${task}`);
  }
  get left(): number {
    return this.current.tasks.filter(({ id }) => !this.isDone(id)).length;
  }

  /** Back to the start of a step, by its checkpoint where there is one, else by making it anew on a cleared playground. */
  async begin(step: number): Promise<void> {
    if (this.phase.kind === "open" && step < this.step) await this.#keepLeft();
    const ids = new Set(this.lesson.steps.slice(step).map(({ id }) => id));
    this.done = new Set([...this.done].filter((task) => !ids.has(task.split("/")[0] ?? "")));
    this.#helped = new Set([...this.#helped].filter((id) => !ids.has(id)));
    this.#leave(step);
    if (await this.#checkpoints.rewind(step)) await this.#enter();
    else await this.#play("anew");
  }

  /** Who goes back to an earlier step can change their mind: what was done since is kept until they go back the next time. */
  async #keepLeft(): Promise<void> {
    const { step, done, current } = this;
    const helped = this.#helped;
    await this.#checkpoints.take("left", `${this.lesson.title}: ${current.title}, left`);
    if (!this.#checkpoints.has("left")) return;
    this.#app.toast({
      kind: "info",
      lasting: true,
      text: `You went back from “${current.title}”. What you did there is kept.`,
      action: {
        label: "Return to it",
        run: () => {
          this.#leave(step);
          void this.#checkpoints.rewind("left").then(async (there) => {
            if (!there) return await this.#play("anew");
            this.done = done;
            this.#helped = helped;
            await this.#enter();
          });
        },
      },
    });
  }

  /** Goes on from the machine as it is. */
  async resume(): Promise<void> {
    this.phase = { kind: "open" };
    await this.#follow();
  }

  /** The author has changed it: what is open shows the new text and asks the new checks. */
  async revise(lesson: Lesson): Promise<void> {
    this.lesson = lesson;
    this.step = Math.min(this.step, lesson.steps.length - 1);
    this.done = new Set();
    this.report = undefined;
    if (this.phase.kind === "open") await this.#follow();
    else this.#onChange();
  }

  async next(): Promise<void> {
    if (this.step + 1 >= this.lesson.steps.length) return;
    this.#leave(this.step + 1);
    await this.#play("on");
  }

  /** The open step ends, another one is on its way. */
  #leave(next: number): void {
    this.#stop();
    this.step = next;
    this.shown = false;
    this.report = undefined;
    this.before = undefined;
    this.phase = { kind: "preparing", what: "Going to the step" };
    this.#save();
  }

  async #play(how: "anew" | "on"): Promise<void> {
    this.phase = { kind: "preparing", what: how === "anew" ? "Setting the stage" : "Preparing the next step" };
    this.#onChange();
    try {
      const { texts: _, ...lesson } = this.lesson;
      await this.#app.bridge.playLesson(lesson, { step: this.step, fromNothing: how === "anew" });
      await this.#checkpoints.take(this.step, `${this.lesson.title}: ${this.current.title}`);
      await this.#enter();
    } catch (error) {
      this.phase = { kind: "failed", message: errorText(error) };
      this.#onChange();
    }
  }

  async #enter(): Promise<void> {
    this.phase = { kind: "open" };
    await this.#follow();
    announce(`Step ${this.step + 1} of ${this.lesson.steps.length}: ${this.current.title}`);
    this.before = await this.holdings().catch(() => undefined);
    this.#onChange();
  }

  /** To be shown before the lesson begins. */
  async lookAround(): Promise<void> {
    if (this.content !== undefined) return;
    this.content = "";
    const holdings = await this.holdings();
    this.content = contentOf(holdings);
    this.#onChange();
    this.downloads = await downloadsOf(imagesOfLesson(this.lesson), [...holdings.images.keys()]);
    this.#onChange();
  }

  /** What the playground holds now. */
  holdings(): Promise<Holdings> {
    const { engine, bridge } = this.#app;
    const source: HoldingsSource = { get: (path) => engine.get(path), listFiles: (path) => bridge.listFiles(path) };
    return holdingsOf(source);
  }

  async #follow(): Promise<void> {
    this.#stop();
    const { tasks, hints } = this.current;
    const open = tasks.filter(({ id }) => !this.isDone(id));
    const reports = await this.#app.bridge.watchStep({
      tasks: open.map(({ id, check }) => ({ id, check })),
      hints: hints.map(({ when, task }) => ({ when, ...(task === undefined ? {} : { task }) })),
    });
    const reader = reports.getReader();
    this.#watch = reader;
    this.#onChange();
    void (async () => {
      try {
        for (;;) {
          const { done, value } = await reader.read();
          if (done || reader !== this.#watch) return;
          this.#take(value);
        }
      } catch {
        // The machine was lost, which the page reports.
      }
    })();
  }

  #take(report: LessonReport): void {
    this.report = report;
    for (const { id, goal } of this.current.tasks) {
      if (report.tasks[id]?.state !== "passed" || this.isDone(id)) continue;
      this.done = new Set([...this.done, `${this.current.id}/${id}`]);
      announce(`Done: ${goal}`);
    }
    this.#save();
    this.#onChange();
  }

  #save(): void {
    const finished = this.lesson.steps.every(({ id, tasks }) =>
      tasks.every((task) => this.done.has(`${id}/${task.id}`)),
    );
    saveProgress(
      this.name,
      { step: this.step, done: [...this.done], finished, shown: [...this.#helped] },
      this.lesson.steps.length,
    );
    this.#onChange();
  }

  show(): void {
    this.shown = true;
    if (this.left > 0) this.#helped = new Set([...this.#helped, this.current.id]);
    this.#save();
  }

  #stop(): void {
    void this.#watch?.cancel().catch(() => {});
    this.#watch = undefined;
  }
  dispose(): void {
    this.#stop();
    this.#checkpoints.dispose();
  }
}
