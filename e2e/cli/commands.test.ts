/**
 * The same command lines through both clients. "@" stands for a prefix of each side's own, so that neither finds the other's
 * containers; a line may be followed by its stdin. Facts of the host that differ from run to run (ports of DNS queries, process ids)
 * are left out.
 */
import { afterAll, describe, expect, test } from "vitest";
import { both, cleanUp, engine, whyNot } from "./both.ts";
import { scenarios } from "./scenarios.ts";

describe.skipIf(engine === "")(`the same output, errors and exit code as the real client (or: ${whyNot})`, () => {
  afterAll(cleanUp);
  for (const [name, lines] of Object.entries(scenarios))
    test(name, { timeout: 300_000 }, async () => {
      for (const line of lines) {
        const { real, ours } = await both(line);
        expect({ line, ...ours }).toEqual({ line, ...real });
      }
    });
});
