import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { lessonReference } from "./reference.node.ts";

it("docs/lesson-format.md says what the schema says (npm run lesson -- reference writes it)", () => {
  expect(readFileSync(new URL("../../docs/lesson-format.md", import.meta.url), "utf8")).toBe(lessonReference());
});
