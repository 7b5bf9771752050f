/** What goes wrong, at each stage of the machine's life: a message that says what, what is safe and what to do, and nothing lost. */
import type { BrowserContext, Page, Route } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { SiteServer } from "../../scripts/site-server.ts";
import { launchProfile, serveBuiltSite, terminalText } from "./site.ts";

let site: SiteServer;
let profile: BrowserContext;
beforeAll(async () => {
  site = await serveBuiltSite();
  profile = await launchProfile();
  await profile.grantPermissions(["clipboard-read", "clipboard-write"]);
}, 600_000);
afterEach(async () => {
  await profile.unrouteAll({ behavior: "ignoreErrors" });
  for (const page of profile.pages()) await page.close();
});
afterAll(async () => {
  await profile?.close();
  await site?.close();
});

const machineScript = "**/assets/main-*.js";

/** The page on a playground of its own, without a service worker that would answer in the network's place. */
async function open(playground: string): Promise<Page> {
  const page = await profile.newPage();
  page.setDefaultTimeout(60_000);
  await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, "serviceWorker"));
  await page.goto(`${site.url}?playground=${playground}#/playground`);
  return page;
}
/** The machine's script with `code` in front of it. */
const prefixed = (code: string) => async (route: Route) => {
  const response = await route.fetch();
  await route.fulfill({ response, body: code + (await response.text()) });
};
const pane = (page: Page) => page.getByRole("region", { name: "Terminal" });
const prompt = (page: Page) => expect.poll(() => terminalText(page), { timeout: 60_000, interval: 500 }).toMatch(/\$$/);

describe("the start", () => {
  it.each([
    ["its script", machineScript, "The machine did not start"],
    ["the emulator", "**/machine/v86-*", "A part of the machine could not be loaded"],
    ["the disk", "**/machine/disk.ext4.gz", "A part of the machine could not be loaded"],
  ])("says that %s could not be had, and a second try does it", async (_, files, heading) => {
    await profile.route(files, (route) => route.abort());
    const page = await open("start");
    await page.getByRole("heading", { name: heading }).waitFor();
    await profile.unrouteAll();
    await page.getByRole("button", { name: "Try again" }).click();
    await prompt(page);
  });

  it("says that the engine's part is missing, and a second try does it", async () => {
    await profile.route("**/assets/guest-engine-*.js", (route) => route.abort());
    const page = await open("engine");
    await pane(page)
      .getByText(/The engine did not start/)
      .waitFor();
    await profile.unrouteAll();
    await page.getByRole("button", { name: "Start the machine again" }).click();
    await prompt(page);
  });

  it("goes on where the browser denies storage, and says that nothing is kept", async () => {
    await profile.route(
      machineScript,
      prefixed(`navigator.storage.getDirectory = async () => { throw new DOMException("denied", "SecurityError"); };`),
    );
    const page = await open("denied");
    await page
      .getByRole("region", { name: "Notices" })
      .getByText("This browser gives the page no storage: nothing is kept after a reload.")
      .waitFor();
    await page.getByText("Not kept after a reload").waitFor();
    await prompt(page);
  });
});

describe("the run", () => {
  it("ends with a Worker that dies, says what is kept, and starts again with it", async () => {
    const page = await open("dies");
    await prompt(page);
    await page
      .getByRole("textbox", { name: /^Terminal/ })
      .first()
      .focus();
    await page.keyboard.type("echo kept > kept.txt; docker volume create data; sync; echo written\n");
    await expect.poll(() => terminalText(page), { timeout: 60_000 }).toMatch(/data\s+written/);
    for (const worker of page.workers().filter((each) => each.url().includes("/main-")))
      await worker.evaluate(() =>
        Reflect.apply(setTimeout, undefined, [
          () => {
            throw new Error("out of memory");
          },
          0,
        ]),
      );
    await page.getByRole("heading", { name: "The machine stopped" }).waitFor();
    await pane(page)
      .getByText(/Files, images and volumes are kept/)
      .waitFor();
    await page.getByRole("button", { name: "Start the machine again" }).click();
    await page.getByText("Machine running", { exact: true }).waitFor();
    await prompt(page);
    await page
      .getByRole("textbox", { name: /^Terminal/ })
      .first()
      .focus();
    await page.keyboard.type("cat kept.txt; docker volume ls -q\n");
    await expect.poll(() => terminalText(page), { timeout: 60_000 }).toMatch(/kept\s+data/);
  });

  it("says that the storage is full, and the machine goes on", async () => {
    const page = await open("full");
    await prompt(page);
    const devtools = await profile.newCDPSession(page);
    await devtools.send("Storage.overrideQuotaForOrigin", { origin: new URL(site.url).origin, quotaSize: 1_000_000 });
    try {
      await page
        .getByRole("textbox", { name: /^Terminal/ })
        .first()
        .focus();
      await page.keyboard.type('docker pull nginx; echo "ended with $?"\n');
      await expect.poll(() => terminalText(page), { timeout: 60_000 }).toMatch(/ended with 1/);
      expect((await terminalText(page)).replaceAll("\n", "")).toContain("no space left on device");
      await page
        .getByRole("textbox", { name: /^Terminal/ })
        .first()
        .focus();
      await page.keyboard.type("echo still here\n");
      await expect.poll(() => terminalText(page)).toMatch(/\nstill here/);
    } finally {
      await devtools.send("Storage.overrideQuotaForOrigin", { origin: new URL(site.url).origin });
    }
  });
});
