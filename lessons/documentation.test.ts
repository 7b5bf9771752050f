/** What the documentation has authors write is a lesson, and the site carries it. */
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { loadLesson } from "./format/index.ts";
import { documentPages } from "./pages.node.ts";
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

it("the site has it as pages, whose links lead to files of the site", () => {
  const pages = documentPages();
  const made = new Set(["", ...pages.map(({ fileName }) => fileName)]);
  expect(pages.map(({ html }) => /<h1>(.*?)<\/h1>/.exec(html)?.[1])).toEqual([
    "Writing a lesson",
    "The format of lessons",
  ]);
  const dead = pages.flatMap(({ html }) =>
    [...html.matchAll(/(?:href|src)="(?!https?:)\.?\/?([^"#]*)/g)]
      .map(([, file]) => file ?? "")
      .filter((file) => !made.has(file) && !existsSync(new URL(`../web/public/${file}`, import.meta.url))),
  );
  expect(dead).toEqual([]);
});
