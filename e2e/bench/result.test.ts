import { expect, it } from "vitest";
import { summarize, table } from "./result.ts";

it("puts each result against its floor's warm median on the same host", () => {
  const results = summarize([
    { name: "floor_exec", unit: "ms", host: "node", phase: "warm", values: [2, 4, 3] },
    { name: "ps", unit: "ms", host: "node", phase: "warm", values: [6, 6], floor: "floor_exec" },
    { name: "ps", unit: "ms", host: "chromium", phase: "warm", values: [6], floor: "floor_exec" },
  ]);
  expect(results[1]).toMatchObject({ median: 6, ratio: 2, n: 2 });
  expect(results[2]?.ratio).toBeUndefined();
  expect(table(results)).toContain("2 × floor_exec");
});
