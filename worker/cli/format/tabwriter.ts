/**
 * Go's text/tabwriter with docker/cli's settings (minwidth 10, padding 3, or others): cells end at tabs, and consecutive lines that
 * have a cell in a column share its width.
 */
import { textWidth } from "./text.ts";

export interface TabSettings {
  readonly minimum: number;
  readonly padding: number;
}

export function alignTabs(text: string, { minimum, padding }: TabSettings = { minimum: 10, padding: 3 }): string {
  const ends = text.endsWith("\n");
  const lines = (ends ? text.slice(0, -1) : text).split("\n").map((l) => l.split("\t"));
  const widths: number[][] = lines.map(() => []);
  const settle = (from: number, to: number, column: number): void => {
    let start = from;
    while (start < to) {
      // The last cell of a line is not terminated and belongs to no column.
      if ((lines[start]?.length ?? 0) <= column + 1) {
        start++;
        continue;
      }
      let end = start;
      let width = minimum;
      while (end < to && (lines[end]?.length ?? 0) > column + 1) {
        const cell = textWidth(lines[end]?.[column] ?? "") + padding;
        if (cell > width) width = cell;
        end++;
      }
      for (let i = start; i < end; i++) {
        const row = widths[i];
        if (row !== undefined) row[column] = width;
      }
      settle(start, end, column + 1);
      start = end;
    }
  };
  settle(0, lines.length, 0);
  const out = lines.map((cells, i) =>
    cells
      .map((cell, c) => (c === cells.length - 1 ? cell : cell + " ".repeat((widths[i]?.[c] ?? 0) - textWidth(cell))))
      .join(""),
  );
  return out.join("\n") + (ends ? "\n" : "");
}
