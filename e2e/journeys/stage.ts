/** What the journeys of a file stand on: a site and a browser, there before the first of them and closed after the last. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import type { SiteServer } from "../../scripts/site-server.ts";
import { launchChromium, launchProfile, type OpenOptions, openPage } from "./site.ts";

/** The machine and the site may have to be built first. */
const buildMs = 600_000;

type Serve = () => Promise<SiteServer>;

/** A browser in which each page has a profile of its own. */
export function browserOn(serve: Serve) {
  const stage = staged(serve, launchChromium);
  return {
    get url(): string {
      return stage.site.url;
    },
    get browser(): Browser {
      return stage.browser;
    },
    open: (address: string, options?: OpenOptions): Promise<Page> =>
      openPage(stage.browser, stage.site.url + address, options),
  };
}

/** A browser whose pages share one profile that is no private window. */
export function profileOn(serve: Serve) {
  const stage = staged(serve, async () => {
    const profile = await launchProfile();
    await profile.grantPermissions(["clipboard-read", "clipboard-write"]);
    return profile;
  });
  return {
    get url(): string {
      return stage.site.url;
    },
    /** A name of its own for the app: the previews are then of the same site, and no third party to the browser. */
    get appUrl(): string {
      return stage.site.url.replace("localhost", "drydock.localhost");
    },
    get profile(): BrowserContext {
      return stage.browser;
    },
    /** A page that waits a minute for what a slow machine has to show, and is nowhere yet. */
    async page(): Promise<Page> {
      const page = await stage.browser.newPage();
      page.setDefaultTimeout(60_000);
      return page;
    },
  };
}

function staged<B extends Browser | BrowserContext>(serve: Serve, launch: () => Promise<B>) {
  let site: SiteServer | undefined;
  let browser: B | undefined;
  beforeAll(async () => {
    site = await serve();
    browser = await launch();
  }, buildMs);
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });
  return {
    get site(): SiteServer {
      return there(site);
    },
    get browser(): B {
      return there(browser);
    },
  };
}

function there<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("The stage stands from the first journey on, and not before it.");
  return value;
}

/** What the screen of the terminal in front shows. xterm.js may draw on a canvas; its buffer is asked instead. */
export const screen = (page: Page): Promise<string> =>
  page.evaluate(() => (globalThis as { drydockTerminalText?: () => string }).drydockTerminalText?.() ?? "");

const focusTerminal = (page: Page): Promise<void> =>
  page
    .getByRole("textbox", { name: /^Terminal/ })
    .first()
    .focus();

/** Into the terminal in front, as a person types. */
export async function type(page: Page, line: string): Promise<void> {
  await focusTerminal(page);
  await page.keyboard.type(`${line}\n`);
}

let lines = 0;

/** Runs a line in the terminal in front, and answers what the screen shows at its end, which a mark of its own tells. */
export async function runLine(page: Page, line: string, timeout = 60_000): Promise<string> {
  lines += 1;
  await focusTerminal(page);
  await page.keyboard.insertText(`clear; ${line}; echo "ended ${lines} with $?"`);
  await page.keyboard.press("Enter");
  const ended = new RegExp(`ended ${lines} with \\d+`);
  await expect.poll(() => screen(page), { timeout, interval: 500 }).toMatch(ended);
  return await screen(page);
}

export const machineRuns = (page: Page): Promise<void> => page.getByText("Machine running", { exact: true }).waitFor();
