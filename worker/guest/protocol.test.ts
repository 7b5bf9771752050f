import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  guestFrames,
  hostFrames,
  operations,
  PROTOCOL_VERSION,
  resultTags,
  stages,
  WINDOW_IN,
  WINDOW_OUT,
} from "./protocol.ts";

const agent = new URL("../../guest-image/agent/", import.meta.url);
const definition = readFileSync(new URL("protocol.def", agent), "utf8");
const header = readFileSync(new URL("agent.h", agent), "utf8");

const rows = (macro: string) =>
  [...definition.matchAll(new RegExp(`^${macro}\\((\\w+), (\\d+)(?:, "(\\w*)")?\\)`, "gm"))].map(
    ([, name = "", number = "", letters]) => ({ name, number: Number(number), letters }),
  );
const numbered = (macro: string) => Object.fromEntries(rows(macro).map(({ name, number }) => [name, number]));

test("frames, stages and results have the agent's numbers", () => {
  expect(hostFrames).toEqual(numbered("HOST_FRAME"));
  expect(guestFrames).toEqual(numbered("GUEST_FRAME"));
  expect(resultTags).toEqual(numbered("RESULT"));
  expect(Object.fromEntries(stages.map((stage, number) => [stage, number]))).toEqual(numbered("STAGE"));
});

test("operations have the agent's numbers and fields", () => {
  const theirs = Object.fromEntries(rows("OP").map(({ name, number, letters }) => [name, [number, letters]]));
  expect(operations).toEqual(theirs);
});

test("version and windows are the agent's", () => {
  const constant = (name: string) => new RegExp(`\\b${name} = ([^,]+),`).exec(header)?.[1];
  expect(constant("PROTOCOL_VERSION")).toBe(String(PROTOCOL_VERSION));
  expect(constant("WINDOW_OUT")).toBe(`${WINDOW_IN >> 10} << 10`);
  expect(constant("WINDOW_IN")).toBe(`${WINDOW_OUT >> 10} << 10`);
});
