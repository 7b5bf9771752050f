/** Reads `lesson.yaml`: every complaint names its line, its place in the file and what would be right. */
import { isNode, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { type LessonFile, lessonSchema } from "./lesson.ts";

export interface Problem {
  /** From 1; 0 where no line can be named. */
  readonly line: number;
  readonly message: string;
}
export type Loaded<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const largest = 512 * 1024;
const mostProblems = 20;

export function loadLesson(text: string): Loaded<LessonFile> {
  return loadYaml(text, lessonSchema);
}

/** Any YAML or JSON text against a schema. */
export function loadYaml<T>(text: string, schema: z.ZodType<T>): Loaded<T> {
  if (text.length > largest) return failed(0, `is larger than ${largest / 1024} KB`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  if (document.errors.length > 0)
    return {
      ok: false,
      problems: document.errors
        .slice(0, mostProblems)
        .map(({ pos, message }) => ({ line: lines.linePos(pos[0]).line, message })),
    };
  let data: unknown;
  try {
    // Aliases that multiply ("billion laughs") are refused by their number.
    data = document.toJS({ maxAliasCount: 50 });
  } catch (error) {
    return failed(0, error instanceof Error ? error.message : String(error));
  }
  const result = schema.safeParse(data);
  if (result.success) return { ok: true, value: result.data };
  return {
    ok: false,
    problems: result.error.issues.slice(0, mostProblems).map((issue) => ({
      line: lineOf(issue.path),
      message:
        issue.path.length === 0 ? `The file ${issueText(issue)}` : `${placeName(issue.path)}: ${issueText(issue)}`,
    })),
  };

  /** The line of the innermost part of the path that is in the file: what is missing is reported where it would belong. */
  function lineOf(path: readonly PropertyKey[]): number {
    for (let length = path.length; length >= 0; length -= 1) {
      const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return 0;
  }
}

function issueText(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") return `has no place for ${issue.keys.map((key) => `"${key}"`).join(", ")}`;
  if (issue.code === "invalid_union" && "discriminator" in issue && issue.discriminator !== undefined)
    return `"${String(issue.discriminator)}" is none of the kinds that exist`;
  return issue.message;
}

function placeName(path: readonly PropertyKey[]): string {
  let name = "";
  for (const part of path)
    name += typeof part === "number" ? `[${part + 1}]` : `${name === "" ? "" : "."}${String(part)}`;
  return name;
}

const failed = (line: number, message: string): Loaded<never> => ({ ok: false, problems: [{ line, message }] });
