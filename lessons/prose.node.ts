/** All prose of the lessons, for the tests of language: without fences, code and addresses. */
import { join } from "node:path";
import { readGlossary } from "./glossary.node.ts";
import { lessonNames, lessonsFolder, readLesson, readTracks } from "./read.node.ts";

export interface Prose {
  /** Where it stands. */
  readonly where: string;
  readonly text: string;
}

/** Texts of steps. */
export const stepTexts = (): readonly Prose[] =>
  lessonNames().flatMap((name) => {
    const lesson = readLesson(join(lessonsFolder, name));
    return lesson.ok
      ? Object.entries(lesson.value.texts).map(([file, text]) => ({ where: `${name}/${file}`, text }))
      : [];
  });

/** Titles, goals, hints and reasons. */
export const shortTexts = (): readonly Prose[] => [
  ...lessonNames().flatMap((name) => {
    const lesson = readLesson(join(lessonsFolder, name));
    if (!lesson.ok) return [];
    const { title, summary, steps } = lesson.value;
    const texts = [
      title,
      summary,
      ...steps.flatMap((step) => [
        step.title,
        ...step.tasks.map(({ goal }) => goal),
        ...step.hints.map(({ text }) => text),
        ...step.solution.flatMap((line) => (typeof line === "string" ? [] : [line.why ?? ""])),
      ]),
    ];
    return texts.map((text) => ({ where: `${name}/lesson.yaml`, text }));
  }),
  ...readTracks().flatMap(({ title, summary }) => [title, summary].map((text) => ({ where: "tracks.yaml", text }))),
  ...Object.entries(readGlossary()).map(([term, text]) => ({ where: "glossary.yaml", text: `${term}: ${text}` })),
];

/** Sentences alone. Code counts as one plain word. */
export function plain(text: string): string {
  return text
    .replaceAll(/```[\s\S]*?```/g, "")
    .replaceAll(/^\|.*$/gm, "")
    .replaceAll(/`[^`]*`/g, "name")
    .replaceAll(/\]\([^)]*\)/g, "");
}
