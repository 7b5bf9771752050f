import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseRoute } from "../web/shell/router.ts";
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

  it("lead to places that the page has", () => {
    const links = allTexts().flatMap((text) =>
      [...text.matchAll(/\]\((#[^)\s]*)\)/g)].map(([, address]) => address ?? ""),
    );
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter((address) => parseRoute(address).view === "notFound")).toEqual([]);
  });

  it("can be read by a newcomer: grade 9 at most", () => {
    expect(grade(allTexts().map(plain).join("\n"))).toBeLessThanOrEqual(9);
  });
});

function allTexts(): readonly string[] {
  return lessonNames().flatMap((name) => {
    const lesson = readLesson(join(lessonsFolder, name));
    return lesson.ok ? Object.values(lesson.value.texts) : [];
  });
}

/** Prose without fences, tables, code and addresses. */
function plain(text: string): string {
  return text
    .replaceAll(/```[\s\S]*?```/g, "")
    .replaceAll(/^\|.*$/gm, "")
    .replaceAll(/`[^`]*`/g, "name")
    .replaceAll(/\]\([^)]*\)/g, "");
}

/** Flesch-Kincaid, with vowel groups for syllables. */
function grade(text: string): number {
  const sentences = text.split(/[.!?:]\s/).filter((each) => each.trim() !== "").length;
  const words = text.match(/[A-Za-z']+/g) ?? [];
  const syllables = words.reduce(
    (sum, word) =>
      sum +
      Math.max(
        1,
        word
          .toLowerCase()
          .replace(/e$/, "")
          .match(/[aeiouy]+/g)?.length ?? 1,
      ),
    0,
  );
  return 0.39 * (words.length / sentences) + 11.8 * (syllables / words.length) - 15.59;
}
