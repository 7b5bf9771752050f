/** The built site on a plane, and a new version of it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildSite } from "../../scripts/build/steps.ts";
import { type SiteServer, serveSite } from "../../scripts/site-server.ts";
import { PageTerminals } from "../walkthrough/page-terminals.ts";
import { launchProfile } from "./site.ts";
import { machineRuns } from "./stage.ts";

const built = fileURLToPath(new URL("../../dist", import.meta.url));
/** What a later deployment has changed. */
const changed = mkdtempSync(join(tmpdir(), "drydock-deployed-"));
const port = { port: 0 };
let site: SiteServer;
let profile: BrowserContext;
let page: Page;

const serve = () =>
  serveSite([changed, built], {
    ...port,
    compress: true,
    mounts: { "/catalogue/": fileURLToPath(new URL("../../build/catalogue", import.meta.url)) },
  });

beforeAll(async () => {
  await buildSite();
  site = await serve();
  port.port = site.port;
  profile = await launchProfile();
  page = await profile.newPage();
  page.setDefaultTimeout(90_000);
}, 600_000);
afterAll(async () => {
  await profile?.close();
  await site?.close();
  rmSync(changed, { recursive: true });
});

const keepButton = (image: string) => page.getByRole("button", { name: new RegExp(`^Keep ${image} offline, `) });

describe.sequential("the built site", () => {
  it("keeps itself, the machine's programs and the first images, and nginx once it was told to, which says its size", async () => {
    await page.goto(`${site.url}#/images`);
    await page.getByText("Works offline").waitFor();
    await page.getByRole("button", { name: "Keep offline", exact: true }).click();
    expect(await keepButton("nginx").getAttribute("aria-label")).toMatch(/, [\d.]+ MB$/);
    await keepButton("nginx").click();
    await page.getByRole("button", { name: /^Keep nginx offline/, pressed: true }).waitFor();
    // Behind the start, and debian last: then all of it is here.
    const debian = async (): Promise<string | null> => {
      await page.getByRole("button", { name: "Close", exact: true }).click();
      await page.getByRole("button", { name: "Keep offline", exact: true }).click();
      return await keepButton("debian").getAttribute("aria-pressed");
    };
    await expect.poll(debian, { timeout: 120_000, interval: 2000 }).toBe("true");
  }, 300_000);

  it("starts a new playground without a network, with programs that were never used and all kept images", async () => {
    await site.close();
    await page.goto(`${site.url}?playground=plane#/containers`);
    await machineRuns(page);
    const terminals = await PageTerminals.open(page);
    const says = async (line: string, text: RegExp): Promise<void> => {
      const ended = await terminals.run(line);
      expect(ended.text, line).toMatch(text);
      expect(ended.code, line).toBe(0);
    };
    await says("jq -n '1 + 1'", /^2$/m);
    await says("docker run --rm hello-world", /Hello from Docker!/);
    await says("docker run --rm busybox echo from busybox", /from busybox/);
    await says("docker run --rm debian cat /etc/debian_version", /^1\d/m);
    await says("docker run -d -p 8080:80 nginx", /[0-9a-f]{64}/);
    await says("curl -s --retry 5 --retry-connrefused localhost:8080", /Welcome to nginx!/);
    const refused = await terminals.run("docker pull redis");
    expect(refused.code).toBe(1);
  }, 300_000);

  it("offers a new version, goes on with the old one until it is taken, and comes up with the new one then", async () => {
    const worker = readFileSync(join(built, "sw.js"), "utf8");
    const version = /drydock-page-([0-9a-f]{16})/.exec(worker)?.[1] ?? "none";
    writeFileSync(join(changed, "sw.js"), worker.replaceAll(version, "newer"));
    const index = readFileSync(join(built, "index.html"), "utf8");
    writeFileSync(join(changed, "index.html"), index.replace("<head>", '<head><meta name="newer" content="yes">'));
    site = await serve();
    const newer = () => page.locator('meta[name="newer"]').count();
    await page.reload();
    const offer = page.getByRole("region", { name: "Notices" }).getByText(/^A new version of this page is ready/);
    await offer.waitFor();
    await machineRuns(page);
    expect(await newer()).toBe(0);
    // Not forced by a reload either.
    await page.reload();
    await offer.waitFor();
    expect(await newer()).toBe(0);
    await page.getByRole("button", { name: "Reload with it" }).click();
    await page.locator('meta[name="newer"]').waitFor({ state: "attached" });
    await machineRuns(page);
  }, 300_000);
});
