import { expect, it } from "vitest";
import { unhurried } from "./unhurried.ts";

it("hands a stream on in small pieces, and rests twice as long as the work with each took", async () => {
  const rests: number[] = [];
  let now = 0;
  const clock = {
    now: () => new Date(0),
    monotonic: () => now,
    after: (ms: number, callback: () => void) => {
      rests.push(ms);
      queueMicrotask(callback);
      return () => {};
    },
  };
  const content = Uint8Array.from({ length: 70_000 }, (_, at) => at % 251);
  const reader = unhurried(new Blob([content]).stream(), clock).getReader();
  const pieces: Uint8Array[] = [];
  for (const work of [10, 20, 1000]) {
    const { value } = await reader.read();
    pieces.push(value as Uint8Array);
    now += work;
  }
  expect((await reader.read()).done).toBe(true);
  expect(pieces.map(({ length }) => length)).toEqual([32768, 32768, 4464]);
  expect(Buffer.concat(pieces).equals(content)).toBe(true);
  expect(rests).toEqual([20, 40, 250]);
});
