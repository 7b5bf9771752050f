import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { build, type Rolldown } from "vite";
import { launchProfile, serveBuiltSite } from "../journeys/site.ts";
import type { PageDriver } from "./page-driver.ts";
import type { Ran, Soaked, Way } from "./soaked.ts";

type Soaking = { readonly soak: PageDriver };

/** The built site's own Worker in Chromium. */
export class ChromiumPlayground implements Soaked {
  readonly #page: Page;
  readonly #end: () => Promise<void>;

  private constructor(page: Page, end: () => Promise<void>) {
    this.#page = page;
    this.#end = end;
  }

  static async open(): Promise<ChromiumPlayground> {
    const site = await serveBuiltSite();
    // Stored checkpoints need storage that outlives a Worker.
    const browser = await launchProfile();
    const page = await browser.newPage();
    await page.goto(site.url);
    await page.addScriptTag({ type: "module", content: await bundledDriver() });
    await page.waitForFunction(() => "soak" in globalThis);
    await page.evaluate((program) => (globalThis as unknown as Soaking).soak.start(program), workerProgram(site.url));
    return new ChromiumPlayground(page, async () => {
      await browser.close();
      await site.close();
    });
  }

  async docker(...args: readonly string[]): Promise<Ran> {
    const run = await this.#page.evaluate((line) => (globalThis as unknown as Soaking).soak.docker(line), args);
    return { code: run.exitCode, stdout: run.stdout, stderr: run.stderr };
  }

  async write(path: string, text: string): Promise<void> {
    await this.#page.evaluate(([to, content]) => (globalThis as unknown as Soaking).soak.write(to, content), [
      path,
      text,
    ] as const);
  }

  async interrupt(way: Way, milliseconds: number): Promise<void> {
    await this.#page.evaluate(([how, after]) => (globalThis as unknown as Soaking).soak.interrupt(how, after), [
      way,
      milliseconds,
    ] as const);
  }

  async close(): Promise<void> {
    await this.#end();
  }
}

/** The Worker's script among the site's assets. */
function workerProgram(site: string): string {
  const assets = readdirSync(fileURLToPath(new URL("../../dist/assets", import.meta.url)));
  const program = assets.find((name) => /^main-[\w-]+\.js$/.test(name));
  if (program === undefined) throw new Error("dist/assets has no program of the machine");
  return new URL(`assets/${program}`, site).href;
}

async function bundledDriver(): Promise<string> {
  const entry = fileURLToPath(new URL("page-driver.ts", import.meta.url));
  const output = (await build({
    configFile: false,
    logLevel: "error",
    build: { write: false, lib: { entry, formats: ["es"], fileName: "soak" } },
  })) as Rolldown.RolldownOutput[];
  const chunk = output[0]?.output[0];
  if (chunk?.type !== "chunk") throw new Error("the soak's driver was not bundled");
  return chunk.code;
}
