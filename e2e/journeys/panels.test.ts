/** What the panels show and do, beyond the first look at them in page.test.ts. */
import { readFileSync } from "node:fs";
import { unzipSync } from "fflate";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { serveFakeSite } from "./site.ts";
import { browserOn, screen } from "./stage.ts";

const stage = browserOn(serveFakeSite);

async function open(address: string, options = {}): Promise<Page> {
  const page = await stage.open(address, options);
  // A narrow window has no room for the machine's state.
  await page
    .getByText("Machine running", { exact: true })
    .or(page.getByRole("toolbar", { name: "Keys" }))
    .first()
    .waitFor();
  return page;
}
const clipboard = (page: Page): Promise<string> => page.evaluate(() => navigator.clipboard.readText());

describe("the frame", () => {
  it("keeps the panes' sizes over a reload, dragged and moved by keys", async () => {
    const page = await open("#/containers");
    const divider = page.getByRole("separator", { name: "Width of the files" });
    const box = await divider.boundingBox();
    if (box === null) throw new Error("no divider");
    await page.mouse.move(box.x + 2, box.y + 200);
    await page.mouse.down();
    await page.mouse.move(box.x + 82, box.y + 200);
    await page.mouse.up();
    const panels = page.getByRole("separator", { name: "Height of the panels" });
    await panels.focus();
    await page.keyboard.press("ArrowUp");
    const sizes = async () => [await divider.getAttribute("aria-valuenow"), await panels.getAttribute("aria-valuenow")];
    await expect.poll(sizes).toEqual(["300", "308"]);
    await page.reload();
    await expect.poll(sizes).toEqual(["300", "308"]);
    await divider.focus();
    await page.keyboard.press("Enter");
    await expect.poll(sizes).toEqual(["220", "308"]);
    await page.context().close();
  });

  it("remembers high contrast, which the terminal follows, and that is no other theme", async () => {
    const page = await open("#/containers");
    await page.getByRole("button", { name: "Theme" }).click();
    await page.getByRole("menuitemcheckbox", { name: "High contrast" }).click();
    const root = () => page.evaluate(() => ({ ...document.documentElement.dataset }));
    expect(await root()).toMatchObject({ contrast: "more", theme: "light" });
    await page.reload();
    expect(await root()).toMatchObject({ contrast: "more", theme: "light" });
    await page.getByRole("button", { name: "Theme" }).click();
    expect(await page.getByRole("menuitemcheckbox", { name: "High contrast" }).getAttribute("aria-checked")).toBe(
      "true",
    );
    await page.context().close();
  });

  it("takes more contrast and less motion from the system, until somebody chooses", async () => {
    const page = await open("#/containers");
    await page.emulateMedia({ contrast: "more", reducedMotion: "reduce" });
    const root = () => page.evaluate(() => ({ ...document.documentElement.dataset }));
    await expect.poll(root).toMatchObject({ contrast: "more", motion: "reduced" });
    await page.getByRole("button", { name: "Theme" }).click();
    await page.getByRole("menuitemcheckbox", { name: "High contrast" }).click();
    await expect.poll(root).toMatchObject({ contrast: "standard", motion: "reduced" });
    await page.context().close();
  });

  it("goes back and forward through panels, with titles that name the place", async () => {
    const page = await open("#/containers");
    await page.getByRole("link", { name: "web", exact: true }).click();
    await page.getByRole("tab", { name: "Inspect" }).click();
    await page.getByRole("tab", { name: /^Networks/ }).click();
    await expect.poll(() => page.title()).toBe("Networks · Drydock");
    await page.goBack();
    await expect.poll(() => page.title()).toBe("web · Containers · Drydock");
    await page.getByRole("treeitem", { name: /^State/ }).waitFor();
    await page.goForward();
    await page
      .getByRole("heading", { name: "front" })
      .or(page.getByRole("link", { name: "front" }))
      .first()
      .waitFor();
    expect(page.url()).toContain("#/networks");
    await page.context().close();
  });
});

