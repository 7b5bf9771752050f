/** Files and editor: in and out of the workspace, and what happens when the machine changes them too. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPage, serveFakeSite } from "./site.ts";
import { browserOn, machineRuns, type } from "./stage.ts";

const stage = browserOn(serveFakeSite);
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "drydock-files-"));
  mkdirSync(join(folder, "shop/pages"), { recursive: true });
  writeFileSync(join(folder, "shop/main.py"), "print('shop')\n");
  writeFileSync(join(folder, "shop/pages/index.html"), "<h1>Shop</h1>\n");
  writeFileSync(join(folder, "image.tar"), "not looked at by the development host");
  writeFileSync(join(folder, "program"), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2]));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function open(): Promise<Page> {
  const page = await stage.open("#/playground");
  await machineRuns(page);
  await page.getByRole("treeitem", { name: "Dockerfile" }).waitFor();
  return page;
}

/** As a person drops files of the desktop: only Chromium's own input makes entries that are folders. */
async function drop(page: Page, files: readonly string[]): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  const box = await page.getByRole("tree", { name: "Files" }).boundingBox();
  if (box === null) throw new Error("no tree");
  const data = { items: [], files: [...files], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await devtools.send("Input.dispatchDragEvent", { type, x: box.x + 40, y: box.y + box.height - 4, data });
}

describe("the workspace", () => {
  it("takes a dropped folder with all that is below it", async () => {
    const page = await open();
    await drop(page, [join(folder, "shop")]);
    await page.getByText("2 files copied into the workspace.").waitFor();
    await page.getByRole("treeitem", { name: "shop" }).click();
    await page.getByRole("treeitem", { name: "main.py" }).click();
    await page.getByText("print('shop')").waitFor();
    await page.context().close();
  });

  it("loads a dropped image tar instead of copying it, by the line that does the same", async () => {
    const page = await open();
    await drop(page, [join(folder, "image.tar")]);
    await page.getByText("Loaded image: loaded:latest").waitFor();
    await page.getByText("docker load -i image.tar").first().waitFor();
    await page.getByRole("tab", { name: /^Images/ }).click();
    await page.getByRole("link", { name: "loaded", exact: true }).waitFor();
    expect(await page.getByRole("treeitem", { name: "image.tar" }).count()).toBe(0);
    await page.context().close();
  });

  it("takes files from a button, and comes down as a zip", async () => {
    const page = await open();
    await page.getByLabel("Upload files").setInputFiles(join(folder, "shop/main.py"));
    await page.getByRole("treeitem", { name: "main.py" }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download all as a zip" }).click(),
    ]);
    const files = unzipSync(readFileSync(await download.path()));
    expect(Object.keys(files).sort()).toEqual([
      "Dockerfile",
      "app.py",
      "compose.yaml",
      "main.py",
      "requirements.txt",
      "templates/index.html",
    ]);
    expect(new TextDecoder().decode(files["main.py"])).toBe("print('shop')\n");
    await page.context().close();
  });

  it("moves a file that is dragged onto a folder, and never over another one", async () => {
    const page = await open();
    await page.getByRole("treeitem", { name: "app.py" }).dragTo(page.getByRole("treeitem", { name: "templates" }));
    await page.getByRole("treeitem", { name: "app.py" }).waitFor({ state: "detached" });
    await page.getByRole("treeitem", { name: "templates" }).click();
    await page.getByRole("treeitem", { name: "app.py" }).waitFor();
    await type(page, "put app.py another one");
    await expect.poll(() => page.getByRole("treeitem", { name: "app.py" }).count()).toBe(2);
    await page
      .getByRole("treeitem", { name: "app.py" })
      .last()
      .dragTo(page.getByRole("treeitem", { name: "templates" }));
    await page.getByText("templates/app.py exists.").first().waitFor();
    await page.context().close();
  });
});

