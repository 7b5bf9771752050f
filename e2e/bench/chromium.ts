/** The benchmark in Chromium: the built site from localhost, with a cold and then a warm cache. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";
import { chromiumFlags, ensureChromium } from "../../scripts/chromium.ts";
import { type SiteServer, serveSite } from "../../scripts/site-server.ts";
import { repository } from "../../worker/node-platform.node.ts";
import type { Sample } from "./result.ts";
import { terminalShows } from "./terminal.ts";

const host = "chromium" as const;
export const chromiumNames = ["page_bytes_to_hello", "page_prompt_ms", "page_hello_ms", "reload_prompt_ms"] as const;

const sample = (
  name: string,
  phase: Sample["phase"],
  values: readonly number[],
  unit: Sample["unit"] = "ms",
): Sample => ({
  name,
  unit,
  host,
  phase,
  values,
});

interface Visit {
  readonly prompt: number;
  readonly hello: number;
  readonly bytes: number;
  /** From a reload to the next prompt. */
  readonly reload: number;
}

export async function benchChromium(wanted: (name: string) => boolean): Promise<readonly Sample[]> {
  if (!chromiumNames.some(wanted)) return [];
  const executablePath = ensureChromium();
  const site = await serveSite([join(repository, "dist")], { compress: true });
  const cold: Visit[] = [];
  const warm: Visit[] = [];
  const reload: number[] = [];
  const bytes: number[] = [];
  try {
    // The first round is not counted: in it the server compresses what it serves.
    for (let round = -1; round < 3; round++) {
      const profile = mkdtempSync(join(tmpdir(), "drydock-bench-"));
      const context = await chromium.launchPersistentContext(profile, { executablePath, args: [...chromiumFlags] });
      try {
        const first = await visit(context, site);
        if (round < 0) continue;
        cold.push(first);
        bytes.push(first.bytes);
        const second = await visit(context, site);
        warm.push(second);
        reload.push(second.reload);
      } finally {
        await context.close();
        rmSync(profile, { recursive: true, force: true });
      }
    }
  } finally {
    await site.close();
  }
  return [
    sample("page_bytes_to_hello", "first", bytes, "bytes"),
    sample(
      "page_prompt_ms",
      "first",
      cold.map(({ prompt }) => prompt),
    ),
    sample(
      "page_hello_ms",
      "first",
      cold.map(({ hello }) => hello),
    ),
    sample(
      "page_prompt_ms",
      "warm",
      warm.map(({ prompt }) => prompt),
    ),
    sample(
      "page_hello_ms",
      "warm",
      warm.map(({ hello }) => hello),
    ),
    sample("reload_prompt_ms", "warm", reload),
  ].filter(({ name }) => wanted(name));
}

/** Opens the playground, waits for the prompt, has the machine print its first container's greeting, and loads the page again. */
async function visit(context: BrowserContext, { url, bytesSent }: SiteServer): Promise<Visit> {
  const page = await context.newPage();
  const before = bytesSent();
  const start = performance.now();
  await page.goto(`${url}#/playground`);
  await terminalShows(page, "$");
  const prompt = performance.now() - start;
  await page.keyboard.type("docker run hello-world\n");
  // The end of its greeting: the beginning has left a small screen.
  await terminalShows(page, "docs.docker.com/get-started");
  const hello = performance.now() - start;
  const bytes = bytesSent() - before;
  const again = performance.now();
  await page.reload();
  await terminalShows(page, "$");
  const reload = performance.now() - again;
  await page.close();
  return { prompt, hello, bytes, reload };
}
