/** Every lesson on one shared machine: starts that fail their checks, wrong states that raise their hints, solutions that pass. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lessonNames, lessonsFolder, readLesson } from "../../lessons/read.node.ts";
import { rehearse } from "../../worker/lessons/index.ts";
import { type LessonMachine, openLessonMachine } from "./machine.ts";

const canRun = existsSync(new URL("../../build/snapshot/manifest.json", import.meta.url));
/** LESSON=track or LESSON=track/lesson rehearses a part. */
const chosen = lessonNames().filter((name) => name.startsWith(process.env.LESSON ?? ""));

describe.skipIf(!canRun)("lessons on the machine", () => {
  let machine: LessonMachine;
  beforeAll(async () => {
    machine = await openLessonMachine();
  });
  afterAll(async () => {
    await machine?.close();
  });

  test.each(chosen)("%s: the start fails its checks, hints are raised, the solution passes", async (name) => {
    const lesson = readLesson(join(lessonsFolder, name));
    if (!lesson.ok) throw new Error(JSON.stringify(lesson.problems, undefined, 2));
    expect(await rehearse(machine, lesson.value)).toEqual([]);
  });
});
