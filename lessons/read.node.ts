/** Lessons from folders, for the tests, the site's build and the author's commands. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { type Lesson, type Loaded, loadLesson, loadYaml, type Problem, textProblem } from "./format/index.ts";

export const lessonsFolder = fileURLToPath(new URL(".", import.meta.url));

export function readLesson(folder: string): Loaded<Lesson> {
  const file = join(folder, "lesson.yaml");
  if (!existsSync(file))
    return { ok: false, problems: [{ line: 0, message: "there is no lesson.yaml in this folder" }] };
  const loaded = loadLesson(readFileSync(file, "utf8"));
  if (!loaded.ok) return loaded;
  const problems: Problem[] = [];
  const texts: Record<string, string> = {};
  for (const { text } of loaded.value.steps) {
    const path = join(folder, text);
    const content = existsSync(path) ? readFileSync(path, "utf8") : undefined;
    const problem = content === undefined ? undefined : textProblem(content);
    if (problem !== undefined) problems.push({ line: 0, message: `${text} ${problem}` });
    else if (content !== undefined) texts[text] = content;
    else problems.push({ line: 0, message: `${text} is named in lesson.yaml, but is not in the folder` });
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: { ...loaded.value, texts } };
}

const tracksSchema = z.array(
  z.strictObject({
    id: z.string(),
    title: z.string(),
    summary: z.string(),
    lessons: z.array(z.string()),
  }),
);
export type Track = z.infer<typeof tracksSchema>[number];

export function readTracks(): readonly Track[] {
  const loaded = loadYaml(readFileSync(join(lessonsFolder, "tracks.yaml"), "utf8"), tracksSchema);
  if (loaded.ok) return loaded.value;
  throw new Error(loaded.problems.map(({ line, message }) => `tracks.yaml:${line}: ${message}`).join("\n"));
}

/** Folders of all lessons, in the order of the tracks, as "track/lesson". */
export function lessonNames(): readonly string[] {
  return readTracks().flatMap(({ id, lessons }) => lessons.map((lesson) => `${id}/${lesson}`));
}

/** Folders that hold a lesson but stand in no track. */
export function strayLessons(): readonly string[] {
  const known = new Set(lessonNames());
  return readTracks().flatMap(({ id }) =>
    existsSync(join(lessonsFolder, id))
      ? readdirSync(join(lessonsFolder, id))
          .map((name) => `${id}/${name}`)
          .filter((name) => !known.has(name))
      : [],
  );
}
