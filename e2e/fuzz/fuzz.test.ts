/** Some of what `npm run fuzz` tries, always the same, on an engine whose machine is a fake. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { engineProperties, type Found, hunt, languageProperties, memoryEngine, Playground } from "./index.ts";

async function all(found: AsyncIterable<Found>): Promise<readonly Found[]> {
  const list: Found[] = [];
  for await (const it of found) list.push(it);
  return list;
}

const seed = 1;

describe("of any kind", () => {
  let playground: Playground;
  beforeAll(async () => {
    playground = await Playground.open(memoryEngine);
  });
  afterAll(() => playground.close());

  it.each(languageProperties.map((property) => [property.name, property] as const))(
    "%s end in words",
    async (_, it) => {
      const found = hunt(it, undefined, async (holds) => await holds(), { runs: 500, seed });
      expect(await all(found)).toEqual([]);
    },
  );

  it.each(engineProperties.map((property) => [property.name, property] as const))("%s end in words", async (_, it) => {
    const found = hunt(it, playground, (holds, bound) => playground.watch(holds, bound), { runs: 40, seed });
    expect(await all(found)).toEqual([]);
  });

  it("and the engine is afterwards as it was", async () => {
    expect(await playground.problems()).toEqual([]);
  });
});
