/** Runs a section with one client on one engine, and compares what was printed with what a real pair printed. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Client, Running } from "./clients.ts";
import { normalise, type Surroundings } from "./normalise.ts";
import { type DetailedStep, detailed, type Entry, type Outcome, type Own, type Section } from "./step.ts";

/** No line of the walkthrough takes longer, on a busy machine: pip is the slowest. */
const longest = 180_000;

/** One entry a step, each as soon as it is known. */
export async function* transcript(
  section: Section,
  client: Client,
  surroundings: Surroundings,
): AsyncGenerator<Entry, void> {
  for (const [path, text] of Object.entries(section.files ?? {})) {
    const file = join(surroundings.dir, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const background = new Map<string, { readonly step: DetailedStep; readonly running: Running }>();
  for (const part of section.steps) {
    if (typeof part === "object" && "join" in part) {
      const started = background.get(part.join);
      if (started === undefined) throw new Error(`nothing runs under the name ${part.join}`);
      const { signal } = part;
      if (signal !== undefined)
        void started.running.printed(signal.after).then(() => started.running.signal(signal.name));
      const outcome = await within(started.running);
      yield normalise({ ...started.step, line: `(${part.join}) ${started.step.line}` }, outcome, surroundings);
      continue;
    }
    const step = detailed(part);
    if (step.background === undefined) yield normalise(step, await outcomeOf(client, step), surroundings);
    else background.set(step.background, { step, running: client.start(step) });
  }
}

async function outcomeOf(client: Client, step: DetailedStep): Promise<Outcome> {
  const { until } = step;
  if (until === undefined) return await within(client.start(step));
  const end = Date.now() + longest;
  for (;;) {
    const outcome = await within(client.start(step));
    if (new RegExp(until, "s").test(outcome.stdout + outcome.stderr) || Date.now() > end) return outcome;
  }
}

async function within(running: Running): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Outcome>((resolve) => {
    timer = setTimeout(() => {
      running.signal("SIGTERM");
      resolve({ code: -1, stdout: running.soFar(), stderr: "(it did not end in time)" });
    }, longest);
  });
  return await Promise.race([running.outcome, late]).finally(() => clearTimeout(timer));
}

/** How an entry differs from what was expected, as lines to read; none when it does not. */
export function difference(expected: Entry | undefined, actual: Entry, own: Own | undefined): readonly string[] {
  if (own !== undefined) return differenceToOwn(own, actual);
  if (expected === undefined) return [`no expectation was recorded for: ${actual.line}`];
  return [
    ...(expected.line === actual.line ? [] : [`recorded for another line: ${expected.line}`]),
    ...(expected.code === actual.code ? [] : [`exit code ${actual.code} instead of ${expected.code}`]),
    ...lineDifferences("stdout", expected.stdout, actual.stdout),
    ...lineDifferences("stderr", expected.stderr, actual.stderr),
  ];
}

function lineDifferences(name: string, expected: readonly string[], actual: readonly string[]): readonly string[] {
  const longer = Math.max(expected.length, actual.length);
  return Array.from({ length: longer }, (_, i) => i).flatMap((i) =>
    expected[i] === actual[i]
      ? []
      : [`${name} ${i + 1} - ${expected[i] ?? "(no line)"}`, `${name} ${i + 1} + ${actual[i] ?? "(no line)"}`],
  );
}

function differenceToOwn(own: Own, actual: Entry): readonly string[] {
  const wrong = (name: string, patterns: readonly string[] | undefined, lines: readonly string[]) => {
    if (patterns === undefined) return [];
    if (patterns.length !== lines.length)
      return [`${name} has ${lines.length} lines instead of ${patterns.length}:`, ...lines];
    return patterns.flatMap((pattern, i) =>
      new RegExp(`^(?:${pattern})$`).test(lines[i] ?? "")
        ? []
        : [`${name} ${i + 1} - ${pattern}`, `${name} ${i + 1} + ${lines[i]}`],
    );
  };
  return [
    ...(own.code === undefined || own.code === actual.code ? [] : [`exit code ${actual.code} instead of ${own.code}`]),
    ...wrong("stdout", own.stdout, actual.stdout),
    ...wrong("stderr", own.stderr, actual.stderr),
  ];
}
