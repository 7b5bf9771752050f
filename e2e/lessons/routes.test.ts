/** Any correct route passes a task, and a wrong one is answered with what was seen. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Observation } from "../../lessons/checks/index.ts";
import type { Lesson } from "../../lessons/format/index.ts";
import { lessonsFolder, readLesson } from "../../lessons/read.node.ts";
import { playTo, runShell, Watched } from "../../worker/lessons/index.ts";
import { type LessonMachine, openLessonMachine } from "./machine.ts";
import { type Act, type Task, tasks } from "./routes.ts";

const canRun = existsSync(new URL("../../build/snapshot/manifest.json", import.meta.url));
const patience = 20_000;

function lessonOf(name: string): Lesson {
  const lesson = readLesson(join(lessonsFolder, name));
  if (!lesson.ok) throw new Error(JSON.stringify(lesson.problems));
  return lesson.value;
}

describe.skipIf(!canRun)("routes through a task", () => {
  let machine: LessonMachine;
  beforeAll(async () => {
    machine = await openLessonMachine();
  });
  afterAll(async () => {
    await machine?.close();
  });

  /** What the task says in the end, or when it says what is expected. */
  async function take({ lesson, step, task }: Task, route: readonly Act[], expected: string): Promise<string> {
    const played = lessonOf(lesson);
    await playTo(machine, played, step);
    const open = played.steps[step];
    if (open === undefined) throw new Error(`${lesson} has no step ${step}`);
    const watch = new Watched(machine, { tasks: open.tasks.filter(({ id }) => id === task), hints: [] });
    await watch.settled();
    const failures: string[] = [];
    for (const act of route) {
      if (typeof act !== "string") await act(machine.api);
      else {
        const { code, output } = await runShell(machine.guest, act);
        if (code !== 0) failures.push(`${act} (${code}): ${output.trim()}`);
      }
    }
    await watch.until(({ tasks: answers }) => said(answers[task]) === expected, patience);
    const answer = said(watch.report?.tasks[task]);
    watch.end();
    return failures.length === 0 || answer === expected ? answer : `${answer} ${failures.join("; ")}`;
  }

  test.each(tasks.map((task) => [`${task.lesson}, ${task.task}`, task] as const))(
    "%s: three right ones and three wrong ones",
    async (_, task) => {
      for (const [route, acts] of Object.entries(task.right))
        expect(`${route}: ${await take(task, acts, "passed")}`).toBe(`${route}: passed`);
      for (const [observation, acts] of task.wrong) expect(await take(task, acts, observation)).toBe(observation);
    },
    300_000,
  );
});

const said = (answer: Observation | undefined): string =>
  answer === undefined ? "" : answer.state === "passed" ? "passed" : answer.text;
