/**
 * `npm run bench [-- NAME…] [--json FILE]`: measures what the project promises about speed, beside the bare cost in the same guest, and
 * prints a table; with --json also the results as data. Node's results come first.
 */
import { writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { benchChecks } from "../e2e/bench/checks.ts";
import { benchChromium } from "../e2e/bench/chromium.ts";
import { benchLessons } from "../e2e/bench/lessons.ts";
import { benchNode } from "../e2e/bench/node.ts";
import { benchPage } from "../e2e/bench/page.ts";
import { summarize, table } from "../e2e/bench/result.ts";
import { benchSpawns } from "../e2e/bench/spawns.ts";
import { buildImages, buildMachine, buildSite } from "./build/steps.ts";

const { values, positionals } = parseArgs({ options: { json: { type: "string" } }, allowPositionals: true });
const wanted = (name: string): boolean => positionals.length === 0 || positionals.includes(name);

await buildMachine();
await buildImages("prebuilt");
const samples = [...(await benchNode(wanted))];
await buildSite();
samples.push(...(await benchChromium(wanted)));
samples.push(...(await benchSpawns(wanted)));
samples.push(...(await benchPage(wanted)));
samples.push(...(await benchLessons(wanted)));
samples.push(...(await benchChecks(wanted)));
const results = summarize(samples);
const machine = {
  processor: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  memory: totalmem(),
  node: process.version,
  platform: `${process.platform} ${process.arch}`,
};
process.stdout.write(`${table(results)}\n`);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ machine, results }, null, 2)}\n`);
process.exit(0);
