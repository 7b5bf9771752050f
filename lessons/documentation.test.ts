/** What the documentation has authors write is a lesson. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { loadLesson } from "./format/index.ts";
import { lessonTemplate } from "./template.ts";

it("the lesson that docs/lessons.md changes step by step keeps to the format", () => {
  const text = readFileSync(new URL("../docs/lessons.md", import.meta.url), "utf8");
  const changes = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, fence]) => fence ?? "").join("");
  const begun = lessonTemplate("my-lesson")["lesson.yaml"] ?? "";
  const changed = begun.slice(0, begun.indexOf("    tasks:\n")) + changes;
  const lesson = loadLesson(changed);
  expect(lesson.ok ? [] : lesson.problems).toEqual([]);
  expect(lesson.ok && lesson.value.steps[0]?.hints[0]?.when.kind).toBe("container");
});
