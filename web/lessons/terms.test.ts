import { expect, it } from "vitest";
import { Terms } from "./terms.ts";

const glossary = {
  layer: "A layer.",
  layers: "Layers.",
  mount: "A mount.",
  "bind mount": "A bind mount.",
  "PID 1": "The first.",
};

it("finds each word of the glossary once, the longer one first, and only whole words", () => {
  const terms = new Terms(glossary);
  expect(terms.next("Players bind mounts, a bind mount and Layers.")).toEqual({
    before: "Players bind mounts, a ",
    term: "bind mount",
    meaning: "A bind mount.",
    after: " and Layers.",
  });
  expect(terms.next(" and Layers.")?.meaning).toBe("Layers.");
  expect(terms.next("a layer, again")).toBeUndefined();
  expect(terms.next("pid 1 is (mount)")?.term).toBe("pid 1");
});

it("finds nothing without a glossary", () => {
  expect(new Terms({}).next("a layer")).toBeUndefined();
});
