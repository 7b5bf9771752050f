/** Lessons that are being written on this device: the files of a folder each, kept by name. */
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { type Lesson, type Loaded, loadLesson, type Problem, textProblem } from "../../lessons/format/index.ts";
import { lessonTemplate } from "../../lessons/template.ts";
import { remember, remembered } from "../state/settings.ts";

export type DraftFiles = Readonly<Record<string, string>>;

const largestFile = 200_000;
const mostFiles = 40;
const keyOf = (name: string): string => `draft.${name}`;

export const draftName = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60) || "my-lesson";

/** A draft of a new name begins as a lesson that works. */
export const openDraft = (name: string): DraftFiles =>
  remembered<DraftFiles | undefined>(keyOf(name), undefined) ?? lessonTemplate(name);

export function saveDraft(name: string, files: DraftFiles): void {
  remember(keyOf(name), files);
  remember("drafts", [...new Set([...draftNames(), name])].slice(-20));
}
export const draftNames = (): readonly string[] => remembered<readonly string[]>("drafts", []);

/** The folder's files as a lesson, by the schema that reads everybody else's. */
export function readDraft(files: DraftFiles): Loaded<Lesson> {
  const loaded = loadLesson(files["lesson.yaml"] ?? "");
  if (!loaded.ok) return loaded;
  const problems: Problem[] = [];
  const texts: Record<string, string> = {};
  for (const { text } of loaded.value.steps) {
    const content = Object.hasOwn(files, text) ? files[text] : undefined;
    if (content === undefined)
      problems.push({ line: 0, message: `${text} is named in lesson.yaml, but is not in the folder` });
    else {
      const problem = textProblem(content);
      if (problem === undefined) texts[text] = content;
      else problems.push({ line: 0, message: `${text} ${problem}` });
    }
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: { ...loaded.value, texts } };
}

/** Names that a lesson's folder can have; nothing that leads elsewhere. */
export const isDraftFile = (name: string): boolean =>
  name === "lesson.yaml" || /^[a-z0-9][a-z0-9-]{0,59}\.md$/.test(name);

export function packDraft(name: string, files: DraftFiles): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(files).map(([file, text]) => [`${name}/${file}`, strToU8(text)] as const);
  return new Uint8Array(zipSync(Object.fromEntries(entries)));
}

/** Reads an archive with one lesson's folder in it. Entries that cannot belong to a lesson are not even unpacked. */
export function unpackDraft(bytes: Uint8Array): DraftFiles {
  let taken = 0;
  const base = (path: string): string => path.split("/").at(-1) ?? "";
  const entries = unzipSync(bytes, {
    filter: ({ name, originalSize }) => isDraftFile(base(name)) && originalSize <= largestFile && ++taken <= mostFiles,
  });
  const files: Record<string, string> = {};
  for (const [path, content] of Object.entries(entries)) files[base(path)] = strFromU8(content);
  if (files["lesson.yaml"] === undefined) throw new Error("There is no lesson.yaml in this archive.");
  return files;
}
