import { readFileSync } from "node:fs";
import type { FrameLocator, Page } from "playwright-core";
import { afterEach, describe, expect, it } from "vitest";
import { launchChromium, openPage, serveFakeSite } from "./site.ts";
import { machineRuns, profileOn } from "./stage.ts";

const stage = profileOn(serveFakeSite);

// Windows that a test has opened too; a page that stays would keep the playground.
afterEach(async () => {
  for (const page of stage.profile.pages()) await page.close();
});

async function openPreview(): Promise<{ readonly page: Page; readonly container: FrameLocator }> {
  const page = await stage.profile.newPage();
  page.setDefaultTimeout(15_000);
  // A name of its own for the app: the previews are then of the same site, and no third party to the browser.
  await page.goto(`${stage.appUrl}#/ports`);
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
  });

  it("goes where the address bar says", async () => {
    const { page, container } = await openPreview();
    const address = page.getByRole("textbox", { name: "Address" });
    await address.fill("localhost:8080/somewhere?q=1");
    await address.press("Enter");
    await container.getByText("GET /somewhere?q=1").waitFor();
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
  });

  it("has no way back to the app from a window of its own", async () => {
    const { page } = await openPreview();
    const [popup] = await Promise.all([
      stage.profile.waitForEvent("page"),
      page.getByRole("button", { name: "Open in a window" }).click(),
    ]);
    await popup.frameLocator("iframe").getByRole("heading", { name: "Welcome to port 8080" }).waitFor();
    const inside = popup.frames().find((each) => each.parentFrame() === popup.mainFrame());
    const app = page.url();
    const tried = await inside?.evaluate(async () => {
      const results: string[] = [];
      const attempt = (work: () => void): void => {
        try {
          work();
          results.push("allowed");
        } catch (error) {
          results.push((error as Error).name);
        }
      };
      const top = window.top as Window;
      attempt(() => {
        top.opener.location.href = "about:blank#taken";
      });
      // The bootstrap page is of the same origin: it can be made to ask the app once more, and the answer overheard.
      const heard = new Promise<Window>((resolve) =>
        top.addEventListener("message", ({ source }) => resolve(source as Window), { once: true }),
      );
      const asked = new MessageEvent("message", { data: { type: "drydock-preview-channel-wanted" } });
      top.navigator.serviceWorker.dispatchEvent(asked);
      const source = await heard;
      attempt(() => {
        source.location.href = "about:blank#taken";
      });
      return results;
    });
    expect(tried).toEqual(["TypeError", "SecurityError"]);
    expect(page.url()).toBe(app);
  });

  it("sends every method, follows redirects, and keeps HttpOnly cookies from scripts and not from requests", async () => {
    const { page, container } = await openPreview();
    const frame = page.frames().find((each) => each.parentFrame()?.parentFrame() === page.mainFrame());
    const seen = await frame?.evaluate(async () => {
      const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
      const answers: string[] = [];
      for (const method of methods)
        answers.push((await (await fetch("/echo", { method })).text()).split(" ").slice(0, 2).join(" "));
      const head = await fetch("/echo", { method: "HEAD" });
      const landed = await fetch("/redirect");
      await fetch("/login");
      // biome-ignore lint/suspicious/noDocumentCookie: what pages of containers do
      document.cookie = "theme=dark; path=/";
      const cookies = document.cookie;
      const sent = /cookie: (.*)/.exec(await (await fetch("/echo")).text())?.[1];
      const socket = new WebSocket(`ws://${location.host}/socket`);
      await new Promise((resolve) => {
        socket.onopen = resolve;
      });
      socket.send("cookies");
      const overSocket = await new Promise<string>((resolve) => {
        socket.onmessage = ({ data }) => resolve(String(data));
      });
      socket.close();
      return {
        answers,
        head: [head.status, (await head.text()).length],
        landed: landed.url,
        cookies,
        sent,
        overSocket,
      };
    });
    expect(seen?.answers).toEqual(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].map((each) => `${each} /echo`));
    expect(seen?.head).toEqual([200, 0]);
    expect(seen?.landed).toMatch(/\/landed$/);
    expect(seen?.cookies.split("; ").sort()).toEqual(["seen=1", "theme=dark"]);
    expect(seen?.sent?.split("; ").sort()).toEqual(["seen=1", "session=secret", "theme=dark"]);
    expect(seen?.overSocket.split("; ").sort()).toEqual(["seen=1", "session=secret", "theme=dark"]);
    await page.getByRole("textbox", { name: "Address" }).fill("localhost:8080/redirect");
    await page.keyboard.press("Enter");
    await container.getByText("GET /landed").waitFor();
    await page.getByRole("button", { name: "Back" }).click();
    await container.getByText("GET /", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Forward" }).click();
    await container.getByText("GET /landed").waitFor();
  });

  it("gives the browser downloads, by the server's header and by the link's wish", async () => {
    const { page, container } = await openPreview();
    for (const [link, file] of [
      ["Report", "report.csv"],
      ["Take", "taken.css"],
    ] as const) {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        container.getByRole("link", { name: link }).click(),
      ]);
      expect(download.suggestedFilename()).toBe(file);
      expect(readFileSync(await download.path(), "utf8").length).toBeGreaterThan(10);
    }
  });

  it("shows one preview at a time on one spare host, and leaves nothing of it for the next", async () => {
    const page = await stage.profile.newPage();
    page.setDefaultTimeout(15_000);
    const host = stage.url.replace("http://localhost", "spare.drydock.localhost").replace(/\/$/, "");
    await page.addInitScript((content) => {
      document.addEventListener("DOMContentLoaded", () => {
        const meta = Object.assign(document.createElement("meta"), { name: "drydock-preview-host", content });
        document.head.append(meta);
      });
    }, host);
    await page.goto(`${stage.appUrl}#/playground`);
    await machineRuns(page);
    await page.getByRole("textbox", { name: /^Terminal/ }).focus();
    await page.keyboard.type("docker run -d --name other -p 9090:80 nginx\n");
    const shown = async (port: number) => {
      const frame = page.frameLocator(`iframe[title="Preview of port ${port}"]`).frameLocator("iframe");
      await frame.getByRole("heading", { name: `Welcome to port ${port}` }).waitFor();
      return page.frames().find((each) => each.parentFrame()?.parentFrame() === page.mainFrame());
    };
    await page.getByRole("button", { name: /^8080/ }).click();
    const first = await shown(8080);
    expect(new URL(first?.url() ?? "").host).toBe(host);
    await first?.evaluate(async () => {
      localStorage.setItem("left", "behind");
      // biome-ignore lint/suspicious/noDocumentCookie: what pages of containers do
      document.cookie = "left=behind; path=/";
      await caches.open("left");
      await new Promise((resolve) => {
        const request = indexedDB.open("left");
        request.onsuccess = resolve;
      });
    });
    await page.getByRole("tab", { name: "Preview 9090" }).click();
    const second = await shown(9090);
    const found = await second?.evaluate(async () => ({
      local: localStorage.getItem("left"),
      cookie: document.cookie,
      caches: await caches.keys(),
      databases: (await indexedDB.databases()).map(({ name }) => name),
      sent: /cookie: (.*)/.exec(await (await fetch("/echo")).text())?.[1],
    }));
    expect(found).toEqual({
      local: null,
      cookie: "seen=1",
      caches: [],
      databases: ["keyval-store"],
      sent: "seen=1",
    });
    expect(await page.locator("iframe.previewframe").count()).toBe(1);
  });

  it("falls back to a view without scripts where the browser blocks other sites' storage", async () => {
    const browser = await launchChromium();
    const page = await openPage(browser, `${stage.url}#/ports`);
    await page.getByRole("button", { name: "Preview 8080" }).click();
    const container = page.frameLocator('iframe[title="Preview of port 8080"]:not([hidden])');
    await container.getByRole("heading", { name: "Welcome to port 8080" }).waitFor();
    await page.getByText("Shown without scripts and storage").waitFor();
    await browser.close();
  });
});
