/** Playgrounds inside other pages: on the development host what the element and the frame say to each other, on the machine the documentation's examples. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SiteServer } from "../../scripts/site-server.ts";
import { launchChromium, serveBuiltSite, serveFakeSite } from "./site.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
});

/** A page of another origin, with this body. */
async function around(body: string): Promise<{ readonly url: string; close(): void }> {
  const server: Server = createServer((_, response) =>
    response
      .writeHead(200, { "content-type": "text/html" })
      .end(`<!doctype html><html lang="en"><title>Around</title>${body}`),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => server.close() };
}

/** Calls the element in the page around it; an error is answered as its kind and message. */
const call = (page: Page, method: string, ...args: readonly unknown[]): Promise<unknown> =>
  page.evaluate(
    ([name, values]) => {
      const element = document.querySelector("drydock-playground") as unknown as Record<
        string,
        (...all: unknown[]) => Promise<unknown>
      >;
      return element[name as string]?.(...(values as unknown[])).catch((error) => `${error.kind}: ${error.message}`);
    },
    [method, args] as const,
  );

describe("an embedded playground on the development host", () => {
  let site: SiteServer;
  beforeAll(async () => {
    site = await serveFakeSite();
  });
  afterAll(async () => {
    await site?.close();
  });

  async function open(body: string): Promise<Page> {
    const outer = await around(`<script src="${site.url}embed.js"></script>${body}`);
    const page = await (await browser.newContext({ viewport: { width: 1200, height: 800 } })).newPage();
    page.setDefaultTimeout(15_000);
    await page.goto(outer.url);
    page.context().on("close", () => outer.close());
    return page;
  }

  it("loads nothing until a click, then does what the page around it asks", async () => {
    const page = await open('<drydock-playground label="A try"></drydock-playground>');
    await page.getByRole("button", { name: "Start" }).waitFor();
    expect(page.frames()).toHaveLength(1);
    await page.getByRole("button", { name: "Start" }).click();
    await page
      .frameLocator("iframe")
      .getByRole("textbox", { name: /^Terminal/ })
      .waitFor();
    expect(await call(page, "run", "echo ahoy")).toEqual({ exitCode: 0, output: "ahoy\n" });
    await call(page, "writeFile", "notes/a.txt", "one");
    expect(await call(page, "readFile", "notes/a.txt", "utf-8")).toBe("one");
    expect(await call(page, "writeFile", "../a", "")).toContain("must not lead out of the workspace");
    expect(await call(page, "run", "a\nb")).toBe("invalid: run: line must be one line");
    expect(await call(page, "openLesson", "javascript:alert(1)")).toContain("A lesson is TRACK/LESSON");
    const checkpoint = await call(page, "checkpoint", "before");
    expect(await call(page, "restore", checkpoint)).toBeUndefined();
    expect(await call(page, "restore", "none")).toContain("failed: No such checkpoint");
    await page.context().close();
  });

  it("tells what happens in it", async () => {
    const page = await open('<drydock-playground start="now"></drydock-playground>');
    await page.evaluate(() => {
      const heard: string[] = [];
      Object.assign(window, { heard });
      document.querySelector("drydock-playground")?.addEventListener("playground-engine", (event) => {
        const { action, name } = (event as CustomEvent<{ action: string; name: string }>).detail;
        heard.push(`${action} ${name}`);
      });
    });
    await call(page, "type", "docker run -d --name box debian");
    await expect
      .poll(() => page.evaluate(() => (window as unknown as { heard: string[] }).heard))
      .toContain("start box");
    await page.context().close();
  });

  it("stops far out of view, each by itself, and starts again", async () => {
    const page = await open(
      '<drydock-playground label="First" start="now"></drydock-playground><div style="height: 6000px"></div><drydock-playground label="Second"></drydock-playground>',
    );
    await page
      .frameLocator("iframe")
      .getByRole("textbox", { name: /^Terminal/ })
      .waitFor();
    await page.clock.install();
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    await page.getByRole("button", { name: "Start", exact: true }).click();
    await page.clock.runFor(6000);
    await page.getByText("It was far out of view.").waitFor({ state: "attached" });
    expect(await page.locator("iframe").count()).toBe(1);
    await page.evaluate(() => scrollTo(0, 0));
    await page.getByRole("button", { name: "Start again" }).click();
    await expect.poll(() => page.locator("iframe").count()).toBe(2);
    await page.context().close();
  });

  it("does not hear another origin than the one that its address names", async () => {
    const page = await open(
      `<iframe width="900" height="500" src="${site.url}?embed=1&start=now&origin=https://a.example"></iframe>`,
    );
    await page
      .frameLocator("iframe")
      .getByRole("textbox", { name: /^Terminal/ })
      .waitFor();
    const answers = await page.evaluate(async () => {
      const heard: unknown[] = [];
      addEventListener("message", ({ data }) => heard.push(data));
      document
        .querySelector("iframe")
        ?.contentWindow?.postMessage({ drydock: 1, id: 1, method: "run", params: { line: "echo" } }, "*");
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return heard;
    });
    expect(answers).toEqual([]);
    await page.context().close();
  });

  it("shows only what was asked for, in the theme that was asked for", async () => {
    const page = await open(
      '<drydock-playground start="now" theme="dark" panels="files" label="Dark"></drydock-playground>',
    );
    const frame = page.frameLocator("iframe");
    await frame.getByRole("textbox", { name: /^Terminal/ }).waitFor();
    await frame.getByRole("treeitem", { name: "Dockerfile" }).waitFor();
    expect(await frame.locator("html").getAttribute("data-theme")).toBe("dark");
    expect(await frame.getByRole("region", { name: "Panels" }).isVisible()).toBe(false);
    await frame.getByRole("link", { name: "Open in Drydock" }).waitFor();
    await page.context().close();
  });
});

describe("the documentation of embedding", () => {
  it("has three examples that work", async () => {
    const site = await serveBuiltSite();
    const page = await (await browser.newContext({ viewport: { width: 1000, height: 900 } })).newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(`${site.url}embedding.html`);

    await page.getByRole("button", { name: "Run a container" }).click();
    await expect
      .poll(() => page.getByLabel("Answer of the container").textContent(), { timeout: 60_000 })
      .toMatch(/Linux .*ended with 0/s);
    await page.evaluate(() => document.querySelector("drydock-playground")?.remove());

    const course = page.locator("#course");
    await course.getByRole("button", { name: "Start" }).click();
    const lesson = course.frameLocator("iframe");
    await lesson.getByRole("button", { name: "Begin", exact: true }).click();
    await lesson.getByRole("list", { name: "Tasks" }).waitFor();
    await expect
      .poll(() => page.getByLabel("Progress of the lesson").textContent())
      .toMatch(/^step 1 of \d, 0 tasks done$/);
    await course.evaluate((element) =>
      (element as unknown as { type(line: string): Promise<void> }).type("docker run hello-world"),
    );
    await expect
      .poll(() => page.getByLabel("Progress of the lesson").textContent(), { timeout: 30_000 })
      .toMatch(/[1-9] tasks done$/);
    await course.evaluate((element) => element.remove());

    await page.getByRole("button", { name: "Make the mistake, and undo it" }).click();
    await expect
      .poll(() => page.getByLabel("What is in the file").textContent(), { timeout: 60_000 })
      .toContain("gone, then: Hello");
    await page.context().close();
    await site.close();
  });
});
