/** `npm run conformance -- SUITE DIR`: other projects' own cases, run on our code from a copy outside this repository. */
import { runCheckCases } from "../e2e/conformance/buildkit-checks.node.ts";
import { runParserCases } from "../e2e/conformance/buildkit-parser.node.ts";
import { runDockerode } from "../e2e/conformance/dockerode.node.ts";

interface Case {
  readonly name: string;
  readonly difference?: string | undefined;
}
const suites: Readonly<Record<string, (directory: string) => readonly Case[] | Promise<readonly Case[]>>> = {
  "buildkit-parser": runParserCases,
  "buildkit-checks": runCheckCases,
  dockerode: runDockerode,
};
const [name = "", directory] = process.argv.slice(2);
const suite = suites[name];
if (suite === undefined || directory === undefined) {
  console.error(`Usage: npm run conformance -- ${Object.keys(suites).join("|")} DIRECTORY`);
  process.exit(2);
}
const cases = await suite(directory);
const failed = cases.filter(({ difference }) => difference !== undefined);
for (const { name: title, difference } of failed) console.log(`${title}: ${difference}\n`);
console.log(
  `${cases.length - failed.length} of ${cases.length} the same (${((1 - failed.length / cases.length) * 100).toFixed(1)} %)`,
);
process.exit(failed.length / cases.length > 0.02 ? 1 : 0);
