/**
 * Process starts in the tab, after a reload: the same two programs as in Node, put into the workspace and started from the terminal at its
 * prompt. Measured twice: as it is, and with V8's optimising compiler left out, which stands for a processor with cores to spare for it.
 */
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { chromiumFlags, ensureChromium } from "../../scripts/chromium.ts";
import { type SiteServer, serveSite } from "../../scripts/site-server.ts";
import { repository } from "../../worker/node-platform.node.ts";
import { type Sample, spawnSamples } from "./result.ts";
import { terminalShows } from "./terminal.ts";

export const spawnNames = ["spawn_first_2", "spawn_first_30", "spawn_first_100", "spawn_warm"] as const;

const ways = [
  { host: "chromium", flags: [] },
  { host: "chromium liftoff-only", flags: ["--js-flags=--liftoff-only"] },
] as const;

export async function benchSpawns(wanted: (name: string) => boolean): Promise<readonly Sample[]> {
  if (!spawnNames.some(wanted)) return [];
  const site = await serveSite([join(repository, "dist")], { compress: true });
  const samples: Sample[] = [];
  try {
    for (const { host, flags } of ways) {
      const options = { executablePath: ensureChromium(), args: [...chromiumFlags, ...flags] };
      const context = await chromium.launchPersistentContext("", options);
      try {
        const { first, warm } = await afterReload(context, site);
        samples.push(...spawnSamples(host, first, warm));
      } finally {
        await context.close();
      }
    }
  } finally {
    await site.close();
  }
  return samples.filter(({ name }) => wanted(name));
}

async function afterReload(context: BrowserContext, { url }: SiteServer) {
  const page = await context.newPage();
  await page.goto(`${url}#/playground`);
  await terminalShows(page, "$");
  const programs = ["floor", "nop"].map((name) => join(repository, "guest-image/prebuilt", name));
  await page.getByLabel("Upload files").setInputFiles(programs);
  await page.getByRole("treeitem", { name: "nop" }).waitFor();
  await typeLine(page, "chmod +x floor nop && echo 'are 'there", "are there");
  await page.reload();
  await terminalShows(page, "$");
  const first = await starts(page, "cp floor nop /tmp;", "first");
  for (let round = 0; round < 5; round++) await starts(page, "", `round${round}`);
  return { first, warm: await starts(page, "", "warm") };
}

/** Milliseconds of each of a hundred forks, execs and waits. */
async function starts(page: Page, before: string, label: string): Promise<readonly number[]> {
  const line = `clear; ${before} /tmp/floor exec 100 /tmp/nop | tr '\\n' , | sed 's/^/'${label}=/`;
  await typeLine(page, `${line}; echo "end of "${label}`, `end of ${label}`);
  const text = await page.evaluate(() =>
    (globalThis as { drydockTerminalText?: () => string }).drydockTerminalText?.(),
  );
  // The terminal's lines are shorter than the answer.
  const [, list = ""] = new RegExp(`${label}=([\\d.,]+)`).exec((text ?? "").replaceAll("\n", "")) ?? [];
  const values = list.split(",").filter(Boolean).map(Number);
  if (values.length !== 100) throw new Error(`the terminal shows ${values.length} times instead of 100: ${text}`);
  return values;
}

async function typeLine(page: Page, line: string, answer: string): Promise<void> {
  const terminal = page.getByRole("textbox", { name: /^Terminal/ }).first();
  await terminal.focus();
  await page.keyboard.insertText(line);
  await page.keyboard.press("Enter");
  await terminalShows(page, answer);
}
