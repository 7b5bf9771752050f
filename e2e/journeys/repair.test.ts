/**
 * A newcomer on the real machine runs, looks into, breaks, understands and repairs a container: once with the mouse and not
 * one key, once with the keyboard and not one click.
 */
import type { FrameLocator, Page } from "playwright-core";
import { expect, it } from "vitest";
import { serveBuiltSite } from "./site.ts";
import { profileOn, screen } from "./stage.ts";

const stage = profileOn(serveBuiltSite);

/** The page at its first view, in a playground of its own, with a count of the events that the person may not cause. */
async function open(playground: string, forbidden: "keydown" | "pointerdown"): Promise<Page> {
  const page = await stage.page();
  await page.addInitScript((type) => {
    Object.assign(window, { forbidden: 0 });
    addEventListener(
      type,
      () => Object.assign(window, { forbidden: (window as never as { forbidden: number }).forbidden + 1 }),
      {
        capture: true,
      },
    );
  }, forbidden);
  // A name of its own for the app: the previews are then of the same site, and no third party to the browser.
  await page.goto(`${stage.appUrl}?playground=${playground}#/`);
  return page;
}
const forbiddenEvents = (page: Page): Promise<number> =>
  page.evaluate(() => (window as never as { forbidden: number }).forbidden);
const served = (page: Page): FrameLocator =>
  page.frameLocator('iframe[title="Preview of port 8080"]').frameLocator("iframe");

it("with the mouse alone", async () => {
  const page = await open("mouse", "keydown");
  // Run.
  await page.getByRole("button", { name: "Run docker run -d -p 8080:80 --name web nginx" }).click();
  await page.getByRole("link", { name: "web", exact: true }).waitFor();
  await page.getByRole("button", { name: /^8080/ }).click();
  await served(page).getByRole("heading", { name: "Welcome to nginx!" }).waitFor();
  // Look into it.
  await page.getByRole("link", { name: "web", exact: true }).click();
  await page
    .getByRole("log")
    .getByText(/GET \/ HTTP/)
    .first()
    .waitFor();
  await page.getByRole("link", { name: "Under the hood of web" }).click();
  await page.getByText("nginx: master process").first().waitFor();
  const inode = page.getByRole("row", { name: /^net/ }).getByRole("button", { name: /^\d+$/ });
  for (const [fact, shows] of [
    [inode, `net:[${await inode.textContent()}]`],
    [page.getByRole("button", { name: /^eth0: / }), "RX:"],
    [page.getByRole("button", { name: "memory.current" }), "/memory.current"],
    [page.getByRole("button", { name: /^\/proc\/\d+\/root$/ }), " var"],
  ] as const) {
    await fact.click();
    await expect.poll(async () => (await screen(page)).replaceAll("\n", "")).toContain(shows);
    // The next line is for the shell: sudo hands what is typed meanwhile to its program.
    await expect.poll(async () => (await screen(page)).trimEnd()).toMatch(/\$$/);
  }
  expect(await screen(page)).not.toMatch(/not found|No such file|denied/);
  await page.goBack();
  // Break it.
  await page.getByRole("button", { name: "More for web" }).click();
  await page.getByRole("menuitem", { name: /^Kill/ }).click();
  await page
    .getByText(/Exited \(137\)/)
    .first()
    .waitFor();
  await page.getByRole("button", { name: "Reload" }).click();
  await served(page).getByRole("heading", { name: "Port 8080 does not answer" }).waitFor();
  // Understand it.
  await page.getByRole("tab", { name: "Inspect" }).click();
  await page.getByRole("treeitem", { name: /^ExitCode 137/ }).waitFor();
  // Repair it.
  await page.getByRole("button", { name: "docker start web" }).click();
  await served(page).getByRole("heading", { name: "Welcome to nginx!" }).waitFor();
  await page.getByRole("button", { name: /Command log/ }).click();
  const log = page.getByRole("dialog", { name: "Command log" });
  expect((await log.locator("code").allTextContents()).slice(0, 2)).toEqual(["docker start web", "docker kill web"]);
  expect(await forbiddenEvents(page)).toBe(0);
  await page.close();
});

it("with the keyboard alone", async () => {
  const page = await open("keys", "pointerdown");
  const tabTo = async (label: string): Promise<void> => {
    for (let presses = 0; presses < 60; presses += 1) {
      const focused = await page.evaluate(
        () => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent?.trim() ?? "",
      );
      if (focused === label) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(`Tab does not lead to “${label}”.`);
  };
  const palette = async (query: string): Promise<void> => {
    const inTerminal = await page.evaluate(() => document.activeElement?.closest(".xterm") != null);
    await page.keyboard.press(inTerminal ? "Control+Shift+K" : "Control+K");
    await page.getByRole("combobox", { name: "Search or run" }).waitFor();
    await page.keyboard.type(query);
    await page.keyboard.press("Enter");
  };
  const toPane = async (pane: string): Promise<void> => {
    for (let presses = 0; presses < 8; presses += 1) {
      const name = await page.evaluate(
        () => document.activeElement?.closest("section.pane")?.getAttribute("aria-label") ?? "",
      );
      if (name === pane) return;
      await page.keyboard.press("F6");
    }
    throw new Error(`F6 does not lead to ${pane}.`);
  };
  const line = async (text: string): Promise<void> => {
    await toPane("Terminal");
    await page.keyboard.type(`${text}; echo "ended with $?"\n`);
    await expect.poll(() => screen(page), { timeout: 60_000, interval: 500 }).toMatch(/ended with \d+\n/);
    await page.keyboard.press("Control+L");
    await expect.poll(() => screen(page)).not.toMatch(/ended with \d+\n/);
  };
  // Run.
  await tabTo("Empty playground");
  await page.keyboard.press("Enter");
  await expect.poll(() => screen(page), { timeout: 60_000, interval: 500 }).toContain("learner@drydock");
  await line("docker run -d --name web -p 8080:80 nginx");
  await palette("Preview port 8080");
  await served(page).getByRole("heading", { name: "Welcome to nginx!" }).waitFor();
  // Look into it.
  await palette("Logs of web");
  await page
    .getByRole("log")
    .getByText(/GET \/ HTTP/)
    .first()
    .waitFor();
  // Break it.
  await line("docker exec web mv /usr/share/nginx/html/index.html /tmp/kept.html");
  const reload = async (): Promise<void> => {
    await toPane("Preview");
    await tabTo("Reload");
    await page.keyboard.press("Enter");
  };
  await reload();
  await served(page).getByRole("heading", { name: "403 Forbidden" }).waitFor();
  // Understand it: the file is gone from where nginx looks, and lies elsewhere.
  await toPane("Panels");
  await palette("Changes of web");
  const changes = page.getByRole("list", { name: "Changed files" });
  await changes.getByRole("button", { name: /^\/usr\/share\/nginx\/html\/index.html deleted/ }).waitFor();
  await changes.getByRole("button", { name: /^\/tmp\/kept.html added/ }).waitFor();
  // Repair it.
  await line("docker exec web mv /tmp/kept.html /usr/share/nginx/html/index.html");
  await reload();
  await served(page).getByRole("heading", { name: "Welcome to nginx!" }).waitFor();
  expect(await forbiddenEvents(page)).toBe(0);
  await page.close();
});
