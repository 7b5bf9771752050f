import fc from "fast-check";
import { expect, test } from "vitest";
import { capture } from "./capture.ts";
import { commandAt } from "./command/tree.ts";
import { runDocker } from "./index.ts";
import tree from "./reference/tree.json" with { type: "json" };

/** An engine that is there and refuses all, so that every command ends. */
const refusing = {
  request: async () => ({
    status: 500,
    headers: { "api-version": "1.51" },
    body: { kind: "json" as const, value: { message: "refused" } },
  }),
};
const leaves = Object.keys(tree).filter((path) => commandAt(path)?.commands.length === 0);

const commandLine = fc.constantFrom(...leaves).chain((path) => {
  const flags = (commandAt(path)?.flags ?? []).map(({ name }) => `--${name}`);
  const word = fc.oneof(
    fc.constantFrom("x", "", "-", "--", "a=b", "1:2:3", "{{.ID}}", "{{", "-z", "9999999999999999999"),
    fc.string({ maxLength: 8 }),
  );
  const option =
    flags.length === 0
      ? word
      : fc.oneof(
          word,
          fc.constantFrom(...flags),
          fc.tuple(fc.constantFrom(...flags), word).map(([a, b]) => `${a}=${b}`),
        );
  return fc.array(option, { maxLength: 5 }).map((rest) => [...path.split(" "), ...rest]);
});

test("any command line ends with an exit code, and errors are said in words", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(commandLine, async (args) => {
      const { code, stderr } = await capture((invocation) => runDocker(invocation, refusing), args);
      expect(code).toBeGreaterThanOrEqual(0);
      expect(code).toBeLessThan(256);
      expect(stderr).not.toMatch(/is not a function|Cannot read prop|is not iterable|\[object|TypeError/);
    }),
    { numRuns: 1500 },
  );
});
