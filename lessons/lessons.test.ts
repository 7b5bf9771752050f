import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lessonNames, lessonsFolder, readLesson, strayLessons } from "./read.node.ts";

describe("the lessons", () => {
  it("stand in a track, all of them", () => {
    expect(strayLessons()).toEqual([]);
  });

  it.each(lessonNames())("%s keeps to the format, in the folder of its track", (name) => {
    const lesson = readLesson(join(lessonsFolder, name));
    if (!lesson.ok) throw new Error(lesson.problems.map(({ line, message }) => `line ${line}: ${message}`).join("\n"));
    expect(lesson.value.track).toBe(name.split("/")[0]);
  });
});
