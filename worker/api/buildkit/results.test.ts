import { expect, it } from "vitest";
import { callResult, failureError } from "./results.node.ts";

const read = (bytes: Uint8Array | undefined) => JSON.parse(Buffer.from(bytes ?? []).toString());
const nothing = { ref: "", names: [], warnings: [], dockerfile: "FOO\n" };

it("sends an error's places, the nearest last, each with the Dockerfile that the client shows of it", () => {
  const via = [{ start: 1, end: 1 }];
  const { details } = failureError({ message: "broken", range: { start: 3, end: 4 }, via, file: "D", text: "x" });
  const sources = details.map(({ value }) => read(value));
  expect(sources.map(({ ranges }) => ranges)).toEqual([
    [{ start: { line: 1 }, end: { line: 1 } }],
    [{ start: { line: 3 }, end: { line: 4 } }],
  ]);
  expect(sources[1].info).toEqual({ filename: "D", data: "eA==", language: "Dockerfile" });
});

it("answers a check of a Dockerfile that cannot be read with what is wrong, as a finding", () => {
  const failure = {
    message: "unknown instruction: FOO",
    range: { start: 1, end: 1 },
    file: "Dockerfile",
    text: "FOO\n",
  };
  const answer = callResult({ ...nothing, failure }, { requestid: "frontend.lint" });
  expect(Buffer.from(answer["result.statuscode"] ?? []).toString()).toBe("1");
  expect(read(answer["result.json"])).toEqual({
    warnings: [],
    sources: [{ filename: "Dockerfile", data: "Rk9PCg==", language: "Dockerfile" }],
    buildError: {
      message: "unknown instruction: FOO",
      location: { sourceIndex: 0, ranges: [{ start: { line: 1 }, end: { line: 1 } }] },
    },
  });
});
