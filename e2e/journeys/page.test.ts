import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { serveFakeSite } from "./site.ts";
import { browserOn, machineRuns, screen, type } from "./stage.ts";

const stage = browserOn(serveFakeSite);

const open = (address: string, options = {}): Promise<Page> => stage.open(address, options);

async function ready(page: Page): Promise<void> {
  await page.getByRole("textbox", { name: /^Terminal/ }).waitFor();
  await machineRuns(page);
}

const terminalShows = (page: Page, text: string) => expect.poll(() => screen(page)).toContain(text);

describe("home", () => {
  it("says what this is, and an empty playground is one click away", async () => {
    const page = await open("#/");
    await page.getByRole("heading", { name: "Docker, running in this tab." }).waitFor();
    await page.getByText("Machine not started").waitFor();
    await page.getByRole("link", { name: "Empty playground" }).click();
    await ready(page);
    expect(await page.title()).toBe("Playground · Drydock");
    await page.context().close();
  });

  it("runs a first line in the terminal, and remembers what was open last", async () => {
    const page = await open("#/");
    await page.getByRole("button", { name: "Run docker run hello-world" }).click();
    await ready(page);
    await terminalShows(page, "Hello from Docker!");
    await page.getByRole("tab", { name: /^Images/ }).click();
    await page.getByRole("link", { name: "Drydock, home" }).click();
    await page.getByRole("link", { name: "Continue: Images" }).waitFor();
    await page.context().close();
  });
});

