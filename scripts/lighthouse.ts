/**
 * `npx tsx scripts/lighthouse.ts [--json FILE]`: Lighthouse, desktop preset, on the home view and on a playground with a running container
 * of the built site. Prints the scores and what cost points; fails below the bar.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import lighthouse, { desktopConfig } from "lighthouse";
import puppeteer from "puppeteer-core";
import { serveBuiltSite } from "../e2e/journeys/site.ts";
import { chromiumFlags, ensureChromium } from "./chromium.ts";

const bar = 95;
const categories = ["performance", "accessibility", "best-practices"] as const;

const { values } = parseArgs({ options: { json: { type: "string" } } });
const site = await serveBuiltSite();
const browser = await puppeteer.launch({
  executablePath: ensureChromium(),
  args: [...chromiumFlags, "--window-size=1350,940"],
  defaultViewport: null,
});
const home = site.url.replace("localhost", "drydock.localhost");
const results: { view: string; scores: Record<string, number>; lost: string[] }[] = [];

/** Which elements an audit found wanting. */
function elements(details: unknown): readonly string[] {
  const { items = [] } = (details ?? {}) as {
    readonly items?: readonly { readonly node?: { readonly snippet?: string } }[];
  };
  return items.flatMap(({ node }) => (node?.snippet === undefined ? [] : [`  ${node.snippet.slice(0, 160)}`]));
}

async function judge(view: string, url: string): Promise<void> {
  const page = await browser.newPage();
  // What a person has at this point is there: Lighthouse would clear the playground's storage otherwise.
  const run = await lighthouse(
    url,
    { onlyCategories: [...categories], disableStorageReset: true },
    desktopConfig,
    page,
  );
  await page.close();
  if (run === undefined) throw new Error("Lighthouse gave no result");
  const { lhr } = run;
  const scores = Object.fromEntries(
    categories.map((name) => [name, Math.round(100 * (lhr.categories[name]?.score ?? 0))]),
  );
  const lost = categories.flatMap((name) =>
    (lhr.categories[name]?.auditRefs ?? []).flatMap(({ id, weight }) => {
      const audit = lhr.audits[id];
      return weight > 0 && audit?.score != null && audit.score < 0.9
        ? [`${id}: ${audit.displayValue ?? audit.title}`, ...elements(audit.details)]
        : [];
    }),
  );
  results.push({ view, scores, lost });
  process.stdout.write(`${view}: ${categories.map((name) => `${name} ${scores[name]}`).join(", ")}\n`);
  for (const line of lost) process.stdout.write(`  ${line}\n`);
}

try {
  await judge("home", `${home}#/`);
  // A container that runs, and is there again after the reload that Lighthouse makes.
  const page = await browser.newPage();
  await page.goto(`${home}#/containers`);
  const shows = (text: string) =>
    page.waitForFunction(
      (wanted) =>
        (globalThis as { drydockTerminalText?: () => string }).drydockTerminalText?.().includes(wanted) === true,
      { timeout: 120_000 },
      text,
    );
  await shows("$");
  await page.focus(".xterm-helper-textarea");
  await page.keyboard.type("docker run -d --restart always --name web busybox sleep 1d\n");
  await page.waitForSelector('a[href="#/containers/web"]', { timeout: 120_000 });
  await page.close();
  await judge("playground with a running container", `${home}#/containers/web/logs`);
} finally {
  await browser.close();
  await site.close();
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
process.exit(results.every(({ scores }) => Object.values(scores).every((score) => score >= bar)) ? 0 : 1);
