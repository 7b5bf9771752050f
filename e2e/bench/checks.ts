/**
 * What each check of each lesson costs the engine, where the step's solution has been played: the time that the thread of both is at work,
 * without what the emulator has of it. A server's answer to an HTTP check is the machine's work; what asks for it is ours.
 */
import { join } from "node:path";
import { evaluate } from "../../lessons/checks/index.ts";
import type { Check, Step } from "../../lessons/format/index.ts";
import { lessonNames, lessonsFolder, readLesson } from "../../lessons/read.node.ts";
import { playSolution, playStart, playTo, viewOf } from "../../worker/lessons/index.ts";
import { type LessonMachine, openLessonMachine } from "../lessons/machine.ts";
import { median, type Sample } from "./result.ts";

const rounds = 5;
const worst = 12;

interface Cost {
  readonly name: string;
  readonly milliseconds: number;
}

export async function benchChecks(wanted: (name: string) => boolean): Promise<readonly Sample[]> {
  if (!wanted("check_engine_ms")) return [];
  const machine = await openLessonMachine();
  const costs: Cost[] = [];
  try {
    for (const name of lessonNames()) costs.push(...(await costsOf(machine, name)));
  } finally {
    await machine.close();
  }
  const sorted = costs.toSorted((a, b) => b.milliseconds - a.milliseconds);
  for (const { name, milliseconds } of sorted.slice(0, worst))
    process.stderr.write(`bench: ${milliseconds.toFixed(2).padStart(6)} ms ${name}\n`);
  return [
    {
      name: "check_engine_ms",
      unit: "ms",
      host: "node",
      phase: "warm",
      values: costs.map(({ milliseconds }) => milliseconds),
    },
  ];
}

async function costsOf(machine: LessonMachine, name: string): Promise<readonly Cost[]> {
  const read = readLesson(join(lessonsFolder, name));
  if (!read.ok) throw new Error(`${name}: ${JSON.stringify(read.problems)}`);
  const costs: Cost[] = [];
  for (const [index, step] of read.value.steps.entries()) {
    await (index === 0 ? playTo(machine, read.value, 0) : playStart(machine, step.start));
    await playSolution(machine, step);
    await machine.idle();
    for (const [what, check] of checksOf(step))
      costs.push({ name: `${name} ${step.id} ${what}`, milliseconds: await costOf(machine, check) });
  }
  return costs;
}

const checksOf = ({ tasks, hints }: Step): readonly (readonly [string, Check])[] => [
  ...tasks.map(({ id, check }) => [id, check] as const),
  ...hints.map(({ when }, index) => [`hint ${index + 1}`, when] as const),
];

/** The first look compiles what it needs, here and in the machine. */
async function costOf(machine: LessonMachine, check: Check): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const before = machine.engineTime();
    await evaluate(check, viewOf(machine, []));
    if (round > 0) times.push(machine.engineTime() - before);
  }
  return median(times);
}
