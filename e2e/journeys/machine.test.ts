/** The page on the real machine: what a newcomer does first, in a real browser. */
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { serveBuiltSite } from "./site.ts";
import { profileOn, runLine, screen } from "./stage.ts";

const stage = profileOn(serveBuiltSite);
let page: Page;
beforeAll(async () => {
  page = await stage.page();
  await page.goto(`${stage.appUrl}#/containers`);
});

async function run(line: string, shows: string | RegExp): Promise<string> {
  const text = await runLine(page, line);
  expect(text).toMatch(shows);
  return text;
}

describe.sequential("a newcomer in the tab", () => {
  it("gets a prompt as learner in the workspace", async () => {
    await expect.poll(() => screen(page), { timeout: 60_000, interval: 500 }).toContain("learner@drydock:~/site$");
    await run("id -un; pwd", /learner\n\/home\/learner\/site/);
  });

  it("runs hello-world, and the panel shows the container that has ended", async () => {
    await run("docker run --name hello hello-world", "Hello from Docker!");
    await page.getByRole("link", { name: "hello", exact: true }).waitFor();
    await page
      .getByRole("row", { name: /hello/ })
      .getByText(/Exited \(0\)/)
      .waitFor();
  });

  it("publishes a web server, and sees its page in the preview", async () => {
    await run("docker run -d --name web -p 8080:80 nginx", /[0-9a-f]{64}/);
    await page.getByRole("button", { name: /^8080/ }).click();
    const container = page.frameLocator('iframe[title="Preview of port 8080"]').frameLocator("iframe");
    await container.getByRole("heading", { name: "Welcome to nginx!" }).waitFor();
    await page.getByRole("button", { name: "Close the preview" }).click();
  });

  it("reads its log, looks at its files and under its hood", async () => {
    await page.getByRole("link", { name: "web", exact: true }).click();
    await page
      .getByRole("log")
      .getByText(/nginx\/1/)
      .waitFor();
    await page.getByRole("tab", { name: "Files" }).last().click();
    await page.getByRole("button", { name: "etc", exact: true }).click();
    await page.getByRole("button", { name: /^hostname/ }).waitFor();
    await page.getByRole("tab", { name: "Under the hood" }).click();
    await page.getByRole("heading", { name: "Namespaces" }).waitFor();
    await page.getByText("nginx: master process", { exact: false }).first().waitFor();
  });

  it("finds a file that was made in the guest in the page's files, and the other way round", async () => {
    await run("echo from the guest > made.txt", /with 0/);
    await page.getByRole("tab", { name: /^Containers/ }).click();
    await page.getByRole("treeitem", { name: "made.txt" }).click();
    await page.getByText("from the guest").first().waitFor();
    await page.getByRole("textbox", { name: "made.txt" }).fill("from the page");
    await expect.poll(() => page.getByTitle("Not yet saved").count()).toBe(0);
    await run("cat made.txt", "from the page");
    await page.getByRole("button", { name: "Close made.txt" }).click();
  });

  it("stops and removes the container with the mouse", async () => {
    await page.getByRole("tab", { name: /^Containers/ }).click();
    await page.getByRole("button", { name: "docker stop web" }).click();
    await page.getByRole("button", { name: "docker rm web" }).click();
    await page.getByRole("link", { name: "web", exact: true }).waitFor({ state: "detached" });
  });

  it("finds images, containers and files again after a reload", async () => {
    await page.reload();
    await page.getByRole("link", { name: "hello", exact: true }).waitFor();
    await run("cat made.txt; docker images", /from the page[\s\S]*nginx/);
  });
});
