/**
 * Why a step's Markdown is refused; `undefined` when it is not. A reader of Markdown takes time that grows with the third power of how deep
 * lists and quotes are nested, and its stack ends: nobody needs that to teach.
 */
const largest = 60_000;
const deepest = 60;

export function textProblem(text: string): string | undefined {
  if (text.length > largest) return `is longer than ${largest} characters`;
  const at = text.split("\n").findIndex((line) => (/^[\s>*+-]*/.exec(line)?.[0].length ?? 0) > deepest);
  return at < 0 ? undefined : `line ${at + 1} is nested too deeply`;
}
