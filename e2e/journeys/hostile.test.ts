/** What containers, images and programs may say of themselves is shown, and does nothing. */
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { serveFakeSite } from "./site.ts";
import { browserOn, machineRuns, screen, type } from "./stage.ts";

const stage = browserOn(serveFakeSite);

async function open(address: string): Promise<Page> {
  const page = await stage.open(address);
  await machineRuns(page);
  return page;
}

/** The markup of the development host has had its chance, and nothing of it has become an element or run. */
async function nothingRan(page: Page): Promise<void> {
  expect(await page.locator("main img, main script").count()).toBe(0);
  expect(await page.title()).not.toContain("owned");
}

describe("labels with markup in them", () => {
  it.each([
    ["a container's", "#/containers/api/inspect"],
    ["an image's", "#/images/counter%3Alatest/inspect"],
  ])("%s are text", async (_, address) => {
    const page = await open(address);
    await page.getByRole("searchbox", { name: "Filter" }).fill("org.example.note");
    await page.getByText("<script>document.title='owned'</script>").waitFor();
    await nothingRan(page);
    await page.context().close();
  });
});

describe("a log with escape sequences", () => {
  it("shows its text alone: no title, no clipboard, no link, no answer", async () => {
    const page = await open("#/containers/api/logs");
    await page.evaluate(() => navigator.clipboard.writeText("before"));
    const log = page.getByRole("log");
    await log.getByText("<script>document.title='owned'</script>").waitFor();
    expect((await log.locator("div").allTextContents()).slice(0, 4)).toEqual(["title", "clipboard", "link", "ask"]);
    expect(await log.getByRole("link").count()).toBe(0);
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("before");
    await nothingRan(page);
    await page.context().close();
  });
});

describe("a program in a terminal", () => {
  it("runs nothing by what the terminal answers to its questions", async () => {
    const page = await open("#/playground");
    // DECRQSS with a line in it, the title, device attributes, the cursor's place: an answer with a line in it would be run.
    await type(page, "printf \\e]0;\\recho owned\\r\\a\\eP$q\\recho owned\\r\\e\\\\e[21t\\e[c\\e[6n\\e[>c");
    // What it does answer stands in the line, and no more than that.
    await expect.poll(() => screen(page)).toMatch(/\$ .*\[>0;276;0c/);
    await page.keyboard.press("Control+C");
    await type(page, "echo done");
    await expect.poll(() => screen(page)).toContain("\ndone");
    expect(await screen(page)).not.toMatch(/^owned/m);
    await page.context().close();
  });

  it("leads nowhere by a link that is no address of the web", async () => {
    const page = await open("#/playground");
    await type(page, "printf \\e]8;;javascript:document.title='owned'\\aclickme\\e]8;;\\a");
    await expect.poll(() => screen(page)).toMatch(/^clickme/m);
    const cell = await page.evaluate(() => {
      const rows = [...(document.querySelector(".xterm-rows")?.children ?? [])];
      const { x, y, height } = rows
        .findLast(({ textContent }) => textContent?.startsWith("clickme"))
        ?.getBoundingClientRect() ?? { x: 0, y: 0, height: 0 };
      return { x: x + 12, y: y + height / 2 };
    });
    const pages = page.context().pages().length;
    await page.mouse.move(cell.x, cell.y);
    await page.mouse.move(cell.x + 3, cell.y);
    await page.mouse.click(cell.x + 3, cell.y);
    await type(page, "");
    await nothingRan(page);
    expect(page.context().pages()).toHaveLength(pages);
    await page.context().close();
  });
});