describe("terminals", () => {
  it("open in a container from the terminal's own menu, are renamed, and one half of a split closes alone", async () => {
    const page = await open("#/playground");
    await page.getByRole("button", { name: "Terminal in a container" }).click();
    await page.getByRole("menuitem", { name: /^cache/ }).click();
    await expect.poll(() => screen(page)).toContain("root@cache:/#");
    await page.getByRole("tab", { name: "cache" }).press("F2");
    await page.getByLabel("Name of the terminal").fill("the cache");
    await page.keyboard.press("Enter");
    await page.getByRole("tab", { name: "the cache" }).waitFor();
    await page.getByRole("button", { name: "Split terminal" }).click();
    const screens = () => page.getByRole("textbox", { name: /^Terminal/ }).count();
    await expect.poll(screens).toBe(2);
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
    await page
      .getByRole("textbox", { name: "Terminal the cache" })
      .or(page.getByRole("textbox", { name: "Terminal cache" }))
      .focus();
    await page.keyboard.press("F6");
    expect(await focused()).toBe("Terminal bash");
    await page.getByRole("button", { name: "Close this half" }).click();
    await expect.poll(screens).toBe(1);
    await expect.poll(() => screen(page)).toContain("root@cache:/#");
    await page.getByText("docker exec -it cache sh").first().waitFor();
    await page.context().close();
  });

  it("lead from a container's name on the screen to its panel", async () => {
    const page = await open("#/playground");
    await page.getByRole("textbox", { name: /^Terminal/ }).focus();
    await page.keyboard.type("echo cache\n");
    await expect.poll(() => screen(page)).toMatch(/\ncache\n/);
    const nameOnScreen = () =>
      page.evaluate(() => {
        const rows = document.querySelector(".xterm-rows")?.children ?? [];
        const row = [...rows].find(({ textContent }) => textContent?.trim() === "cache");
        const { x, y, height } = row?.getBoundingClientRect() ?? { x: 0, y: 0, height: 0 };
        return { x: x + 12, y: y + height / 2 };
      });
    // The terminal asks for a line's links when the mouse comes to it; the line moves while the page is laid out.
    await expect
      .poll(async () => {
        const { x, y } = await nameOnScreen();
        await page.mouse.move(x, y + 40);
        await page.mouse.move(x + 2, y);
        return await page.locator(".xterm-cursor-pointer").count();
      })
      .toBe(1);
    const cell = await nameOnScreen();
    await page.mouse.click(cell.x + 2, cell.y);
    await expect.poll(() => page.url()).toContain("#/containers/cache");
    await page.context().close();
  });

  it("take Ctrl from the bar of keys, for keyboards on a screen that send no keys but text", async () => {
    const page = await open("#/playground", { width: 390, height: 844 });
    await page.getByRole("textbox", { name: /^Terminal/ }).focus();
    await page.keyboard.type("half a line");
    const bar = page.getByRole("toolbar", { name: "Keys" });
    await bar.getByRole("button", { name: "Ctrl" }).click();
    expect(await bar.getByRole("button", { name: "Ctrl" }).getAttribute("aria-pressed")).toBe("true");
    await page.keyboard.insertText("c");
    await expect.poll(() => screen(page)).toContain("half a line^C");
    expect(await bar.getByRole("button", { name: "Ctrl" }).getAttribute("aria-pressed")).toBe("false");
    expect(await page.evaluate(() => document.activeElement?.className)).toContain("xterm-helper-textarea");
    await page.context().close();
  });
});

describe("the command log", () => {
  it("stands under every panel, is copied whole, and runs a line again in the terminal", async () => {
    const page = await open("#/containers/web");
    await page.getByRole("button", { name: "docker stop web" }).click();
    await page.getByRole("button", { name: "docker start web" }).first().click();
    await page.getByRole("button", { name: /Command log/ }).click();
    await page.getByRole("button", { name: "Copy all" }).click();
    await expect.poll(() => clipboard(page)).toBe("docker stop web\ndocker start web");
    await page.getByRole("button", { name: "Run docker stop web in the terminal" }).click();
    await expect.poll(() => screen(page)).toContain("docker stop web");
    await page.context().close();
  });
});

