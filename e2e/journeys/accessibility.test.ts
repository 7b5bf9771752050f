import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { serveFakeSite } from "./site.ts";
import { browserOn } from "./stage.ts";
import { views } from "./views.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
  }[];
}

const stage = browserOn(serveFakeSite);

const appearances = [
  { colorScheme: "light", contrast: "no-preference" },
  { colorScheme: "dark", contrast: "no-preference" },
  { colorScheme: "light", contrast: "more" },
  { colorScheme: "dark", contrast: "more" },
] as const;

describe("axe finds nothing, light and dark, with more contrast and without", () => {
  it.each(views.map((view) => [view.name, view] as const))("%s", async (_, view) => {
    const page = await stage.open(view.address, { theme: "system" });
    await view.ready(page);
    await page.evaluate(axe);
    for (const [index, appearance] of appearances.entries()) {
      // Without the time that colours take to change.
      await page.emulateMedia({ ...appearance, reducedMotion: "reduce" });
      const { violations } = await page.evaluate(
        async (options) => {
          // The terminal draws itself anew in the next frame.
          for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
          const { axe } = window as unknown as { axe: { run: (...asked: unknown[]) => Promise<AxeResult> } };
          // The container's own page is not ours to judge.
          return await axe.run({ exclude: [["iframe"]] }, options);
        },
        // Names, roles and places are the same in every appearance: of the others only the colours are looked at.
        index === 0 ? {} : { runOnly: ["color-contrast"] },
      );
      const found = violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id} ${target.join(" ")}: ${failureSummary}`),
      );
      expect(found, `${appearance.colorScheme}, contrast: ${appearance.contrast}`).toEqual([]);
    }
    await page.context().close();
  });
});
