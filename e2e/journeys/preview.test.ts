import type { BrowserContext, FrameLocator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SiteServer } from "../../scripts/site-server.ts";
import { launchChromium, launchProfile, openPage, serveFakeSite } from "./site.ts";

let site: SiteServer;
let profile: BrowserContext;
beforeAll(async () => {
  site = await serveFakeSite();
  profile = await launchProfile();
}, 120_000);
afterAll(async () => {
  await profile?.close();
  await site?.close();
});

async function openPreview(): Promise<{ readonly page: Page; readonly container: FrameLocator }> {
  const page = await profile.newPage();
  page.setDefaultTimeout(15_000);
  // A name of its own for the app: the previews are then of the same site, and no third party to the browser.
  await page.goto(`${site.url.replace("localhost", "drydock.localhost")}#/ports`);
  await page.getByRole("button", { name: "Preview 8080" }).click();
  const container = page.frameLocator('iframe[title="Preview of port 8080"]').frameLocator("iframe");
  await container.getByRole("heading", { name: "Welcome to port 8080" }).waitFor();
  return { page, container };
}

describe("the preview of a published port", () => {
  it("shows the container's page at an origin of its own, follows links, and says where it is", async () => {
    const { page, container } = await openPreview();
    await container.getByRole("link", { name: "Next" }).click();
    await container.getByText("GET /next").waitFor();
    await expect.poll(() => page.getByRole("textbox", { name: "Address" }).inputValue()).toBe("localhost:8080/next");
    await page.getByRole("button", { name: "Back" }).click();
    await container.getByText("GET /", { exact: true }).waitFor();
    const origins = page.frames().map((frame) => new URL(frame.url()).host);
    expect(new Set(origins).size).toBe(2);
    await page.close();
  });

  it("goes where the address bar says", async () => {
    const { page, container } = await openPreview();
    const address = page.getByRole("textbox", { name: "Address" });
    await address.fill("localhost:8080/somewhere?q=1");
    await address.press("Enter");
    await container.getByText("GET /somewhere?q=1").waitFor();
    await page.close();
  });

  it("keeps the container's cookies, and sends requests with bodies", async () => {
    const { page } = await openPreview();
    const frame = page.frames().find((each) => each.parentFrame()?.parentFrame() === page.mainFrame());
    const echoed = await frame?.evaluate(async () => {
      const response = await fetch("/echo", { method: "POST", body: "a body", headers: { "X-Own": "yes" } });
      return await response.text();
    });
    expect(echoed).toContain("POST /echo");
    expect(echoed).toContain("cookie: seen=1");
    expect(echoed).toContain("x-own: yes");
    expect(echoed).toContain("host: localhost:8080");
    expect(echoed).toContain("a body");
    await page.close();
  });

  it("streams server-sent events", async () => {
    const { page } = await openPreview();
    const frame = page.frames().find((each) => each.parentFrame()?.parentFrame() === page.mainFrame());
    const events = await frame?.evaluate(
      () =>
        new Promise<string[]>((resolve) => {
          const seen: string[] = [];
          const source = new EventSource("/events");
          source.onmessage = ({ data }) => {
            seen.push(data);
            if (seen.length < 3) return;
            source.close();
            resolve(seen);
          };
        }),
    );
    expect(events).toEqual(["0", "1", "2"]);
    await page.close();
  });

  it("leaves the terminal its turn while a hundred requests are open", async () => {
    const { page } = await openPreview();
    const frame = page.frames().find((each) => each.parentFrame()?.parentFrame() === page.mainFrame());
    const open = await frame?.evaluate(async () => {
      const first = async () => {
        const { body } = await fetch("/events");
        const { value } = (await body?.getReader().read()) ?? {};
        return value === undefined ? 0 : 1;
      };
      const begun = await Promise.all(Array.from({ length: 100 }, first));
      return begun.reduce<number>((sum, each) => sum + each, 0);
    });
    expect(open).toBe(100);
    await page
      .getByRole("textbox", { name: /^Terminal/ })
      .first()
      .focus();
    await page.keyboard.type("echo my turn\n");
    await page.waitForFunction(() =>
      /\nmy turn/.test((globalThis as { drydockTerminalText?: () => string }).drydockTerminalText?.() ?? ""),
    );
    await page.close();
  });

  it("carries a WebSocket", async () => {
    const { page } = await openPreview();
    const frame = page.frames().find((each) => each.parentFrame()?.parentFrame() === page.mainFrame());
    const answer = await frame?.evaluate(
      () =>
        new Promise<string>((resolve) => {
          const socket = new WebSocket(`ws://${location.host}/socket`);
          socket.onopen = () => socket.send("ahoy");
          socket.onmessage = ({ data }) => resolve(String(data));
          socket.onclose = ({ code }) => resolve(`closed ${code}`);
        }),
    );
    expect(answer).toBe("echo: ahoy");
    await page.close();
  });

  it("keeps a hostile page away from the app: its DOM, its storage, the tab, and the service worker's scope", async () => {
    const { page } = await openPreview();
    const frame = page.frames().find((each) => each.parentFrame()?.parentFrame() === page.mainFrame());
    const tried = await frame?.evaluate(async () => {
      const results: Record<string, string> = {};
      const attempt = async (name: string, work: () => unknown) => {
        try {
          results[name] = `allowed: ${String(await work())}`;
        } catch (error) {
          results[name] = (error as Error).name;
        }
      };
      await attempt("dom", () => window.top?.document.title);
      await attempt("storage", () => window.top?.localStorage.length);
      await attempt("navigate", () => {
        if (window.top !== null) window.top.location.href = "about:blank#taken";
      });
      await attempt("worker", () => navigator.serviceWorker.register("/evil.js"));
      await attempt("ownStorage", () => localStorage.getItem("drydock.theme"));
      return results;
    });
    expect(tried).toMatchObject({ dom: "SecurityError", storage: "SecurityError", worker: "TypeError" });
    // Its own storage is its own: nothing of the app's is in it.
    expect(page.url()).toContain("#/ports");
    expect(await page.title()).toContain("Drydock");
    await page.close();
  });

  it("falls back to a view without scripts where the browser blocks other sites' storage", async () => {
    const browser = await launchChromium();
    const page = await openPage(browser, `${site.url}#/ports`);
    await page.getByRole("button", { name: "Preview 8080" }).click();
    const container = page.frameLocator('iframe[title="Preview of port 8080"]:not([hidden])');
    await container.getByRole("heading", { name: "Welcome to port 8080" }).waitFor();
    await page.getByText("Shown without scripts and storage").waitFor();
    await browser.close();
  });
});
