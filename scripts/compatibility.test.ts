import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { commands } from "./compatibility/commands.ts";
import { compatibility } from "./compatibility/document.ts";
import { instructions } from "./compatibility/instructions.ts";
import { operations } from "./compatibility/operations.ts";
import { compatibilityFile } from "./compatibility.ts";

test("COMPATIBILITY.md says what the tables say (node --import tsx scripts/compatibility.ts writes it)", () => {
  expect(readFileSync(compatibilityFile, "utf8")).toBe(compatibility());
});

test("every entry that is there names a test that is there", () => {
  const entries = [...operations(), ...commands(), ...instructions()].filter(({ status }) => status.level !== "no");
  const missing = entries.filter(({ test: name }) => !existsSync(new URL(`../${name.split(",")[0]}`, import.meta.url)));
  expect(missing).toEqual([]);
});
