/** The lines of a Dockerfile around a place, as BuildKit prints them under an error (solver/errdefs). */
import type { Failure, Lines, Warning } from "./status.ts";

const rule = "--------------------";

export function excerpt(file: string, text: string, range: Lines): string {
  const lines = text.split("\n");
  let { start, end } = range;
  if (start < 1 || start > lines.length) return "";
  end = Math.min(Math.max(start, end), lines.length);
  const marked = { start, end };
  const padding = start === end ? 4 : 2;
  for (let added = 0; added < padding; added++) {
    if (start > 1) {
      start--;
      added++;
    }
    if (end < lines.length) {
      end++;
      added++;
    }
  }
  const shown = lines.slice(start - 1, end).map((line, i) => {
    const number = start + i;
    const mark = number >= marked.start && number <= marked.end ? ">>>" : "   ";
    return ` ${String(number).padStart(3)} | ${mark} ${line.replace(/\r$/, "")}`;
  });
  return [`${file}:${marked.start}`, rule, ...shown, rule, ""].join("\n");
}

/** The lines of a failure, and of what led to it. */
export const placesText = ({ range, via = [], file, text }: Omit<Failure, "message">): string =>
  [...(range === undefined ? [] : [range]), ...via].map((lines) => excerpt(file, text, lines)).join("");

export const failureText = ({ message, ...places }: Failure): string =>
  `${placesText(places)}ERROR: failed to build: failed to solve: ${message}`;

/** What `docker build --check` prints. */
export function checkReport(warnings: readonly Warning[], file: string, text: string): string {
  if (warnings.length === 0) return "Check complete, no warnings found.\n";
  const found = warnings.map(
    ({ rule: name, url, message, range }) =>
      `\nWARNING: ${name}${url === "" ? "" : ` - ${url}`}\n${message}\n${excerpt(file, text, range)}`,
  );
  const count = warnings.length === 1 ? "1 warning has" : `${warnings.length} warnings have`;
  return `Check complete, ${count} been found!\n${found.join("")}\n`.replace(/\n\n$/, "\n");
}
