/**
 * `npm test`: makes what the tests need (a browser, the machine, the site), then runs the checks and all three kinds of tests.
 *   npm test                 everything
 *   npm test -- unit guest   some kinds: check, unit, guest, journeys
 * The last line says "N passed, N failed"; the exit code is 0 only without a failure.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildDirectory, root } from "./build/step.ts";
import { buildImages, buildMachine, buildSite } from "./build/steps.ts";
import { ensureChromium } from "./chromium.ts";

const kinds = ["check", "unit", "guest", "journeys"] as const;
type Kind = (typeof kinds)[number];
const asked = process.argv.slice(2);
const unknown = asked.find((kind) => !(kinds as readonly string[]).includes(kind));
if (unknown !== undefined) {
  process.stderr.write(`npm test: no such kind of tests: ${unknown} (there are ${kinds.join(", ")})\n`);
  process.exit(2);
}
const wanted = (kind: Kind) => asked.length === 0 || asked.includes(kind);

let passed = 0;
let failed = 0;
const count = (ok: boolean) => (ok ? passed++ : failed++);

function run(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] }).status === 0;
}

function vitest(kind: Exclude<Kind, "check">): void {
  mkdirSync(buildDirectory, { recursive: true });
  const report = join(buildDirectory, `test-${kind}.json`);
  const ok = run("node_modules/.bin/vitest", [
    "run",
    "--project",
    kind,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ]);
  const totals = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : undefined;
  passed += totals?.numPassedTests ?? 0;
  failed += totals?.numFailedTests ?? 0;
  // A file that could not be loaded has no failed test of its own.
  if (!ok && (totals?.numFailedTests ?? 0) === 0) failed += Math.max(1, totals?.numFailedTestSuites ?? 1);
}

if (wanted("check")) count(run(process.execPath, ["--import", "tsx", "scripts/check.ts"]));
if (wanted("unit")) vitest("unit");
if (wanted("guest") || wanted("journeys")) {
  await buildMachine();
  await buildImages("tests");
}
if (wanted("guest")) vitest("guest");
if (wanted("journeys")) {
  ensureChromium();
  await buildSite();
  vitest("journeys");
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
