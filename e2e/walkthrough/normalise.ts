/** What differs between two runs of one command on one engine, replaced by its kind: ids, times, generated names, addresses, sizes. */
import type { DetailedStep, Entry, Outcome } from "./step.ts";

const replacements: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{64}\b/g, "<ID>"],
  [/(?<=checksum of ref )\S+(?=: )/g, "<REF>"],
  [/\b[0-9a-f]{12}\b/g, "<id>"],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( [+-]\d{4} \w+|Z|[+-]\d\d:\d\d)?/g, "<TIME>"],
  [
    /\b(Less than a second|\d+ seconds?|About a minute|\d+ minutes|About an hour|\d+ hours|\d+ days)( ago)?/g,
    "<AGE>$2",
  ],
  [/\b[A-Z][a-z]{2} [ \d]\d \d\d:\d\d\b(?!:)/g, "<DATE>"],
  [/\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b/g, "<MAC>"],
  [/\b172\.(1[7-9]|2\d|3[01])\.0\.\d+\b/g, "<ADDRESS>"],
  [/\b\d+(\.\d+)?([kKMGT]?i?B|[kMG]b)\b/g, "<SIZE>"],
  [/\b[a-z]+_[a-z]+[0-9]?(?=\s*$)/gm, "<NAME>"],
  // Columns are as wide as their widest cell, times and sizes included.
  [/ {2,}/g, "  "],
];

export interface Surroundings {
  /** The client's folder. */
  readonly dir: string;
  /** Where the engine keeps everything: /var/lib/docker, unless it was told otherwise. */
  readonly root: string;
  /** Names of what was on the engine before: lines about it are no part of the walkthrough. */
  readonly foreign: readonly string[];
}

export function normalise(step: DetailedStep, outcome: Outcome, surroundings: Surroundings): Entry {
  const lines = (text: string): readonly string[] => {
    const own = text
      .replaceAll("\r\n", "\n")
      .split("\n")
      .filter((line) => !surroundings.foreign.some((name) => line.includes(name)))
      .map((line) => line.trimEnd());
    if (own.at(-1) === "") own.pop();
    const plain = own.map((line) =>
      replace(line.replaceAll(surroundings.dir, "{dir}").replaceAll(surroundings.root, "/var/lib/docker"), step),
    );
    return step.unordered === true ? plain.sort() : plain;
  };
  return { line: step.line, code: outcome.code, stdout: lines(outcome.stdout), stderr: lines(outcome.stderr) };
}

function replace(line: string, step: DetailedStep): string {
  const replaced = replacements.reduce((text, [pattern, name]) => text.replace(pattern, name), line);
  return (step.numbers === true ? replaced.replace(/\d+(\.\d+)?/g, "<N>").replace(/ {2,}/g, "  ") : replaced).trimEnd();
}
