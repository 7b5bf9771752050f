/** Lessons on the machine, in the page: begun, solved, gone back in, compared, written. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { totalOf } from "../../scripts/build/first-prompt.ts";
import { lessonBudget, lessonScripts } from "../../scripts/build/lesson-scripts.ts";
import { serveBuiltSite } from "./site.ts";
import { browserOn } from "./stage.ts";

const stage = browserOn(serveBuiltSite);

async function open(address: string): Promise<Page> {
  const page = await stage.open(address, { width: 1600 });
  page.setDefaultTimeout(60_000);
  return page;
}
const task = (page: Page, text: string) => page.getByRole("listitem").filter({ hasText: text });

describe("a lesson", () => {
  it("costs no more code than promised, on top of the page with its prompt", () => {
    const scripts = lessonScripts(fileURLToPath(new URL("../../dist", import.meta.url)));
    expect(scripts.length).toBeGreaterThan(1);
    expect(totalOf(scripts), scripts.map(({ name, bytes }) => `${bytes} ${name}`).join("\n")).toBeLessThanOrEqual(
      lessonBudget,
    );
  });

  it("ticks its tasks by itself, goes on, goes back by a checkpoint, and tells what a step has changed", async () => {
    const page = await open("#/lesson/first-containers/publish");
    await page.getByRole("link", { name: "Drydock, home" }).waitFor();
    await page.getByText(/^It uses nginx: 40.* MB to download.$/).waitFor();
    await page.getByText("Images that were pulled stay, those made here go.").waitFor();
    await page.getByRole("button", { name: "Begin", exact: true }).click();
    const tasks = page.getByRole("list", { name: "Tasks" });
    await tasks.waitFor();

    // A word of the glossary explains itself.
    await page
      .getByRole("button", { name: /: what it is$/ })
      .first()
      .click();
    await page.getByRole("note").first().waitFor();
    await page.keyboard.press("Escape");

    await page.getByRole("button", { name: /^Show me/ }).click();
    for (const run of await page
      .getByRole("region", { name: "One way to do it" })
      .getByRole("button", { name: /^Run / })
      .all())
      await run.click();
    await page.getByText("All done, with the solution", { exact: true }).waitFor();

    await page.getByRole("button", { name: "What changed in this step" }).click();
    const changes = page.getByRole("dialog", { name: /^What changed in/ });
    await changes
      .getByRole("row", { name: /container.*added/ })
      .first()
      .waitFor();
    await changes.getByRole("button", { name: "Close" }).click();

    await page.getByRole("button", { name: "Next" }).click();
    await page.getByRole("img", { name: /^Step 2 of/ }).waitFor();
    await tasks.waitFor();
    // A link of the text opens the panel beside it.
    await page
      .getByRole("article", { name: "Let the web server out" })
      .getByRole("link", { name: "open the page" })
      .click();
    await page.waitForURL(/#\/containers$/);
    await page.getByRole("row", { name: /web/ }).first().waitFor();
    await tasks.waitFor();
    await page.getByRole("button", { name: "Go back" }).click();
    await page.getByRole("menuitem", { name: /^Start of the lesson/ }).click();
    await page.getByRole("img", { name: /^Step 1 of/ }).waitFor();
    await expect.poll(() => tasks.getByText("Done: ").count()).toBe(0);
    await page.getByRole("button", { name: "Return to it" }).click();
    await page.getByRole("img", { name: /^Step 2 of/ }).waitFor();
    await tasks.waitFor();

    // What was done goes to another device as a file, the solution that was asked for included.
    await page.goto(`${stage.url}#/`);
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save progress" }).click();
    const file = await (await download).path();
    const progress = JSON.parse(readFileSync(file, "utf8")).lessons["first-containers/publish"];
    expect(progress).toMatchObject({ step: 1, done: ["serve/web"], shown: ["serve"] });
    const elsewhere = await open("#/");
    const chooser = elsewhere.waitForEvent("filechooser");
    await elsewhere.getByRole("button", { name: "Load progress" }).click();
    await (await chooser).setFiles(file);
    await elsewhere.getByText("Progress of 1 lesson was taken over.").waitFor();
    await elsewhere.context().close();
    await page.context().close();
  });

  it("has a playground of its own: what was made elsewhere stays, and what runs there does not stop unasked", async () => {
    const page = await open("#/playground");
    const terminal = page.getByRole("textbox", { name: /^Terminal/ });
    await terminal.focus();
    await page.keyboard.type("echo mine > letter; docker run -d --name mine busybox sleep 1000000\n");
    await page.getByRole("treeitem", { name: "letter" }).waitFor();
    await page.evaluate(() => {
      location.hash = "#/containers";
    });
    await page.getByRole("link", { name: "mine", exact: true }).first().waitFor();
    await page.getByText(/^Up /).first().waitFor();
    await page.evaluate(() => {
      location.hash = "#/lesson/first-containers/hello-world";
    });
    const question = page.getByRole("dialog", { name: "Leave this playground for the lesson?" });
    await question.getByText("stops when the page leaves: mine").waitFor();
    await question.getByRole("button", { name: "Stay here" }).click();
    expect(page.url()).toMatch(/#\/containers$/);
    await page.evaluate(() => {
      location.hash = "#/lesson/first-containers/hello-world";
    });
    await question.getByRole("link", { name: "Leave and open it" }).click();
    await page.waitForURL(/\?playground=lessons#\/lesson\/first-containers\/hello-world$/);
    await page.getByText("Yours stay as they are.").waitFor();
    await page.getByRole("button", { name: "Begin", exact: true }).click();
    await page.getByRole("list", { name: "Tasks" }).waitFor();
    await page.goto(`${stage.url}#/playground`);
    await page.getByRole("treeitem", { name: "letter" }).waitFor();
    await page.context().close();
  });

  it("can be walked through with the keyboard alone, and tells a screen reader what happened", async () => {
    const page = await open("#/lesson/first-containers/hello-world");
    const begin = page.getByRole("button", { name: "Begin", exact: true });
    await begin.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("list", { name: "Tasks" }).waitFor();
    await page.getByRole("button", { name: "Run docker run hello-world" }).first().focus();
    await page.keyboard.press("Alt+Enter");
    await expect
      .poll(() => page.getByRole("status").allTextContents(), { timeout: 30_000 })
      .toContainEqual(expect.stringMatching(/Done: /));
    await page.context().close();
  });
});

describe("writing a lesson", () => {
  it("shows sources and result side by side, says what is wrong, and asks the new checks at once", async () => {
    const page = await open("#/lesson/draft/tides");
    const source = page.getByRole("textbox", { name: "lesson.yaml" });
    // As a paste: what a keyboard does to a text of many lines is the browser's own affair.
    const edit = async (from: string, to: string): Promise<void> => {
      const text = (await source.locator(".cm-line").allTextContents()).join("\n");
      await page.evaluate((changed) => navigator.clipboard.writeText(changed), text.replace(from, to));
      await source.focus();
      await page.keyboard.press("Control+A");
      await page.keyboard.press("Control+V");
    };
    await source.getByText("title: tides").waitFor();
    // Who has too little memory for it is told before it begins.
    await edit("\nsteps:", "\nneeds: { memory: 4g }\nsteps:");
    await page
      .getByText(/^It needs 4096 MiB of memory, and this machine has \d+ MiB: some of it may fail\.$/)
      .waitFor();
    await page.getByRole("button", { name: "Begin", exact: true }).click();
    await task(page, "A container named").waitFor();
    await edit("kind: container, name: mine, state: running }", "kind: nonsense }");
    await page
      .getByRole("list", { name: "What is wrong" })
      .getByRole("button", { name: /^Line \d+/ })
      .first()
      .waitFor();
    await edit("kind: nonsense }", "kind: volume, name: tide }");
    await page.getByRole("list", { name: "What is wrong" }).waitFor({ state: "detached" });
    const answers = page.getByRole("region", { name: "What the checks answer" });
    await answers.getByText("waiting: There is no volume tide yet.").waitFor();
    await page.getByRole("textbox", { name: /^Terminal/ }).focus();
    await page.keyboard.type("docker volume create tide\n");
    await page.getByText("All done", { exact: true }).waitFor();

    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save the folder as an archive" }).click();
    expect((await download).suggestedFilename()).toBe("tides.zip");
    await page.reload();
    await page.getByText("kind: volume, name: tide").waitFor();
    const manual = await page.getByRole("link", { name: "How lessons are written" }).getAttribute("href");
    expect((await page.request.get(new URL(manual ?? "", stage.url).href)).status()).toBe(200);

    // On a narrow window the result stands below the sources, not behind them.
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByRole("button", { name: "Begin anew" }).click();
    await page.getByRole("img", { name: "Step 1 of 1" }).waitFor();
    await page.context().close();
  });
});
