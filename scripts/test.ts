/**
 * `npm test`: makes what the tests need (a browser, the machine, the site), then runs the checks and all three kinds of tests.
 *   npm test                 everything
 *   npm test -- unit guest   some kinds: check, unit, guest, journeys
 * The last line says "N passed, N failed"; the exit code is 0 only without a failure.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildDirectory, root } from "./build/step.ts";
import { buildImages, buildMachine, buildSite } from "./build/steps.ts";
import type { TestReport } from "./build/test-report.ts";
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

const reports: TestReport[] = [];

function run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): boolean {
  return (
    spawnSync(command, args, {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, ...env },
    }).status === 0
  );
}

function check(): void {
  const ok = run(process.execPath, ["--import", "tsx", "scripts/check.ts"]);
  reports.push({ passed: ok ? 1 : 0, failed: ok ? 0 : 1, failures: ok ? [] : ["npm run check"], retried: [] });
}

function vitest(kind: Exclude<Kind, "check">): void {
  mkdirSync(buildDirectory, { recursive: true });
  const report = join(buildDirectory, `test-${kind}.json`);
  rmSync(report, { force: true });
  const reporters = ["--reporter=default", "--reporter=./scripts/build/test-report.ts"];
  const ok = run("node_modules/.bin/vitest", ["run", "--project", kind, ...reporters], { DRYDOCK_TEST_REPORT: report });
  const said: TestReport | undefined = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : undefined;
  if (said !== undefined && (ok || said.failed > 0)) reports.push(said);
  else reports.push({ passed: said?.passed ?? 0, failed: 1, failures: [`the ${kind} tests ended early`], retried: [] });
}

if (wanted("check")) check();
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
// A long log is read from its end.
for (const line of reports.flatMap(({ retried }) => retried)) process.stdout.write(`passed on a second try: ${line}\n`);
for (const line of reports.flatMap(({ failures }) => failures)) process.stdout.write(`failed: ${line}\n`);
const passed = reports.reduce((sum, report) => sum + report.passed, 0);
const failed = reports.reduce((sum, report) => sum + report.failed, 0);
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
