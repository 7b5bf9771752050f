/**
 * A rehearsal of a lesson on a real machine: at the start of a step no task may hold already, each hint's wrong state must raise that
 * hint, and the solution must pass every task. Authors and our own tests use the same one.
 */
import type { EventFacts } from "../../lessons/checks/index.ts";
import { type Lesson, type Step, solutionLines } from "../../lessons/format/index.ts";
import type { Clock } from "../engine/ports/host.ts";
import { runShell } from "./shell.ts";
import { listenFor, type SignalSource } from "./signals.ts";
import { playSolution, playStart, playTo, type Stage } from "./stage.ts";
import { type ViewSource, viewOf } from "./view.ts";
import { type StepReport, StepWatch, type WatchedStep } from "./watch.ts";

export interface Rehearsed extends Stage, ViewSource, SignalSource {
  subscribe(listener: (event: EventFacts) => void): { dispose(): void };
  /** Takes a checkpoint, where the machine can. */
  readonly keep?: () => Promise<{ back(): Promise<unknown>; forget(): Promise<unknown> }>;
}

/**
 * What runs counts once it has stayed for a second (checks/steady.ts). There are a hundred such waits in our lessons, and a solution is
 * no guess: a third of a second is enough here.
 */
const impatience = 700;
const impatient = (clock: Clock): Clock => ({
  now: () => new Date(clock.now().getTime() + impatience),
  monotonic: () => clock.monotonic(),
  after: (ms, callback) => clock.after(ms, callback),
});

/** A step that takes longer to reach anew is returned to by a checkpoint. */
const longWay = 1500;

export interface RehearsalOptions {
  /** How long a check may take to see what a line has done. */
  readonly patience?: number;
  readonly onStep?: (text: string) => void;
}

/** Answers what is wrong, as sentences; none when the lesson works. */
export async function rehearse(
  played: Rehearsed,
  lesson: Lesson,
  { patience = 60_000, onStep = () => undefined }: RehearsalOptions = {},
): Promise<readonly string[]> {
  const machine = { ...played, clock: impatient(played.clock) };
  const problems: string[] = [];
  let way = 0;
  const reach = async (work: Promise<void>): Promise<void> => {
    const started = machine.clock.monotonic();
    await work;
    way += machine.clock.monotonic() - started;
  };
  await reach(playTo(machine, lesson, 0));
  for (const [index, step] of lesson.steps.entries()) {
    const say = (text: string): void => {
      problems.push(`step "${step.id}": ${text}`);
    };
    onStep(step.id);
    if (index > 0) await reach(playStart(machine, step.start));
    await checkStart(machine, step, say);
    const kept =
      way > longWay && step.hints.some(({ test }) => test !== undefined) ? await machine.keep?.() : undefined;
    for (const [at, hint] of step.hints.entries()) {
      if (hint.test === undefined) continue;
      onStep(`${step.id}, hint ${at + 1}`);
      await checkHint(machine, step, at, say, patience);
      await (kept?.back() ?? playTo(machine, lesson, index));
    }
    await kept?.forget();
    await reach(checkSolution(machine, step, say, patience));
  }
  return problems;
}

async function checkStart(machine: Rehearsed, step: Step, say: (text: string) => void): Promise<void> {
  const watch = new Watched(machine, step);
  await watch.settled();
  for (const [task, answer] of Object.entries(watch.report?.tasks ?? {}))
    if (answer.state === "passed") say(`the task "${task}" holds before anything was done`);
  if ((watch.report?.hints.length ?? 0) > 0)
    say(`hint ${(watch.report?.hints[0] ?? 0) + 1} applies before anything was done`);
  watch.end();
}

async function checkHint(
  machine: Rehearsed,
  step: Step,
  index: number,
  say: (text: string) => void,
  patience: number,
): Promise<void> {
  const watch = new Watched(machine, step);
  for (const line of step.hints[index]?.test ?? []) await runShell(machine.guest, line);
  const raised = await watch.until((report) => report.hints.includes(index), patience);
  if (!raised)
    say(`hint ${index + 1} was not raised by ${JSON.stringify(step.hints[index]?.test)}; ${describe(watch)}`);
  watch.end();
}

async function checkSolution(
  machine: Rehearsed,
  step: Step,
  say: (text: string) => void,
  patience: number,
): Promise<void> {
  if (step.tasks.length === 0) {
    await playSolution(machine, step);
    return;
  }
  const watch = new Watched(machine, step);
  let output = "";
  for (const { run } of solutionLines(step)) {
    const result = await runShell(machine.guest, run);
    output += `\n      $ ${run} (${result.code}) ${result.output.trim().slice(-200)}`;
  }
  const done = await watch.until(
    ({ tasks }) => Object.values(tasks).every(({ state }) => state === "passed"),
    patience,
  );
  if (!done) say(`the solution does not pass: ${describe(watch)}${output}`);
  watch.end();
}

function describe(watch: Watched): string {
  return Object.entries(watch.report?.tasks ?? {})
    .map(([task, answer]) => `${task}: ${answer.state === "passed" ? "passed" : answer.text}`)
    .join("; ");
}

/** A watch whose reports can be waited for. */
export class Watched {
  report: StepReport | undefined;
  readonly #watch: StepWatch;
  readonly #machine: Rehearsed;
  #wake: () => void = () => {};

  constructor(machine: Rehearsed, step: WatchedStep) {
    this.#machine = machine;
    this.#watch = new StepWatch(
      step,
      {
        clock: machine.clock,
        view: (events) => viewOf(machine, events),
        subscribe: (listener) => machine.subscribe(listener),
        listen: (interests) => listenFor(machine, interests),
      },
      {
        onReport: (report) => {
          this.report = report;
          this.#wake();
        },
      },
    );
  }

  settled(): Promise<void> {
    return this.#watch.round();
  }

  async until(holds: (report: StepReport) => boolean, patience: number): Promise<boolean> {
    let late = false;
    const cancel = this.#machine.clock.after(patience, () => {
      late = true;
      this.#wake();
    });
    while (!late && (this.report === undefined || !holds(this.report)))
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    cancel();
    return this.report !== undefined && holds(this.report);
  }

  end(): void {
    this.#watch.dispose();
  }
}
