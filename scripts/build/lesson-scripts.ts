/** What opening a lesson costs more than the page with its prompt: the reader, the Worker's side of lessons, and what they import. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { firstPromptScripts, type ScriptSize, scriptsFrom } from "./first-prompt.ts";

/** Bytes, gzip. */
export const lessonBudget = 60 * 1024;

export function lessonScripts(folder: string): readonly ScriptSize[] {
  const assets = join(folder, "assets");
  const named = (text: RegExp): string => {
    const found = readdirSync(assets).filter(
      (file) => file.endsWith(".js") && text.test(readFileSync(join(assets, file), "utf8")),
    );
    if (found.length !== 1) throw new Error(`the site has ${found.length} scripts with ${text}`);
    return `assets/${found[0]}`;
  };
  const there = new Set(firstPromptScripts(folder).map(({ name }) => name));
  // Words that only these two hold: the reader's tag, the user agent of checks.
  return scriptsFrom(folder, [named(/define\(.dd-reader./), named(/User-Agent: drydock-lesson/)]).filter(
    ({ name }) => !there.has(name),
  );
}
