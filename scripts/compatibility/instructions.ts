import { readFileSync } from "node:fs";
import { instructionNames } from "../../worker/engine/build/dockerfile/arguments.ts";
import { instructionFlags } from "../../worker/engine/build/dockerfile/flags.ts";
import type { Status } from "./operations.ts";

/** An instruction of Dockerfiles, or one with one of its flags. */
export interface Instruction {
  readonly name: string;
  readonly status: Status;
  readonly test: string;
}

/** In which an instruction is looked for, the real machine first. */
const tests: readonly string[] = [
  "e2e/guest/build.test.ts",
  "e2e/guest/packages.test.ts",
  "worker/engine/build/service.test.ts",
  "worker/engine/build/remote/remote.test.ts",
  "worker/engine/build/solve/cache-transfer.test.ts",
];

const shortfalls: Readonly<Record<string, Status>> = {
  "RUN --device": {
    level: "partial",
    why: "there are no such devices here: an optional one is left out, a required one fails",
  },
};

export function instructions(): readonly Instruction[] {
  const texts = tests.map((path) => {
    const source = readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
    return { path, text: source.replaceAll("\\n", "\n") };
  });
  const shown = (pattern: RegExp): string => texts.find(({ text }) => pattern.test(text))?.path ?? "";
  const entry = (name: string, pattern: RegExp): Instruction => ({
    name,
    status: shortfalls[name] ?? { level: "yes" },
    test: shown(pattern),
  });
  return [...instructionNames]
    .sort()
    .flatMap((name) => [
      entry(name, new RegExp(`(^|["'\`])${name} \\S`, "m")),
      ...Object.keys((instructionFlags as Readonly<Record<string, object>>)[name] ?? {}).map((flag) =>
        entry(`${name} --${flag}`, new RegExp(`(^|["'\`])${name} ([^\\n]* )?--${flag}\\b`, "m")),
      ),
    ]);
}