describe("a prune", () => {
  it("says by name what would go before anything does, and with a choice what more", async () => {
    const page = await open("#/volumes");
    await page.getByRole("textbox", { name: "Name of a new volume" }).fill("spare");
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByRole("link", { name: "spare", exact: true }).waitFor();
    await page.getByRole("button", { name: "Prune" }).click();
    const dialog = page.getByRole("dialog", { name: "Remove volumes that nothing uses?" });
    await dialog.getByText("Nothing would go.").waitFor();
    expect(await dialog.getByRole("button", { name: "Remove" }).isDisabled()).toBe(true);
    await dialog.getByRole("checkbox").check();
    await dialog.getByText("docker volume prune -a -f").waitFor();
    expect(await dialog.getByRole("listitem").allTextContents()).toEqual(["spare"]);
    await dialog.getByRole("button", { name: "Remove" }).click();
    await page.getByRole("link", { name: "spare", exact: true }).waitFor({ state: "detached" });
    await page.getByRole("link", { name: "db_data", exact: true }).waitFor();
    await page.context().close();
  });
});

describe("context menus", () => {
  it("open by Shift+F10 on rows of images, volumes and networks, by the mouse too, and give an image another name", async () => {
    const page = await open("#/images");
    for (const [view, row, entry] of [
      ["images", "nginx", "Pull again"],
      ["volumes", "db_data", "Download as a zip"],
      ["networks", "front", "Connect cache"],
    ] as const) {
      await page.goto(`${stage.url}#/${view}`);
      await page.getByRole("row").getByRole("link", { name: row, exact: true }).focus();
      await page.keyboard.press("Shift+F10");
      await page.getByRole("menuitem", { name: entry }).waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("menu").waitFor({ state: "detached" });
    }
    await page.goto(`${stage.url}#/images`);
    await page.getByRole("link", { name: "nginx", exact: true }).click({ button: "right" });
    await page.getByRole("menuitem", { name: /^Add a tag/ }).click();
    await page.getByLabel("Name, such as shop/web:1.0").fill("shop/web:1.0");
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByRole("link", { name: "shop/web", exact: true }).waitFor();
    await page.getByRole("button", { name: /Command log/ }).click();
    const log = page.getByRole("dialog", { name: "Command log" });
    await log.getByText("docker tag nginx:latest shop/web:1.0").waitFor();
    await page.context().close();
  });
});

describe("logs", () => {
  it("are saved as a file, and stop following when somebody reads further up", async () => {
    const page = await open("#/containers/web/logs");
    await page.getByText("40 lines").waitFor();
    await page.getByRole("log").focus();
    await page.keyboard.press("Home");
    await expect.poll(() => page.getByRole("checkbox", { name: "Follow" }).isChecked()).toBe(false);
    await page.keyboard.press("End");
    await expect.poll(() => page.getByRole("checkbox", { name: "Follow" }).isChecked()).toBe(true);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save the log" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("web.log");
    expect(readFileSync(await download.path(), "utf8").split("\n")).toHaveLength(41);
    await page.evaluate(() => {
      location.hash = "#/containers/cache/logs";
    });
    await page.getByText("the last 5000 lines").waitFor();
    const [whole] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save the log" }).click(),
    ]);
    expect(readFileSync(await whole.path(), "utf8").split("\n")).toHaveLength(6001);
    await page.context().close();
  });
});

