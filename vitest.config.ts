import { defineConfig } from "vitest/config";

/**
 * Three kinds of tests: units beside the source, the engine on the real guest in Node, journeys in a real browser. The last two
 * have a machine with a clock of its own under them: what fails is tried once more, and `npm test` names it at its end.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          // Generous, for machines that do other things as well: no test asserts a time.
          testTimeout: 60_000,
          include: [
            "{worker,web,guest-image,lessons,scripts,embed}/**/*.test.ts",
            "e2e/structure.test.ts",
            "e2e/{bench,fuzz}/*.test.ts",
          ],
        },
      },
      {
        test: {
          name: "guest",
          // Nothing depends on where the tests run.
          env: { DRYDOCK_OFFLINE: "1" },
          include: ["e2e/{guest,cli,lessons}/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          retry: 1,
          maxWorkers: 1,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "journeys",
          include: ["e2e/journeys/**/*.test.ts"],
          expect: { poll: { timeout: 45_000 } },
          testTimeout: 120_000,
          hookTimeout: 300_000,
          retry: 1,
          maxWorkers: 1,
          fileParallelism: false,
        },
      },
    ],
  },
});
