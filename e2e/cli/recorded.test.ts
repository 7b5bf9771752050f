import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Drydock, openDrydock } from "../../worker/node.ts";
import { buildPath } from "../../worker/node-platform.node.ts";
import { own, type Side, side } from "./both.ts";
import { facts } from "./facts.ts";
import { helpLine, helpOptions, helpPaths } from "./help-paths.ts";
import { digest, helpName, load, recordedScenarios, refusedName } from "./recorded.ts";
import { refusedLines } from "./refusals.ts";

describe.skipIf(!existsSync(buildPath("snapshot/manifest.json")))("as the real client on a real engine printed", () => {
  let drydock: Drydock;
  let docker: Side;
  beforeAll(async () => {
    drydock = await openDrydock();
    docker = own((invocation) => drydock.docker(invocation));
    expect(await docker(["pull", "-q", "busybox"])).toMatchObject({ code: 0 });
  });
  afterAll(() => drydock.close());

  test.each(recordedScenarios)("%s", { timeout: 300_000 }, async (name, lines) => {
    const expected = load(name) as readonly object[];
    expect(expected.map((entry) => (entry as { line: unknown }).line)).toEqual(lines);
    const wrong: object[] = [];
    for (const [i, line] of lines.entries()) {
      const actual = { line, ...(await side("ours", docker, line)) };
      const text = typeof line === "string" ? line : line.line;
      if (facts[text] === undefined && JSON.stringify(actual) !== JSON.stringify(expected[i]))
        wrong.push({ expected: expected[i], actual });
    }
    expect(wrong).toEqual([]);
  });

  test("the help of every command, byte for byte", { timeout: 120_000 }, async () => {
    const texts: [string, string][] = [];
    for (const path of helpPaths)
      texts.push([path, digest((await side("ours", docker, helpLine(path), helpOptions)).stdout)]);
    expect(Object.fromEntries(texts)).toEqual(load(helpName));
  });

  test("every flag of every command refused, byte for byte", { timeout: 120_000 }, async () => {
    const refused: [string, string][] = [];
    for (const line of refusedLines)
      refused.push([line.join(" "), digest(JSON.stringify(await side("ours", docker, line)))]);
    expect(Object.fromEntries(refused)).toEqual(load(refusedName));
  });
});