describe("the editor", () => {
  it("shows a change that was made on the machine", async () => {
    const page = await open();
    await page.getByRole("treeitem", { name: "app.py" }).click();
    await page.getByText("from flask import Flask").waitFor();
    await type(page, "put app.py print from the machine");
    await page.getByText("print from the machine").last().waitFor();
    await page.context().close();
  });

  it("has menus on its tabs and on the files, by mouse and by keyboard", async () => {
    const page = await open();
    const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
    for (const name of ["app.py", "Dockerfile"]) {
      await page.getByRole("treeitem", { name }).click({ button: "right" });
      await page.getByRole("menuitem", { name: "Open" }).click();
      await page.getByRole("textbox", { name }).waitFor();
    }
    const tab = page.getByRole("tab", { name: "app.py" });
    await tab.focus();
    await page.keyboard.press("Shift+F10");
    await page.getByRole("menu", { name: "app.py" }).getByRole("menuitem", { name: "Copy path" }).press("Enter");
    await expect.poll(clipboard).toBe("app.py");
    await tab.click({ button: "right" });
    await page.getByRole("menuitem", { name: "Close the others" }).click();
    await page.getByRole("tab", { name: "Dockerfile" }).waitFor({ state: "detached" });
    await page.getByRole("treeitem", { name: "app.py" }).press("Shift+F10");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("menuitem", { name: "Download", exact: true }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("app.py");
    await page.context().close();
  });

  it("keeps both versions of a conflict until somebody chooses", async () => {
    const page = await openPage(stage.browser, "about:blank");
    await page.clock.install();
    await page.goto(`${stage.url}#/playground`);
    await machineRuns(page);
    await page.getByRole("treeitem", { name: "app.py" }).click();
    const text = page.getByRole("textbox", { name: "app.py" });
    await text.waitFor();
    // Nothing here is written while the clock stands still: the edit is unsaved when the machine writes.
    await page.clock.pauseAt(Date.now() + 3_600_000);
    await text.fill("mine");
    await type(page, "put app.py theirs");
    await page.getByText("The file was changed on the machine while you edited it here.").waitFor();
    await page.getByText("mine").first().waitFor();
    await page.clock.resume();
    await page.getByRole("button", { name: "Keep mine" }).click();
    await page.getByRole("alert").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Close app.py" }).click();
    await page.getByRole("treeitem", { name: "app.py" }).click();
    await page.getByRole("textbox", { name: "app.py" }).getByText("mine").waitFor();
    await page.context().close();
  });

  it("closes a file that is deleted on the machine, and leaves alone what is no text", async () => {
    const page = await open();
    await page.getByRole("treeitem", { name: "app.py" }).click();
    await page.getByRole("textbox", { name: "app.py" }).waitFor();
    await type(page, "rm app.py");
    await page.getByRole("tab", { name: "app.py" }).waitFor({ state: "detached" });
    await page.getByLabel("Upload files").setInputFiles(join(folder, "program"));
    await page.getByRole("treeitem", { name: "program" }).click();
    await page.getByText("program: not text in UTF-8.").waitFor();
    expect(await page.getByRole("textbox", { name: "program" }).count()).toBe(0);
    await page.context().close();
  });

  it.each([
    ["Dockerfile", "RUNN make", "Unknown instruction: RUNN", "HEALTH", "HEALTHCHECK", "WORKDIR"],
    ["compose.yaml", "netwroks:", "Compose knows no top-level element “netwroks”.", "vol", "volumes", "services"],
  ])("completes, explains and checks a %s", async (file, wrong, problem, begun, completed, explained) => {
    const page = await open();
    await page.getByRole("treeitem", { name: file }).click();
    const text = page.getByRole("textbox", { name: file });
    await text.waitFor();
    await text
      .getByText(explained, { exact: true })
      .or(text.getByText(`${explained}:`))
      .first()
      .hover({ position: { x: 6, y: 6 } });
    await page.locator(".hovertext").waitFor();
    await text.press("Control+End");
    await page.keyboard.type(`${wrong}\n`);
    await page.getByText(problem).first().waitFor();
    await page.keyboard.type(begun);
    await page.getByRole("option", { name: completed }).first().waitFor();
    await page.context().close();
  });
});
