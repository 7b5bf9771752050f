/**
 * Lessons as parts of the site: `virtual:drydock-lessons` is the shelf (tracks, titles, minutes) with a loader for each lesson. Lessons are
 * read and checked when the site is built, so that the page carries neither a YAML parser nor the schema for them.
 */
import { join } from "node:path";
import { readGlossary } from "./glossary.node.ts";
import { lessonsFolder, readLesson, readTracks } from "./read.node.ts";

const shelf = "virtual:drydock-lessons";
const glossary = "virtual:drydock-glossary";
const one = "virtual:drydock-lesson/";

/** A Vite plugin, as plain data: this file does not need Vite. */
export function lessonModules() {
  return {
    name: "drydock-lessons",
    resolveId: (id: string) => (id === shelf || id === glossary || id.startsWith(one) ? `\0${id}` : undefined),
    load(id: string) {
      if (id === `\0${shelf}`) return shelfModule();
      if (id === `\0${glossary}`) return `export default ${JSON.stringify(readGlossary())};`;
      if (id.startsWith(`\0${one}`)) return `export default ${JSON.stringify(read(id.slice(one.length + 1)))};`;
      return undefined;
    },
  };
}

function read(name: string) {
  const lesson = readLesson(join(lessonsFolder, name));
  if (lesson.ok) return lesson.value;
  throw new Error(
    lesson.problems.map(({ line, message }) => `lessons/${name}/lesson.yaml:${line}: ${message}`).join("\n"),
  );
}

function shelfModule(): string {
  const tracks = readTracks().map(({ id, title, summary, lessons }) => ({
    id,
    title,
    summary,
    lessons: lessons.map((folder) => {
      const lesson = read(`${id}/${folder}`);
      const { level } = lesson;
      return {
        name: `${id}/${folder}`,
        title: lesson.title,
        summary: lesson.summary,
        minutes: lesson.minutes,
        steps: lesson.steps.length,
        ...(level === undefined ? {} : { level }),
      };
    }),
  }));
  const loaders = tracks
    .flatMap(({ lessons }) => lessons)
    .map(({ name }) => `  ${JSON.stringify(name)}: () => import(${JSON.stringify(one + name)}),`);
  return `export const tracks = ${JSON.stringify(tracks)};\nexport const loaders = {\n${loaders.join("\n")}\n};\n`;
}
