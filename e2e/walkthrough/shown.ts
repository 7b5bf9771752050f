/** What of a recorded entry a person sees at a terminal, where both outputs are one and escape sequences act instead of being shown. */
import type { DetailedStep, Entry } from "./step.ts";

/** Control sequences (ECMA-48), also with numbers that were replaced by their kind; colours and modes, nothing that moves text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what it is about
const sequences = /\u001b\[[?0-9;<N>]*[A-Za-z]/g;

export const withoutEscapes = (text: string): string => text.replace(sequences, "");

type Matches = (line: string) => boolean;

/** How what was shown differs from what was recorded, as lines to read; none when it does not. */
export function differenceOnScreen(
  expected: Entry | undefined,
  actual: Entry,
  { own: another, shown: shownInstead, unordered }: Partial<DetailedStep>,
): readonly string[] {
  const own = shownInstead === undefined ? another : { code: expected?.code, stdout: shownInstead, stderr: [] };
  const wanted = own ?? expected;
  if (wanted === undefined) return [`no expectation was recorded for: ${actual.line}`];
  const differences: string[] = [];
  if (wanted.code !== undefined && wanted.code !== actual.code)
    differences.push(`exit code ${actual.code} instead of ${wanted.code}`);
  // What is not said of one output may be anything.
  if (wanted.stdout === undefined || wanted.stderr === undefined) return differences;
  const lines = shown(actual.stdout);
  const [out, err] = [own === undefined ? shown(wanted.stdout) : wanted.stdout, wanted.stderr];
  const whole = unordered === true ? [...out, ...err].sort() : undefined;
  const matching = (text: readonly string[]): readonly Matches[] =>
    text.map((each) => {
      if (own === undefined) return (line) => line === each;
      const pattern = new RegExp(`^(?:${each.replaceAll("{dir}", "\\{dir\\}")})$`);
      return (line) => pattern.test(line);
    });
  const holds =
    whole === undefined
      ? interleaved(matching(out), matching(err), lines)
      : interleaved(matching(whole), [], [...lines].sort());
  if (!holds) differences.push(...[...out, ...err].map((line) => `- ${line}`), ...lines.map((line) => `+ ${line}`));
  return differences;
}

function shown(lines: readonly string[]): readonly string[] {
  const plain = lines.map((line) => withoutEscapes(line).replaceAll("\r", "").replaceAll("\t", "  ").trimEnd());
  return plain.map((line) => line.replace(/ {2,}/g, "  "));
}

/** Whether lines are those of two outputs, each in its order: which comes first is not known where both go to one terminal. */
function interleaved(out: readonly Matches[], err: readonly Matches[], lines: readonly string[]): boolean {
  if (out.length + err.length !== lines.length) return false;
  // reached: how many of `out` can have been used up by the lines so far.
  let reached = new Set([0]);
  for (const [index, line] of lines.entries()) {
    const next = new Set<number>();
    for (const used of reached) {
      if (out[used]?.(line) === true) next.add(used + 1);
      if (err[index - used]?.(line) === true) next.add(used);
    }
    reached = next;
  }
  return reached.size > 0;
}
