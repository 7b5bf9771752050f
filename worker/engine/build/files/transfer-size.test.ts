import { expect, it } from "vitest";
import { transferSize } from "./transfer-size.ts";

it("counts as BuildKit's client and daemon did", () => {
  const sizes = [
    [],
    [{ path: "Dockerfile", size: 0 }],
    [{ path: "Dockerfile", size: 13 }],
    [{ path: ".dockerignore", size: 2 }],
    [
      { path: "a", size: 5 },
      { path: "b", size: 300 },
    ],
  ].map(transferSize);
  expect(sizes).toEqual([2, 31, 50, 42, 365]);
});
