/**
 * Pictures of every view, light and dark, wide, laptop and narrow, and wide with high contrast and with a system's own
 * colours: `npx tsx scripts/screenshots.ts [NAME…]`. They are for looking at; build/screenshots holds them.
 */
import { mkdir } from "node:fs/promises";
import { launchChromium, openPage, serveFakeSite } from "../e2e/journeys/site.ts";
import { views } from "../e2e/journeys/views.ts";

interface Picture {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly theme: "light" | "dark";
  readonly contrast?: "on";
  /** Windows' contrast themes and their like. */
  readonly forcedColors?: true;
}

const sizes = [
  [1440, 900],
  [1180, 800],
  [390, 844],
] as const;
const themes = ["light", "dark"] as const;
const wide = { width: 1440, height: 900 };
const pictures: readonly Picture[] = [
  ...themes.flatMap((theme) =>
    sizes.map(([width, height]): Picture => ({ name: `${theme}-${width}`, width, height, theme })),
  ),
  ...themes.map((theme): Picture => ({ name: `${theme}-contrast`, ...wide, theme, contrast: "on" })),
  { name: "forced-colors", ...wide, theme: "dark", forcedColors: true },
];

async function main(names: readonly string[]): Promise<void> {
  const folder = new URL("../build/screenshots/", import.meta.url).pathname;
  await mkdir(folder, { recursive: true });
  const site = await serveFakeSite();
  const browser = await launchChromium();
  try {
    for (const view of views)
      for (const picture of pictures) {
        const name = `${view.name}-${picture.name}`;
        if (names.length > 0 && !names.some((wanted) => name.startsWith(wanted))) continue;
        const page = await openPage(browser, site.url + view.address, picture);
        if (picture.forcedColors) await page.emulateMedia({ forcedColors: "active", colorScheme: "dark" });
        page.setDefaultTimeout(picture.width < 800 ? 2500 : 10_000);
        page.on("pageerror", (error) => console.error(`${name}: ${error.stack ?? error.message}`));
        // On a narrow window some views are reached another way; the picture shows what there is.
        await view
          .ready(page)
          .catch((error: Error) => picture.width > 800 && console.error(`${name}: ${error.message.split("\n")[0]}`));
        await page.waitForTimeout(500);
        await page.screenshot({ path: `${folder}${name}.png` });
        await page.context().close();
      }
  } finally {
    await browser.close();
    await site.close();
  }
}

await main(process.argv.slice(2));
