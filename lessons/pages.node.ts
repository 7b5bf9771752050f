/**
 * What authors read, as pages of the site: docs/lessons.md and the reference of the format. Who writes a lesson in the page has no copy of
 * the repository beside it.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Marked } from "marked";

/** Documents by the page that each becomes. */
const documents = {
  "writing-lessons.html": "docs/lessons.md",
  "lesson-format.html": "docs/lesson-format.md",
} as const;

/** Where the documents' own links lead on the site. */
const addresses: Readonly<Record<string, string>> = {
  "lesson-format.md": "./lesson-format.html",
  "lessons.md": "./writing-lessons.html",
  "../embed/README.md": "./embedding.html",
};

export interface DocumentPage {
  readonly fileName: string;
  readonly html: string;
}

export function documentPages(): readonly DocumentPage[] {
  return Object.entries(documents).map(([fileName, path]) => {
    const text = readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), "utf8");
    return { fileName, html: pageOf(text) };
  });
}

/** A Vite plugin, as plain data: this file does not need Vite. */
export function documentationPages() {
  return {
    name: "drydock-documentation",
    apply: "build" as const,
    generateBundle(this: { emitFile(file: { type: "asset"; fileName: string; source: string }): string }) {
      for (const { fileName, html } of documentPages()) this.emitFile({ type: "asset", fileName, source: html });
    },
  };
}

function pageOf(text: string): string {
  const marked = new Marked({
    gfm: true,
    walkTokens: (token) => {
      if (token.type === "link") token.href = addresses[token.href] ?? token.href;
    },
  });
  const title = /^# (.*)$/m.exec(text)?.[1] ?? "Drydock";
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title.replaceAll("`", "")} · Drydock</title>
    <meta name="color-scheme" content="light dark" />
    <link rel="icon" href="./icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="./document.css" />
  </head>
  <body>
    <main>
      <p><a href="./">Drydock</a> · <a href="./writing-lessons.html">Writing a lesson</a> · <a href="./lesson-format.html">The format</a> · <a href="./embedding.html">Embedding</a></p>
${marked.parse(text, { async: false })}    </main>
  </body>
</html>
`;
}
