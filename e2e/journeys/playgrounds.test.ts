/** Named playgrounds on the real machine: each with a store of its own, saved as one file and opened elsewhere. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SiteServer } from "../../scripts/site-server.ts";
import { launchProfile, serveBuiltSite } from "./site.ts";
import { screen } from "./stage.ts";

const folder = mkdtempSync(join(tmpdir(), "drydock-playgrounds-"));
const file = join(folder, "shop.drydock.tgz");
let site: SiteServer;
let here: BrowserContext;
let elsewhere: BrowserContext;
beforeAll(async () => {
  site = await serveBuiltSite();
  here = await launchProfile();
  elsewhere = await launchProfile();
}, 600_000);
afterAll(async () => {
  await here?.close();
  await elsewhere?.close();
  await site?.close();
  rmSync(folder, { recursive: true });
});

async function open(profile: BrowserContext, address: string): Promise<Page> {
  await profile.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await profile.newPage();
  page.setDefaultTimeout(60_000);
  // The file is handed over as a download: the dialog for a place cannot be answered here.
  await page.addInitScript(() => Reflect.deleteProperty(window, "showSaveFilePicker"));
  await page.goto(site.url + address);
  return page;
}
const shows = (page: Page, text: string | RegExp) =>
  expect.poll(() => screen(page), { timeout: 60_000, interval: 500 }).toMatch(text);
async function run(page: Page, line: string, text: string | RegExp): Promise<void> {
  await shows(page, /\$$/);
  await page
    .getByRole("textbox", { name: /^Terminal/ })
    .first()
    .focus();
  await page.keyboard.type(`${line}\n`);
  await shows(page, text);
}

describe.sequential("playgrounds", () => {
  let page: Page;

  it("are made with a name, which stands in the address", async () => {
    page = await open(here, "#/");
    await page.getByRole("button", { name: "New", exact: true }).click();
    await page.getByLabel("Name", { exact: true }).fill("Shop");
    await page.keyboard.press("Enter");
    await page.getByRole("navigation", { name: "Place" }).getByText("Shop").waitFor();
    expect(page.url()).toContain("?playground=shop#/playground");
    await run(page, "docker run --name first hello-world; echo kept > kept.txt", "Hello from Docker!");
  });

  it("have nothing of each other, and run side by side", async () => {
    const other = await open(here, "#/containers");
    await run(other, "docker ps -a; ls; echo listed", /NAMES\s+listed/);
    const second = await open(here, "?playground=shop#/playground");
    await second.getByRole("heading", { name: "This playground is open in another tab" }).waitFor();
    await second.close();
    await other.close();
  });

  it("are saved as one file and copied while they are open, and what runs in them goes on", async () => {
    await run(page, "mark=$(docker run -d --name going busybox sleep 1000); clear; echo started", /^started/m);
    await page.goto(`${site.url}?playground=shop#/`);
    await page.getByText("open here").waitFor();
    // The list is read anew, and what the other tab made comes before this one.
    await page.getByRole("button", { name: "More for Playground" }).waitFor();
    await page.getByRole("button", { name: "More for Shop" }).click();
    const download = page.waitForEvent("download");
    await page.getByRole("menuitem", { name: /^Save to a file/ }).click();
    await (await download).saveAs(file);
    await page.getByText(/^Shop is saved/).waitFor();
    await page.getByRole("button", { name: "More for Shop" }).click();
    await page.getByRole("menuitem", { name: "Duplicate" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Twin");
    await page.keyboard.press("Enter");
    await page.getByText("Twin is a copy of Shop.").waitFor();
    await page.goto(`${site.url}?playground=shop#/playground`);
    // The same shell, and the same container.
    await run(page, "clear; docker ps -q --no-trunc | grep -c ^$mark", /^1$/m);
  });

  it("come to life in another browser, every digest verified", async () => {
    const there = await open(elsewhere, "#/");
    await there.getByLabel("Open a file").setInputFiles(file);
    await there.getByText("Shop is here, every digest verified.").waitFor();
    await there.getByRole("button", { name: "Open", exact: true }).click();
    await run(there, "docker ps -a; cat kept.txt", /going[\s\S]*first[\s\S]*kept/);
    await there.close();
  });

  it("refuse a file that was changed, say why, and keep nothing of it", async () => {
    const there = await open(elsewhere, "#/");
    const broken = join(folder, "broken.drydock.tgz");
    const bytes = readFileSync(file);
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 0xff;
    writeFileSync(broken, bytes);
    const items = there.getByRole("region", { name: "Playgrounds" }).getByRole("listitem");
    await expect.poll(() => items.count()).toBe(1);
    await there.getByLabel("Open a file").setInputFiles(broken);
    await there
      .getByRole("region", { name: "Notices" })
      .getByText(/This file cannot be opened as a playground/)
      .waitFor();
    expect(await items.count()).toBe(1);
    await there.close();
  });

  it("are deleted after a question", async () => {
    await page.goto(`${site.url}?playground=shop#/`);
    await page.getByRole("button", { name: "More for Shop", exact: true }).click();
    await page.getByRole("menuitem", { name: "Delete" }).click();
    await page.getByRole("heading", { name: "Delete Shop?" }).waitFor();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.waitForURL((url) => !url.search.includes("shop"));
    await page.goto(`${site.url}#/`);
    await page.getByRole("link", { name: "Playground", exact: true }).waitFor();
    expect(await page.getByRole("link", { name: "Shop", exact: true }).count()).toBe(0);
  });
});
