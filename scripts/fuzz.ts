/**
 * `npm run fuzz -- [RUNS] [NAME…] [--memory] [--seed N [--path P]]`: hostile inputs for each kind of thing that comes from outside, or for
 * those that are named. What needs no machine gets a hundred thousand (or so many); what the engine is sent gets the number that the real
 * machine takes in some minutes. With --memory the engine's machine is a fake, which is much faster and runs nothing. A finding is printed
 * with the seed and path that lead to it again.
 */
import { parseArgs } from "node:util";
import {
  engineProperties,
  hunt,
  languageProperties,
  memoryEngine,
  Playground,
  type Property,
  realEngine,
  type Watch,
} from "../e2e/fuzz/index.ts";
import { properties } from "../lessons/fuzz/properties.ts";
import { buildImages, buildMachine } from "./build/steps.ts";

const { values, positionals } = parseArgs({
  options: { memory: { type: "boolean", default: false }, seed: { type: "string" }, path: { type: "string" } },
  allowPositionals: true,
});
const isNumber = (text: string | undefined): text is string => /^\d+$/.test(text ?? "");
const [first, ...others] = positionals;
const names = isNumber(first) ? others : positionals;
const all = [...properties, ...languageProperties, ...engineProperties].map(({ name }) => name);
const unknown = names.find((name) => !all.includes(name));
if (unknown !== undefined) {
  process.stderr.write(`npm run fuzz: no such inputs: ${unknown} (there are ${all.join(", ")})\n`);
  process.exit(2);
}
const wanted = ({ name }: { readonly name: string }): boolean => names.length === 0 || names.includes(name);
const firstSeed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
const replay = values.path === undefined ? {} : { path: values.path };
let failed = 0;

function report(name: string, runs: number, started: number, failures: number): void {
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  process.stdout.write(
    `${failures === 0 ? "ok      " : "FAILED  "}${name}: ${runs} inputs in ${seconds} s, seed ${firstSeed}\n`,
  );
  failed += failures;
}

for (const { name, check } of properties.filter(wanted)) {
  const runs = isNumber(first) ? Number(first) : 100_000;
  const started = Date.now();
  const failures = await check({ numRuns: runs, seed: firstSeed, ...replay }).then(
    () => 0,
    (error: unknown) => {
      process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
      return 1;
    },
  );
  report(name, runs, started, failures);
}

async function tell<S>(property: Property<unknown, S>, subject: S, watch: Watch, usual: number): Promise<void> {
  const runs = isNumber(first) ? Number(first) : usual;
  const started = Date.now();
  let failures = 0;
  for await (const { message, input, seed, path } of hunt(property, subject, watch, {
    runs,
    seed: firstSeed,
    ...replay,
  })) {
    failures++;
    process.stdout.write(`${property.name}: ${message}\n    --seed ${seed} --path ${path}: ${input}\n`);
  }
  report(property.name, runs, started, failures);
}

for (const property of languageProperties.filter(wanted))
  await tell(property, undefined, async (holds) => await holds(), 20_000);

if (engineProperties.some(wanted)) {
  if (!values.memory) {
    await buildMachine();
    await buildImages("prebuilt");
  }
  const playground = await Playground.open(values.memory ? memoryEngine : realEngine);
  for (const property of engineProperties.filter(wanted))
    await tell(property, playground, (holds, bound) => playground.watch(holds, bound), 5000);
  const started = Date.now();
  const problems = await playground.problems();
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  report("the engine after all of it", 1, started, problems.length);
  await playground.close();
}
process.exit(failed === 0 ? 0 : 1);