describe("terminals", () => {
  it("take keys, show output, and say when a shell has ended", async () => {
    const page = await open("#/playground");
    await ready(page);
    await type(page, "echo ahoy there");
    await terminalShows(page, "ahoy there");
    await type(page, "exit 3");
    await page.getByText("The process has ended with exit code 3.").waitFor();
    await page.getByRole("button", { name: "Start again" }).click();
    await terminalShows(page, "learner@drydock:~/site$");
    await page.context().close();
  });

  it("stand in tabs and splits, each a shell of its own", async () => {
    const page = await open("#/playground");
    await ready(page);
    await page.getByRole("button", { name: "New terminal" }).click();
    await expect.poll(() => page.getByRole("tablist", { name: "Terminals" }).getByRole("tab").count()).toBe(2);
    await page.getByRole("button", { name: "Split terminal" }).click();
    await expect.poll(() => page.getByRole("textbox", { name: /^Terminal/ }).count()).toBe(2);
    await page.getByRole("button", { name: "Close terminal" }).click();
    await expect.poll(() => page.getByRole("tablist", { name: "Terminals" }).getByRole("tab").count()).toBe(1);
    await page.context().close();
  });

  it("tell the shell their size, before it starts and when it changes", async () => {
    const page = await open("#/playground");
    await ready(page);
    await type(page, "stty size");
    await expect.poll(async () => /(\d+) (\d+)\n/.exec(await screen(page))?.[2]).toBeDefined();
    const columns = async () => Number([...(await screen(page)).matchAll(/^\d+ (\d+)$/gm)].at(-1)?.[1]);
    const wide = await columns();
    await page.setViewportSize({ width: 1000, height: 800 });
    await type(page, "stty size");
    await expect.poll(columns).toBeLessThan(wide);
    await page.context().close();
  });

  it("come back after a reload with their tabs and what stood in them", async () => {
    const page = await open("#/playground");
    await ready(page);
    await type(page, "echo before");
    await page.getByRole("button", { name: "New terminal" }).click();
    await expect.poll(() => page.getByRole("tablist", { name: "Terminals" }).getByRole("tab").count()).toBe(2);
    await page.getByRole("tablist", { name: "Terminals" }).getByRole("tab").first().click();
    await terminalShows(page, "before");
    await page.reload();
    await ready(page);
    await expect.poll(() => page.getByRole("tablist", { name: "Terminals" }).getByRole("tab").count()).toBe(2);
    await terminalShows(page, "-- before the reload --");
    await type(page, "echo after");
    await terminalShows(page, "after");
    await page.context().close();
  });

  it("let a program put nothing on the clipboard unless a person agrees", async () => {
    const page = await open("#/playground");
    await ready(page);
    await page.evaluate(() => navigator.clipboard.writeText("before"));
    await type(page, "printf \\e]52;c;aGFja2Vk\\a");
    await page.getByText("A program in bash wants to copy 6 characters to the clipboard.").waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("before");
    await page.getByRole("region", { name: "Notices" }).getByRole("button", { name: "Copy" }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe("hacked");
    await page.context().close();
  });

  it("leave the page's title alone, whatever a program sends, and copy what they show", async () => {
    const page = await open("#/playground");
    await ready(page);
    await type(page, "printf \\e]0;owned\\a");
    await type(page, "echo done");
    await terminalShows(page, "\ndone");
    await page.getByRole("button", { name: "Copy screen" }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain("\ndone");
    expect(await page.title()).toBe("Playground · Drydock");
    await page.context().close();
  });

  it("stop a flood at Ctrl-C", async () => {
    const page = await open("#/playground");
    await ready(page);
    await type(page, "flood");
    await terminalShows(page, "all work and no play");
    await page.keyboard.press("Control+C");
    await terminalShows(page, "^C");
    await page.context().close();
  });
});

describe("panels", () => {
  it("follow the engine's events", async () => {
    const page = await open("#/containers");
    await ready(page);
    await type(page, "docker run -d --name box debian");
    await page.getByRole("link", { name: "box", exact: true }).waitFor();
    await page.context().close();
  });

  it("stop, start and remove a container, and show the docker line of each", async () => {
    const page = await open("#/containers");
    await ready(page);
    await page.getByRole("button", { name: "docker stop web" }).click();
    await page.getByRole("button", { name: "docker start web" }).waitFor();
    await page.getByRole("button", { name: "docker rm web" }).click();
    await page.getByRole("link", { name: "web", exact: true }).waitFor({ state: "detached" });
    await page.getByRole("button", { name: /Command log/ }).click();
    const log = page.getByRole("dialog", { name: "Command log" });
    expect(await log.locator("code").allTextContents()).toEqual(["docker rm web", "docker stop web"]);
    await page.context().close();
  });

  it("say in the engine's words why something was refused", async () => {
    const page = await open("#/volumes");
    await ready(page);
    await page.getByRole("button", { name: "docker volume rm db_data" }).click();
    await page.getByRole("region", { name: "Notices" }).getByText("remove db_data: volume is in use").waitFor();
    await page.context().close();
  });

  it("search a log and find nothing in what steers a terminal", async () => {
    const page = await open("#/containers/web/logs");
    await page.getByText("40 lines").waitFor();
    await page.getByRole("searchbox", { name: "Search the log" }).fill("item/7 ");
    await page.getByText("1 of 40 lines").waitFor();
    await page.context().close();
  });

  it("copy a place of inspect as the template that docker takes", async () => {
    const page = await open("#/containers/web/inspect");
    await page.getByRole("treeitem", { name: /^Status/ }).click();
    await page.getByRole("button", { name: "Copy path" }).click();
    await expect
      .poll(() => page.evaluate(() => navigator.clipboard.readText()))
      .toBe("docker inspect web -f '{{json .State.Status}}'");
    await page.context().close();
  });

  it("pull an image with its progress, and report an unknown one", async () => {
    const page = await open("#/images");
    await page.getByRole("textbox", { name: "Image to pull" }).fill("alpine");
    await page.getByRole("button", { name: "Pull", exact: true }).click();
    await page.getByText("Status: Downloaded newer image for alpine:latest").waitFor();
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await page.getByRole("link", { name: "alpine", exact: true }).waitFor();
    await page.getByRole("textbox", { name: "Image to pull" }).fill("no-such-image");
    await page.getByRole("button", { name: "Pull", exact: true }).click();
    await page.getByRole("dialog").getByText("pull access denied for no-such-image").waitFor();
    await page.context().close();
  });

  it("run an image by a form that shows its line", async () => {
    const page = await open("#/images");
    await ready(page);
    await page.getByRole("button", { name: "Run nginx:latest" }).click();
    await page.getByLabel("Name", { exact: true }).fill("front");
    await page.getByLabel("Ports, host:container").fill("9090:80");
    await page.getByText("docker run -d --name front -p 9090:80 nginx:latest").waitFor();
    await page.getByRole("button", { name: "Run", exact: true }).click();
    await page.getByRole("tab", { name: /^Ports/ }).click();
    await page.getByText("localhost:9090").waitFor();
    await page.context().close();
  });

  it("show names and labels as text, whatever markup is in them", async () => {
    const page = await open("#/containers");
    await ready(page);
    await type(page, "docker run -d --name <img/src=x/onerror=document.title='owned'> debian");
    await page.getByRole("link", { name: "<img/src=x" }).waitFor();
    expect(await page.title()).not.toContain("owned");
    expect(await page.locator("main img").count()).toBe(0);
    await page.context().close();
  });
});

describe("files", () => {
  it("are created, edited, saved and deleted", async () => {
    const page = await open("#/playground");
    await ready(page);
    await page.getByRole("button", { name: "New file" }).click();
    await page.getByLabel("Name", { exact: true }).fill("notes.md");
    await page.getByRole("button", { name: "Create", exact: true }).click();
    await page.getByRole("textbox", { name: "notes.md" }).fill("# Ahoy");
    await expect.poll(() => page.getByTitle("Not yet saved").count()).toBe(0);
    await page.getByRole("button", { name: "Close notes.md" }).click();
    await page.getByRole("treeitem", { name: "notes.md" }).click();
    await page.getByText("# Ahoy").waitFor();
    await page.getByRole("treeitem", { name: "notes.md" }).press("Delete");
    await page.getByRole("dialog", { name: "Delete notes.md?" }).getByRole("button", { name: "Delete" }).click();
    await page.getByRole("treeitem", { name: "notes.md" }).waitFor({ state: "detached" });
    await page.context().close();
  });

  it("refuse a name that leads out of the workspace, or that Linux does not allow", async () => {
    const page = await open("#/playground");
    await ready(page);
    await page.getByRole("button", { name: "New file" }).click();
    const dialog = page.getByRole("dialog", { name: "New file" });
    for (const [name, sentence] of [
      ["../x", "“../x” cannot be the name of a file."],
      ["x".repeat(300), "The name is 300 bytes long; Linux allows 255."],
    ] as const) {
      await dialog.getByLabel("Name", { exact: true }).fill(name);
      await dialog.getByRole("button", { name: "Create" }).click();
      await dialog.getByText(sentence).waitFor();
    }
    await page.keyboard.press("Escape");
    await page.getByRole("treeitem", { name: "Dockerfile" }).press("Shift+F10");
    await page.getByRole("menuitem", { name: "Rename or move" }).click();
    await page.getByLabel("New name, or a path within the workspace").fill("../../etc/passwd");
    await page.getByRole("button", { name: "Rename" }).click();
    await page.getByText("“..” cannot be the name of a file.").waitFor();
    expect(await page.getByRole("treeitem").count()).toBe(5);
    await page.context().close();
  });
});

describe("the keyboard alone", () => {
  it("walks from pane to pane with F6, out of the terminal too", async () => {
    const page = await open("#/playground");
    await ready(page);
    const region = () =>
      page.evaluate(
        () =>
          document.activeElement?.closest("section, header, footer")?.getAttribute("aria-label") ??
          document.activeElement?.closest("header, footer")?.tagName,
      );
    const visited = [];
    for (let step = 0; step < 5; step += 1) {
      await page.keyboard.press("F6");
      visited.push(await region());
    }
    // The terminal has the focus at the start.
    expect(visited).toEqual(["Panels", "FOOTER", "HEADER", "Files", "Terminal"]);
    await page.keyboard.press("Shift+F6");
    expect(await region()).toBe("Files");
    await page.context().close();
  });

  it("stops a container from the palette, and finds it in the log", async () => {
    const page = await open("#/playground");
    await ready(page);
    await page.keyboard.press("Control+Shift+K").catch(() => {});
    if ((await page.getByRole("combobox", { name: "Search or run" }).count()) === 0)
      await page.keyboard.press("Control+K");
    await page.getByRole("combobox", { name: "Search or run" }).waitFor();
    await page.keyboard.type("stop cache");
    await page.keyboard.press("Enter");
    await page.getByText("docker stop cache").first().waitFor();
    await page.context().close();
  });

  it("moves a divider, opens a row's menu and chooses from it", async () => {
    const page = await open("#/containers");
    await ready(page);
    const divider = page.getByRole("separator", { name: "Height of the panels" });
    const before = Number(await divider.getAttribute("aria-valuenow"));
    await divider.focus();
    await page.keyboard.press("Shift+ArrowUp");
    await expect.poll(async () => Number(await divider.getAttribute("aria-valuenow"))).toBe(before + 64);
    await page.getByRole("button", { name: "More for web" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("menu", { name: "web" }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.url()).toContain("#/containers/web/inspect");
    await page.goBack();
    await page.getByRole("link", { name: "eager_hopper" }).waitFor();
    await page.context().close();
  });
});

describe("the machine", () => {
  it("that dies is reported with what is safe, and starts again", async () => {
    const page = await open("#/playground");
    await ready(page);
    await page.evaluate(() => window.dispatchEvent(new CustomEvent("drydock-lose-worker")));
    await page.getByRole("heading", { name: "The machine stopped" }).waitFor();
    await page.getByText("As it was when the machine stopped.").waitFor();
    await page.getByText("Machine stopped", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Start the machine again" }).click();
    await ready(page);
    await type(page, "echo back again");
    await terminalShows(page, "back again");
    await page.context().close();
  });

  it("that cannot be loaded says so, and offers to try again", async () => {
    const page = await open("#/");
    await page.route("**/fake-worker*", (route) => route.abort());
    await page.getByRole("link", { name: "Empty playground" }).click();
    await page.getByRole("button", { name: "Try again" }).waitFor();
    await page.unroute("**/fake-worker*");
    await page.getByRole("button", { name: "Try again" }).click();
    await ready(page);
    await page.context().close();
  });

  it("is not even tried in a browser without WebAssembly", async () => {
    const page = await open("#/");
    await page.evaluate(() => Object.defineProperty(window, "WebAssembly", { value: undefined }));
    await page.getByRole("link", { name: "Empty playground" }).click();
    await page.getByText("This browser runs no WebAssembly").waitFor();
    expect(await page.getByRole("button", { name: "Try again" }).count()).toBe(0);
    await page.context().close();
  });
});

describe("a narrow window", () => {
  it("shows one pane at a time, with a bar below and a bar of keys", async () => {
    const page = await open("#/playground", { width: 390, height: 844 });
    await page.getByRole("textbox", { name: /^Terminal/ }).waitFor();
    await page.getByRole("toolbar", { name: "Keys" }).getByRole("button", { name: "Ctrl" }).waitFor();
    await page.getByRole("navigation", { name: "Panes" }).getByRole("link", { name: "Panels" }).click();
    await page.getByRole("link", { name: "web", exact: true }).waitFor();
    await page.getByRole("navigation", { name: "Panes" }).getByRole("link", { name: "Files" }).click();
    await page.getByRole("treeitem", { name: "Dockerfile" }).click();
    await page.getByRole("textbox", { name: "Dockerfile" }).waitFor();
    await page.context().close();
  });
});