describe("volumes", () => {
  it("say who uses them, are browsed, take files, and come down as a zip", async () => {
    const page = await open("#/volumes");
    await page
      .getByRole("row", { name: /db_data/ })
      .getByRole("link", { name: "cache" })
      .waitFor();
    await page.getByRole("link", { name: "Browse db_data" }).click();
    await page
      .getByLabel("Upload", { exact: true })
      .setInputFiles({ name: "dump.sql", mimeType: "text/plain", buffer: Buffer.from("x") });
    await page.getByText("dump.sql is in /.").waitFor({ state: "attached" });
    await page.getByRole("button", { name: "etc", exact: true }).click();
    await page.getByRole("button", { name: /^hostname/ }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Zip", exact: true }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("db_data-etc.zip");
    const files = unzipSync(readFileSync(await download.path()));
    expect(Object.keys(files).sort()).toEqual(["hostname", "hosts", "passwd"]);
    expect(new TextDecoder().decode(files.hostname)).toBe("3f9c1a7e42b0\n");
    await page.context().close();
  });
});

describe("networks", () => {
  it("have an address of their own, and tell members with their addresses and who reaches whom", async () => {
    const page = await open("#/networks/front");
    await page.getByRole("heading", { name: "front", exact: true }).waitFor();
    await page.getByText("172.18.0.1", { exact: true }).waitFor();
    await page.getByRole("button", { name: /^api / }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("api reaches cache by name, over back.").waitFor();
    await page.getByText("api reaches web by name, over front.").waitFor();
    await page.context().close();
  });
});

describe("the system", () => {
  it("tells memory, disk and what a prune would remove", async () => {
    const page = await open("#/system");
    await page.getByText(/^83 MB of 490 MB used/).waitFor();
    await page.getByRole("cell", { name: "424MB" }).waitFor();
    await page.getByText("What a prune would remove").waitFor();
    await page.getByText("eager_hopper").waitFor();
    await page.getByRole("button", { name: "Prune containers" }).click();
    await page.getByRole("dialog").getByText("docker container prune -f").waitFor();
    await page.context().close();
  });
});

describe("under the hood", () => {
  it("names the source of each fact, and reads it in the terminal at a click", async () => {
    const page = await open("#/hood/web");
    await page.getByRole("heading", { name: "Namespaces" }).waitFor();
    for (const [fact, line] of [
      ["4026532287", "sudo readlink /proc/412/ns/net"],
      ["memory.current", "sudo cat /sys/fs/cgroup/docker/3f9c1a7e42b0/memory.current"],
      ["412", "sudo cat /proc/412/status"],
      ["/proc/412/root", "sudo ls -lA /proc/412/root/"],
    ] as const) {
      await page.getByRole("button", { name: fact, exact: true }).first().click();
      await expect.poll(async () => (await screen(page)).replaceAll("\n", "")).toContain(line);
    }
    await page.context().close();
  });
});

describe("the layer explorer", () => {
  it("compares two layers of one image, and reads files whose sizes tell nothing", async () => {
    const page = await open("#/images/counter%3Alatest/compare");
    await page.getByRole("combobox", { name: "The other image" }).selectOption("counter:latest");
    await page.getByText("Both hold the same files.").waitFor();
    await page.getByRole("combobox", { name: "Layer of this image" }).selectOption({ index: 2 });
    await page.getByText(/^7 added/).waitFor();
    await page.getByRole("treeitem", { name: /passwd/ }).click();
    const lines = page.getByLabel("Changed lines of /etc/passwd");
    await lines.getByText("- # etc/passwd of layer 1 of counter:latest").waitFor();
    await lines.getByText("+ # etc/passwd of layer 3 of counter:latest").waitFor();
    await page.context().close();
  });

  it("filters a layer's files, shows one, and tells wasted space with the instruction that caused it", async () => {
    const page = await open("#/images/counter%3Alatest/layers");
    await page.getByText(/wasted$/).waitFor();
    await page.getByText(/__pycache__.bin \(1.9MB\) is written in layer 2 and removed in layer 4 by/).waitFor();
    await page.getByRole("searchbox", { name: "Filter files" }).fill("flask");
    await page.getByRole("treeitem", { name: /app.py/ }).click();
    await page.getByLabel("Contents of /usr/lib/python3/flask/app.py").getByText("from flask import Flask").waitFor();
    await page.context().close();
  });
});

describe("a container's changes", () => {
  it("are shown line by line against the image", async () => {
    const page = await open("#/containers/web/changes");
    await page.getByRole("button", { name: /default.conf/ }).click();
    const lines = page.getByLabel("Changed lines of /etc/nginx/conf.d/default.conf");
    await lines.getByText("+ # a file of the development host").waitFor();
    await page.context().close();
  });
});

describe("the palette", () => {
  it("offers a docker line that was typed there again, first", async () => {
    const page = await open("#/containers");
    const palette = async (): Promise<void> => {
      await page.getByRole("button", { name: "Search or run" }).click();
      await page.getByRole("combobox", { name: "Search or run" }).waitFor();
    };
    await palette();
    await page.keyboard.type("docker ps -a");
    await page.keyboard.press("Enter");
    await expect.poll(() => screen(page)).toContain("docker ps -a");
    await palette();
    const first = await page.getByRole("option").first().textContent();
    expect(first?.trim()).toBe("Run in the terminal: docker ps -a");
    await page.keyboard.type("high contrast");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset.contrast)).toBe("more");
    await page.context().close();
  });
});
