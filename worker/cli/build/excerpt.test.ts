import { describe, expect, it } from "vitest";
import { checkReport, excerpt, failureText } from "./excerpt.ts";

const text = "FROM busybox\nRUN a \\\n  b\nRUN c\nRUN d\nRUN e\nRUN f\n";
const warning = {
  rule: "JSONArgsRecommended",
  description: "JSON arguments recommended",
  url: "https://docs.docker.com/go/dockerfile/rule/json-args-recommended/",
  message: "JSON arguments recommended for CMD",
  range: { start: 1, end: 1 },
};

describe("an excerpt of a Dockerfile", () => {
  it("marks the lines of the instruction and shows some around them", () => {
    expect(excerpt("Dockerfile", text, { start: 2, end: 3 })).toBe(
      "Dockerfile:2\n--------------------\n   1 |     FROM busybox\n   2 | >>> RUN a \\\n   3 | >>>   b\n   4 |     RUN c\n--------------------\n",
    );
  });
  it("stands above the error", () => {
    expect(
      failureText({ message: "broken", file: "Dockerfile", text: "FROM x\n", range: { start: 1, end: 1 } }),
    ).toMatch(
      /^Dockerfile:1\n-{20}\n {3}1 \| >>> FROM x\n[\s\S]*-{20}\nERROR: failed to build: failed to solve: broken$/,
    );
  });
  it("goes with each warning of a check", () => {
    expect(checkReport([], "Dockerfile", "")).toBe("Check complete, no warnings found.\n");
    expect(checkReport([warning], "Dockerfile", "CMD x\n")).toMatch(
      /^Check complete, 1 warning has been found!\n\nWARNING: JSONArgsRecommended - https:.*\nJSON arguments recommended for CMD\nDockerfile:1\n/,
    );
  });
});
