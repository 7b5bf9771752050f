/**
 * The page's own share of what a person feels: the echo of a key, frames while a terminal is flooded and while the panels are stormed
 * (on the development host, which costs nothing), and requests a second through a preview (on the real machine).
 */
import type { BrowserContext, Page } from "playwright-core";
import { longestFrame, watchFrames } from "../journeys/frames.ts";
import { launchProfile, serveBuiltSite, serveFakeSite } from "../journeys/site.ts";
import type { Sample } from "./result.ts";
import { terminalShows } from "./terminal.ts";

export const pageNames = ["key_echo_ms", "cat_5m_frame_max_ms", "panel_frame_max_ms", "preview_rps"] as const;

const result = (name: (typeof pageNames)[number], values: readonly number[], unit: Sample["unit"] = "ms"): Sample => ({
  name,
  unit,
  host: "chromium",
  phase: "warm",
  values,
});

export async function benchPage(wanted: (name: string) => boolean): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  if (pageNames.slice(0, 3).some(wanted)) samples.push(...(await onDevelopmentHost(wanted)));
  if (wanted("preview_rps")) samples.push(result("preview_rps", await previewRequests(), "requests/s"));
  return samples;
}

async function onDevelopmentHost(wanted: (name: string) => boolean): Promise<readonly Sample[]> {
  const site = await serveFakeSite();
  const profile = await launchProfile();
  const samples: Sample[] = [];
  try {
    if (wanted("key_echo_ms")) {
      const page = await open(profile, `${site.url}#/playground`);
      samples.push(result("key_echo_ms", await echoTimes(page)));
      await page.close();
    }
    if (wanted("cat_5m_frame_max_ms")) {
      const page = await open(profile, `${site.url}#/playground`);
      await watchFrames(page);
      await page.keyboard.type("pour 5\n");
      await terminalShows(page, "poured");
      samples.push(result("cat_5m_frame_max_ms", [await longestFrame(page)]));
      await page.close();
    }
    if (wanted("panel_frame_max_ms")) {
      const page = await open(profile, `${site.url}#/containers`);
      await page.keyboard.type("crowd 200\n");
      await page.getByRole("link", { name: "crowd_199", exact: true }).waitFor();
      await page.waitForTimeout(2000);
      await page.keyboard.type("storm\n");
      await watchFrames(page);
      await page.waitForTimeout(5000);
      samples.push(result("panel_frame_max_ms", [await longestFrame(page)]));
      await page.close();
    }
  } finally {
    await profile.close();
    await site.close();
  }
  return samples;
}

async function open(profile: BrowserContext, url: string): Promise<Page> {
  const page = await profile.newPage();
  await page.goto(url);
  await terminalShows(page, "$");
  await page
    .getByRole("textbox", { name: /^Terminal/ })
    .first()
    .focus();
  return page;
}

/** As text: what compiles this file must not put its own helpers into it. */
const echoScript = `(async () => {
  const area = document.querySelector(".xterm-helper-textarea");
  const turn = () => new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = resolve;
    port2.postMessage(0);
  });
  const times = [];
  for (let count = 0; count < 100; count += 1) {
    const before = drydockTerminalText();
    const start = performance.now();
    area.dispatchEvent(new InputEvent("input", { data: "x", inputType: "insertText", bubbles: true }));
    while (drydockTerminalText() === before) await turn();
    times.push(performance.now() - start);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return times;
})()`;

/** From the key to the letter in the terminal's buffer, over a shell that echoes at once. */
const echoTimes = (page: Page): Promise<number[]> => page.evaluate<number[]>(echoScript);

const requestScript = `(async () => {
  const start = performance.now();
  let left = 200;
  await Promise.all(Array.from({ length: 6 }, async () => {
    while (left-- > 0) await (await fetch("/?" + left, { cache: "no-store" })).arrayBuffer();
  }));
  return 200 / ((performance.now() - start) / 1000);
})()`;

async function previewRequests(): Promise<readonly number[]> {
  const site = await serveBuiltSite();
  const profile = await launchProfile();
  try {
    const page = await open(profile, `${site.url.replace("localhost", "drydock.localhost")}#/containers`);
    await page.keyboard.type("docker run -d --name web -p 8080:80 nginx\n");
    await page.getByRole("button", { name: /^8080/ }).click({ timeout: 120_000 });
    const container = page.frameLocator('iframe[title="Preview of port 8080"]').frameLocator("iframe");
    await container.getByRole("heading", { name: "Welcome to nginx!" }).waitFor({ timeout: 120_000 });
    const frame = page.frames().find((each) => each.parentFrame()?.parentFrame() === page.mainFrame());
    const rates: number[] = [];
    for (let round = 0; round < 3; round += 1) rates.push((await frame?.evaluate<number>(requestScript)) ?? 0);
    return rates;
  } finally {
    await profile.close();
    await site.close();
  }
}
