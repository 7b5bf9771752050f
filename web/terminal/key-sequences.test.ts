import { expect, it } from "vitest";
import { arrowSequence } from "./key-sequences.ts";

it("sends an arrow as the mode of the program in front wants it, and with Ctrl as a modified key", () => {
  expect(arrowSequence("A", { application: false, control: false })).toBe("\x1b[A");
  expect(arrowSequence("A", { application: true, control: false })).toBe("\x1bOA");
  expect(arrowSequence("D", { application: true, control: true })).toBe("\x1b[1;5D");
});
