import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SiteServer } from "../../scripts/site-server.ts";
import { launchChromium, openPage, serveFakeSite } from "./site.ts";
import { views } from "./views.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
  }[];
}

let site: SiteServer;
let browser: Browser;
beforeAll(async () => {
  site = await serveFakeSite();
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

const appearances = [
  { theme: "light", contrast: "standard" },
  { theme: "dark", contrast: "standard" },
  { theme: "light", contrast: "more" },
  { theme: "dark", contrast: "more" },
] as const;

describe("axe finds nothing, light and dark, with more contrast and without", () => {
  it.each(views.map((view) => [view.name, view] as const))("%s", async (_, view) => {
    const page = await openPage(browser, site.url + view.address);
    await view.ready(page);
    await page.evaluate(axe);
    for (const appearance of appearances) {
      const { violations } = await page.evaluate((chosen) => {
        // Without the time that colours take to change.
        Object.assign(document.documentElement.dataset, chosen, { motion: "reduced" });
        // The container's own page is not ours to judge.
        return (window as unknown as { axe: { run: (context: unknown) => Promise<AxeResult> } }).axe.run({
          exclude: [["iframe"]],
        });
      }, appearance);
      const found = violations.flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id} ${target.join(" ")}: ${failureSummary}`),
      );
      expect(found, `${appearance.theme}, contrast: ${appearance.contrast}`).toEqual([]);
    }
    await page.context().close();
  });
});
