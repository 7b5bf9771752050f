/**
 * The same command lines through both clients, a scenario whole through the one and then through the other, so that neither finds the
 * other's ports, subnets and containers. Lines that depend on what else is on the engine, or on the real client's plugins, are in facts.ts.
 */
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { cleanUp, engine, type Outcome, ours, real, type Side, side, whyNot } from "./both.ts";
import { facts } from "./facts.ts";
import { scenarios } from "./scenarios.ts";

describe.skipIf(engine === "")(`the same output, errors and exit code as the real client (or: ${whyNot})`, () => {
  beforeEach(cleanUp);
  afterAll(cleanUp);
  for (const [name, lines] of Object.entries(scenarios))
    test(name, { timeout: 600_000 }, async () => {
      const through = async (who: "real" | "ours", client: Side): Promise<object[]> => {
        const said: (Outcome & { readonly line: unknown })[] = [];
        for (const line of lines) said.push({ line, ...(await side(who, client, line)) });
        return said.filter(
          ({ line }) => facts[typeof line === "string" ? line : (line as { line: string }).line] === undefined,
        );
      };
      const expected = await through("real", real);
      cleanUp();
      expect(await through("ours", ours)).toEqual(expected);
    });
});
