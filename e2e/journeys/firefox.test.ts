/** The core journey in Firefox, over WebDriver BiDi. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SiteServer } from "../../scripts/site-server.ts";
import { serveBuiltSite } from "./site.ts";

/** Debian's Firefox, installed where it is missing and can be. */
function findFirefox(): string | undefined {
  const candidates = [process.env.FIREFOX, "/usr/bin/firefox-esr", "/usr/bin/firefox"];
  const found = () => candidates.find((path) => path !== undefined && existsSync(path));
  if (found() === undefined)
    spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "firefox-esr"], { stdio: "ignore" });
  return found();
}

let site: SiteServer;
let browser: Browser;
let page: Page;
beforeAll(async () => {
  site = await serveBuiltSite();
  const executablePath = findFirefox();
  if (executablePath === undefined)
    throw new Error("this journey needs Firefox: install it, or name its path in the variable FIREFOX");
  browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
  page = await browser.newPage();
  await page.setViewport({ width: 1440, height: 900 });
  await page.goto(`${site.url}#/playground`);
}, 600_000);
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

/** Of the DOM renderer, which xterm.js falls back to without WebGL, and which it always has for screen readers. */
const terminalShows = async (text: string): Promise<void> => {
  await expect
    .poll(
      () =>
        page.evaluate(
          () =>
            document.querySelector(".xterm-rows")?.textContent ??
            document.querySelector(".xterm-accessibility")?.textContent ??
            "",
        ),
      { timeout: 90_000, interval: 500 },
    )
    .toContain(text);
};

describe.sequential("in Firefox", () => {
  it("a prompt comes, and hello-world runs", async () => {
    await terminalShows("learner@drydock");
    await page.focus(".xterm-helper-textarea");
    await page.keyboard.type("docker run --name hello hello-world");
    await page.keyboard.press("Enter");
    await terminalShows("Hello from Docker!");
  });

  it("the panel shows the container, and removes it", async () => {
    await page.locator('::-p-aria([name="docker rm hello"][role="button"])').setTimeout(30_000).click();
    await page.waitForFunction(() => document.querySelector('a[href="#/containers/hello"]') === null, {
      timeout: 30_000,
    });
  });
});
