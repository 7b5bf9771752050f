/** `# syntax=IMAGE`: the frontend that a Dockerfile wants to be read by (BuildKit's parser.DetectSyntax). */
import type { LineRange } from "./node.ts";

export interface Syntax {
  readonly image: string;
  readonly range: LineRange;
}

/** Found before anything else is read: what follows may be in a language that only the frontend knows. */
export function syntaxOf(text: string): Syntax | undefined {
  const lines = text.replace(/^\uFEFF/, "").split("\n");
  const skipped = lines[0]?.startsWith("#!") === true ? 1 : 0;
  for (const [index, line] of lines.entries()) {
    if (index < skipped) continue;
    const [, name = "", value = ""] = /^\s*(?:#|\/\/)\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/.exec(line) ?? [];
    if (name === "") return undefined;
    const number = index + 1;
    if (name.toLowerCase() === "syntax") return { image: firstWord(value), range: { start: number, end: number } };
  }
  return undefined;
}

/** What stands behind the image is for the frontend. */
export const firstWord = (text: string): string => text.split(/\s/, 1)[0] ?? "";
