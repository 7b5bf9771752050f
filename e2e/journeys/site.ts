/** The built site on a local port, and a Chromium to look at it with. */
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { buildFakeSite, buildSite } from "../../scripts/build/steps.ts";
import { chromiumFlags, ensureChromium } from "../../scripts/chromium.ts";
import { type SiteServer, serveSite } from "../../scripts/site-server.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The page on its development host: no machine, canned containers. */
export async function serveFakeSite(): Promise<SiteServer> {
  await buildFakeSite();
  return await serveSite([`${root}build/site-fake`]);
}

/** The site with its machine, built where it is missing or out of date. */
export async function serveBuiltSite(): Promise<SiteServer> {
  await buildSite();
  return await serveSite([`${root}dist`], { compress: true, mounts: { "/catalogue/": `${root}build/catalogue` } });
}

export async function launchChromium(): Promise<Browser> {
  return await chromium.launch({ executablePath: ensureChromium(), args: [...chromiumFlags] });
}

/** A profile that is no private window: those give other sites no storage, and previews at origins of their own need it. */
export async function launchProfile(): Promise<BrowserContext> {
  return await chromium.launchPersistentContext("", {
    executablePath: ensureChromium(),
    args: [...chromiumFlags],
    viewport: { width: 1440, height: 900 },
  });
}

export interface OpenOptions {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: "light" | "dark" | "system";
  /** Chosen on the page; the system's without it. */
  readonly contrast?: "on" | "off";
}

/** A page in a profile of its own, with the theme chosen before it is drawn. */
export async function openPage(browser: Browser, url: string, options: OpenOptions = {}): Promise<Page> {
  const { width = 1440, height = 900, theme = "light", contrast } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const page = await context.newPage();
  await page.addInitScript(
    (choices) => {
      try {
        for (const [name, choice] of Object.entries(choices))
          localStorage.setItem(`drydock.${name}`, JSON.stringify(choice));
      } catch {
        // A frame without storage has no theme.
      }
    },
    { theme, ...(contrast === undefined ? {} : { contrast }) },
  );
  page.setDefaultTimeout(15_000);
  await page.goto(url);
  return page;
}
