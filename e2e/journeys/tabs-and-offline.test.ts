import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { SiteServer } from "../../scripts/site-server.ts";
import { launchChromium, openPage, serveFakeSite } from "./site.ts";

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

describe("two tabs on one playground", () => {
  it("do not work on it at once; the second can take over, and the first says so", async () => {
    const first = await openPage(browser, `${site.url}#/playground`);
    await first.getByText("Machine running", { exact: true }).waitFor();
    const second = await first.context().newPage();
    await second.goto(`${site.url}#/playground`);
    await second.getByRole("heading", { name: "This playground is open in another tab" }).waitFor();
    await second.getByRole("button", { name: "Use it here" }).click();
    await second.getByText("Machine running", { exact: true }).waitFor();
    const terminal = first.getByRole("region", { name: "Terminal" });
    await terminal.getByText("Another tab has taken this playground over.", { exact: true }).waitFor();
    await first.context().close();
  });
});

describe("without a network", () => {
  it("the page comes from the device, and the machine starts", async () => {
    const page = await openPage(browser, `${site.url}#/playground`);
    await page.getByText("Works offline").waitFor();
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
      while (navigator.serviceWorker.controller === null) await new Promise((resolve) => setTimeout(resolve, 50));
    });
    await page.context().setOffline(true);
    await page.reload();
    await page.getByText("Machine running", { exact: true }).waitFor();
    await page.getByRole("link", { name: "web", exact: true }).waitFor();
    await page.context().close();
  });
});
