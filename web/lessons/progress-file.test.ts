import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { progressOf, saveProgress } from "./progress.ts";
import { readProgress, writeProgress } from "./progress-file.ts";

const file = (lessons: unknown): string => JSON.stringify({ drydock: "progress", version: 1, lessons });

describe("progress as a file", () => {
  it("comes back as it went, and adds to what was done here", () => {
    saveProgress("data/lost", { step: 1, done: ["a/one"], finished: false }, 2);
    const text = writeProgress(["data/lost", "data/tmpfs"]);
    expect(JSON.parse(text).lessons).toEqual({ "data/lost": { step: 1, done: ["a/one"], finished: false } });
    expect(readProgress(file({ "data/lost": { step: 0, done: ["a/two"], finished: true } }))).toBe(1);
    expect(progressOf("data/lost")).toEqual({ step: 1, done: ["a/one", "a/two"], finished: true });
  });

  it("says which steps were done with their solution, there as here", () => {
    saveProgress("data/tmpfs", { step: 0, done: ["a/one"], finished: true, shown: ["a"] }, 1);
    expect(JSON.parse(writeProgress(["data/tmpfs"])).lessons["data/tmpfs"].shown).toEqual(["a"]);
    readProgress(file({ "data/tmpfs": { step: 1, done: ["b/one"], finished: true, shown: ["b", "<img>"] } }));
    expect(progressOf("data/tmpfs").shown).toEqual(["a", "b"]);
  });

  it.each(["", "[]", "null", '{"drydock":"progress","version":2}', "{"])("refuses %j with a sentence", (text) => {
    expect(() => readProgress(text)).toThrow(/file|JSON/);
  });

  it("passes over entries that are none", () => {
    const hostile = {
      "../x": { step: 0, done: [] },
      __proto__: { step: 0, done: [] },
      "a/b": { step: -1, done: [] },
      "c/d": { step: 0, done: ["<img>", 3, "ok/task"], finished: "yes" },
    };
    expect(readProgress(file(hostile))).toBe(1);
    expect(progressOf("c/d")).toEqual({ step: 0, done: ["ok/task"], finished: false });
  });

  it("answers any JSON with a number or a sentence", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(readProgress(file(value))).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});
