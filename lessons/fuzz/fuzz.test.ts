import { expect, it } from "vitest";
import { properties } from "./properties.ts";

it.each(properties.map((property) => [property.name, property] as const))(
  "%s: any input is read or refused",
  async (_, property) => {
    await expect(property.check({ numRuns: 1500, seed: 1 })).resolves.toBeUndefined();
  },
);
