/**
 * A vitest reporter that keeps of a run what `npm test` says at its end, as JSON in the file that DRYDOCK_TEST_REPORT names.
 * A test that passed only on its second try passed, and is named.
 */
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { Reporter, SerializedError, TestModule } from "vitest/node";
import { root } from "./step.ts";

/** What a run of one kind of tests came to. Each line names a test or a file, and the first line of what went wrong. */
export interface TestReport {
  readonly passed: number;
  readonly failed: number;
  readonly failures: readonly string[];
  readonly retried: readonly string[];
}

export default class implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const to = process.env.DRYDOCK_TEST_REPORT;
    if (to !== undefined) writeFileSync(to, JSON.stringify(reportOf(modules, unhandled)));
  }
}

function reportOf(modules: readonly TestModule[], unhandled: readonly SerializedError[]): TestReport {
  let passed = 0;
  const failures = unhandled.map((error) => `outside of a test: ${firstLine(error.message)}`);
  const retried: string[] = [];
  for (const module of modules) {
    const file = relative(root, module.moduleId);
    // A file that could not be loaded, or a hook that failed, has no failed test of its own.
    for (const error of module.errors()) failures.push(`${file}: ${firstLine(error.message)}`);
    for (const suite of module.children.allSuites()) {
      for (const error of suite.errors()) failures.push(`${file}: ${suite.fullName}: ${firstLine(error.message)}`);
    }
    for (const test of module.children.allTests()) {
      const { state, errors } = test.result();
      const name = `${file}: ${test.fullName}`;
      if (state === "passed") passed++;
      if (state === "passed" && test.diagnostic()?.flaky) retried.push(`${name}: ${firstLine(errors?.[0]?.message)}`);
      if (state === "failed") failures.push(`${name}: ${firstLine(errors[0]?.message)}`);
    }
  }
  return { passed, failed: failures.length, failures, retried };
}

function firstLine(text = ""): string {
  return text.split("\n")[0] ?? "";
}
