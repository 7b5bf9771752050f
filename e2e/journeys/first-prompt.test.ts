/** What a first visit costs before it shows a prompt. */
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { firstPromptBudget, firstPromptScripts, totalOf } from "../../scripts/build/first-prompt.ts";
import { buildSite } from "../../scripts/build/steps.ts";

it("needs no more JavaScript for the first prompt than promised", async () => {
  await buildSite();
  const scripts = firstPromptScripts(fileURLToPath(new URL("../../dist", import.meta.url)));
  expect(scripts.length).toBeGreaterThan(3);
  const list = scripts.map(({ name, bytes }) => `${bytes} ${name}`).join("\n");
  expect(totalOf(scripts), list).toBeLessThanOrEqual(firstPromptBudget);
}, 600_000);
