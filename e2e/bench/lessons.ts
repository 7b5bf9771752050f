/** What a reader of lessons and links feels: a shared link until it works, the way back to a step's start, a check's answer. All in Chromium. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { writeLink } from "../../lessons/link/index.ts";
import { chromiumFlags, ensureChromium } from "../../scripts/chromium.ts";
import { serveBuiltSite } from "../journeys/site.ts";
import type { Sample } from "./result.ts";
import { terminalShows } from "./terminal.ts";

export const lessonNames = ["link_open_ms", "step_reset_ms", "check_ms"] as const;
type Name = (typeof lessonNames)[number];

const rounds = 5;
const sample = (name: Name, phase: Sample["phase"], values: readonly number[]): Sample => ({
  name,
  unit: "ms",
  host: "chromium",
  phase,
  values,
});

export async function benchLessons(wanted: (name: string) => boolean): Promise<readonly Sample[]> {
  if (!lessonNames.some(wanted)) return [];
  const site = await serveBuiltSite();
  const samples: Sample[] = [];
  try {
    if (wanted("link_open_ms")) samples.push(...(await openLinks(site.url)));
    if (wanted("step_reset_ms"))
      samples.push(sample("step_reset_ms", "warm", await inProfile((context) => resetSteps(context, site.url))));
    if (wanted("check_ms"))
      samples.push(
        sample("check_ms", "warm", [
          ...(await inProfile((context) => eventChecks(context, site.url))),
          ...(await inProfile((context) => fileChecks(context, site.url))),
        ]),
      );
  } finally {
    await site.close();
  }
  return samples;
}

async function inProfile<T>(work: (context: BrowserContext) => Promise<T>): Promise<T> {
  const profile = mkdtempSync(join(tmpdir(), "drydock-bench-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: ensureChromium(),
    args: [...chromiumFlags],
    viewport: { width: 1440, height: 900 },
  });
  try {
    return await work(context);
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

/** Busybox, two files, three commands; the first visit with an empty cache, the next ones with what it left. */
async function openLinks(site: string): Promise<readonly Sample[]> {
  const link = await writeLink({
    v: 1,
    title: "Two files, three commands",
    files: [
      { path: "page/index.html", text: "<h1>Ahoy</h1>\n" },
      { path: "page/about.html", text: "<p>About</p>\n" },
    ],
    images: [],
    steps: [
      "docker run -d --name web -p 8080:80 -v ./page:/www busybox httpd -f -h /www",
      "docker exec web ls /www",
      "docker exec web wget -qO- http://127.0.0.1",
    ],
  });
  const first: number[] = [];
  const warm: number[] = [];
  for (let round = 0; round < 2; round += 1)
    await inProfile(async (context) => {
      first.push(await openLink(context, site + link));
      warm.push(await openLink(context, site + link), await openLink(context, site + link));
    });
  return [sample("link_open_ms", "first", first), sample("link_open_ms", "warm", warm)];
}

async function openLink(context: BrowserContext, address: string): Promise<number> {
  const page = await context.newPage();
  const start = performance.now();
  await page.goto(address);
  await page.getByRole("button", { name: "Open and run" }).click();
  await terminalShows(page, "<h1>Ahoy</h1>");
  const time = performance.now() - start;
  await page.keyboard.type("clear; docker rm -f web; echo re''moved\n");
  await terminalShows(page, "removed");
  await page.close();
  return time;
}

async function beginLesson(context: BrowserContext, site: string, name: string): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  await page.goto(`${site}#/lesson/${name}`);
  await page.getByRole("button", { name: "Begin", exact: true }).click();
  await page.getByRole("list", { name: "Tasks" }).waitFor();
  return page;
}

/** As text: what compiles this file must not put its own helpers into it. */
const resetScript = `(async () => {
  const tasks = () => document.querySelector("dd-reader .checks");
  const before = tasks();
  const start = performance.now();
  document.querySelector('[role="menuitem"]').click();
  await new Promise((resolve) => {
    const look = () => {
      if (tasks() === null || tasks() === before) return false;
      resolve();
      return true;
    };
    new MutationObserver((_, observer) => look() && observer.disconnect()).observe(document.body, { childList: true, subtree: true });
  });
  return performance.now() - start;
})()`;

/** From the click to the step that is open again, with a container made in it that has to go. */
async function resetSteps(context: BrowserContext, site: string): Promise<readonly number[]> {
  const page = await beginLesson(context, site, "first-containers/stops-at-once");
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await page
      .getByRole("textbox", { name: /^Terminal/ })
      .first()
      .focus();
    await page.keyboard.type(`clear; docker run -d busybox sleep 1000; echo ma''de ${round}\n`);
    await terminalShows(page, `made ${round}`);
    await page.getByRole("button", { name: "Go back" }).click();
    await page.getByRole("menuitem", { name: "Start of this step" }).waitFor();
    times.push(await page.evaluate<number>(resetScript));
  }
  return times;
}

/** From the end of the command that a task asks for, as the terminal shows it, to the tick. */
const tickScript = (done: string) => `(async () => {
  let ended, ticked;
  await new Promise((resolve) => {
    const look = () => {
      if (ended === undefined && drydockTerminalText().includes(${JSON.stringify(done)})) ended = performance.now();
      if (ticked === undefined && document.querySelector("dd-reader .check.ok") !== null) ticked = performance.now();
      if (ended !== undefined && ticked !== undefined) resolve();
      else requestAnimationFrame(look);
    };
    look();
  });
  return Math.max(0, ticked - ended);
})()`;

async function fileChecks(context: BrowserContext, site: string): Promise<readonly number[]> {
  const page = await beginLesson(context, site, "images/copy-on-write");
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const ticked = page.evaluate<number>(tickScript(`written ${round}`));
    await page
      .getByRole("textbox", { name: /^Terminal/ })
      .first()
      .focus();
    await page.keyboard.type(
      `docker exec writer sh -c 'echo guest:x:9:9::/: >> /etc/passwd'; echo writ''ten ${round}\n`,
    );
    times.push(await ticked);
    await stepBack(page);
  }
  return times;
}

async function stepBack(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Go back" }).click();
  await page.getByRole("menuitem", { name: "Start of this step" }).click();
  await page.waitForFunction(() => document.querySelector("dd-reader .checks .check:not(.ok)") !== null);
}

async function eventChecks(context: BrowserContext, site: string): Promise<readonly number[]> {
  const page = await beginLesson(context, site, "first-containers/hello-world");
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const ticked = page.evaluate<number>(tickScript(`ran ${round}`));
    await page
      .getByRole("textbox", { name: /^Terminal/ })
      .first()
      .focus();
    await page.keyboard.type(`docker run hello-world; echo ra''n ${round}\n`);
    times.push(await ticked);
    await stepBack(page);
  }
  return times;
}
