import { readFileSync } from "node:fs";
import { join } from "node:path";
import english from "dictionary-en";
import nspell from "nspell";
import { describe, expect, it } from "vitest";
import { parseRoute } from "../web/shell/router.ts";
import { solutionLines } from "./format/index.ts";
import { plain, shortTexts, stepTexts } from "./prose.node.ts";
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
    const links = [...stepTexts(), ...shortTexts()].flatMap(({ text }) =>
      [...text.matchAll(/\]\((#[^)\s]*)\)/g)].map(([, address]) => address ?? ""),
    );
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter((address) => parseRoute(address).view === "notFound")).toEqual([]);
  });

  it("know the mistakes that people make: two hints at least, one in each step with tasks, and for each a way to bring its state about", () => {
    const steps = lessonNames().flatMap((name) => {
      const lesson = readLesson(join(lessonsFolder, name));
      return lesson.ok ? lesson.value.steps.map((step) => ({ where: `${name}: ${step.id}`, ...step })) : [];
    });
    const hintless = steps.filter(({ tasks, hints }) => tasks.length > 0 && hints.length === 0);
    const untested = steps.filter(({ hints }) => hints.some(({ test }) => test === undefined));
    const sparing = lessonNames().filter((name) => {
      const hints = steps.filter(({ where }) => where.startsWith(`${name}: `)).flatMap((step) => step.hints);
      return hints.length < 2;
    });
    expect([...hintless, ...untested].map(({ where }) => where)).toEqual([]);
    expect(sparing).toEqual([]);
  });

  it("leave something to find out: the text of a lesson does not spell out all of its solution", () => {
    const spelt = lessonNames().filter((name) => {
      const lesson = readLesson(join(lessonsFolder, name));
      if (!lesson.ok) return false;
      const { steps, texts } = lesson.value;
      return steps.every((step) => {
        const given = linesIn(texts[step.text] ?? "");
        return solutionLines(step).every(({ run }) => given.has(run) || run.startsWith("docker rm "));
      });
    });
    expect(spelt).toEqual([]);
  });

  it("use words that a dictionary knows, or Docker", () => {
    const spell = speller();
    const unknown = [...stepTexts(), ...shortTexts()].flatMap(({ where, text }) =>
      [...plain(text).matchAll(/[\p{L}][\p{L}'’]*/gu)]
        .map(([word]) => word.replaceAll("’", "'").replace(/'s$|'$/, ""))
        .filter((word) => !spell.correct(word))
        .map((word) => `${where}: ${word}`),
    );
    expect([...new Set(unknown)]).toEqual([]);
  });

  it("say little between two things to do: at most ninety words, sixty on average", () => {
    const stretches = stepTexts().flatMap(({ where, text }) =>
      text
        .split(/```[\s\S]*?```|^## .*$|^\|.*$/m)
        .map((part) => ({ where, words: (plain(part).match(/[\p{L}']+/gu) ?? []).length }))
        .filter(({ words }) => words > 0),
    );
    expect(stretches.filter(({ words }) => words > 90)).toEqual([]);
    const mean = stretches.reduce((sum, { words }) => sum + words, 0) / stretches.length;
    expect(mean).toBeLessThan(60);
  });

  it("can be read by a newcomer: grade 9 at most", () => {
    const texts = stepTexts().map(({ text }) => plain(text));
    expect(grade(texts.join("\n"))).toBeLessThanOrEqual(9);
  });
});

/** Lines that a reader can run by a click. */
const linesIn = (text: string): ReadonlySet<string> =>
  new Set(
    [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, fence]) =>
      (fence ?? "").replaceAll(/\\\n\s*/g, "").split("\n"),
    ),
  );

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

/** English, and the words of the trade in words.txt. */
function speller(): ReturnType<typeof nspell> {
  const spell = nspell(Buffer.from(english.aff), Buffer.from(english.dic));
  return spell.personal(readFileSync(join(lessonsFolder, "words.txt"), "utf8"));
}
