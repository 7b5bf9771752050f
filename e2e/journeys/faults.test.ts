/** What goes wrong, at each stage of the machine's life: a message that says what, what is safe and what to do, and nothing lost. */
import type { Page, Route } from "playwright-core";
import { afterEach, describe, expect, it } from "vitest";
import { PageTerminals } from "../walkthrough/page-terminals.ts";
import { serveBuiltSite } from "./site.ts";
import { machineRuns, profileOn, screen } from "./stage.ts";

const stage = profileOn(serveBuiltSite);
afterEach(async () => {
  await stage.profile.unrouteAll({ behavior: "ignoreErrors" });
  for (const page of stage.profile.pages()) await page.close();
});

const machineScript = "**/assets/main-*.js";

/** The page on a playground of its own, without a service worker that would answer in the network's place. */
async function open(playground: string): Promise<Page> {
  const page = await stage.page();
  await page.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, "serviceWorker"));
  await page.goto(`${stage.url}?playground=${playground}#/playground`);
  return page;
}
/** The machine's script with `code` in front of it. */
const prefixed = (code: string) => async (route: Route) => {
  const response = await route.fetch();
  await route.fulfill({ response, body: code + (await response.text()) });
};
const pane = (page: Page) => page.getByRole("region", { name: "Terminal" });
const prompt = (page: Page) => expect.poll(() => screen(page), { timeout: 60_000, interval: 500 }).toMatch(/\$$/);

const part = "A part of the machine could not be loaded";

describe("the start", () => {
  it.each([
    ["its script", machineScript, "The machine did not start", ""],
    ["the emulator", "**/machine/v86-*", part, "The emulator (machine/v86-"],
    ["the memory", "**/machine/state-*", part, "The machine's memory (machine/state-"],
    ["the disk", "**/machine/disk.ext4.gz", part, "The machine's empty disk (machine/disk.ext4.gz)"],
  ])("says that %s could not be had, and a second try does it", async (_, files, heading, text) => {
    await stage.profile.route(files, (route) => route.abort());
    const page = await open("start");
    await page.getByRole("heading", { name: heading }).waitFor();
    await page.getByRole("alert").getByText(text).first().waitFor();
    await stage.profile.unrouteAll();
    await page.getByRole("button", { name: "Try again" }).click();
    await prompt(page);
    await page.close();
  });

  it("asks again by itself for what fails once, and restores the machine all the same", async () => {
    const failed = new Set<string>();
    await stage.profile.route(/\/machine\/(?:v86|state|code|disk|manifest)|\/userland\/manifest/, async (route) => {
      // Code is asked for a second time where the service worker would have its copy.
      const url = route.request().url().replace(/\?.*/, "");
      if (failed.has(url)) return await route.continue();
      failed.add(url);
      return await (failed.size % 2 === 0 ? route.abort() : route.fulfill({ status: 503 }));
    });
    const page = await open("once");
    await prompt(page);
    expect(failed.size).toBe(6);
    expect(
      await page
        .getByRole("region", { name: "Notices" })
        .getByText(/booted anew/)
        .count(),
    ).toBe(0);
  });

  it("says what to do in a browser without WebAssembly, and offers no second try that would end the same", async () => {
    const page = await stage.profile.newPage();
    await page.addInitScript(() => Reflect.deleteProperty(globalThis, "WebAssembly"));
    await page.goto(`${stage.url}?playground=bare#/playground`);
    await page.getByRole("alert").getByText("This browser runs no WebAssembly").waitFor();
    expect(await page.getByRole("button", { name: "Try again" }).count()).toBe(0);
  });

  it("says that the engine's part is missing, and a second try does it", async () => {
    await stage.profile.route("**/assets/guest-engine-*.js", (route) => route.abort());
    const page = await open("engine");
    await pane(page)
      .getByText(/The engine did not start/)
      .waitFor();
    await stage.profile.unrouteAll();
    await page.getByRole("button", { name: "Start the machine again" }).click();
    await prompt(page);
  });

  it("goes on where the browser denies storage, and says that nothing is kept", async () => {
    await stage.profile.route(
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

  it("begins in memory where there is no room for a new playground, and names the full storage where one is there", async () => {
    const noRoom = prefixed(
      `FileSystemSyncAccessHandle.prototype.write = () => { throw new DOMException("full", "QuotaExceededError"); };`,
    );
    await stage.profile.route(machineScript, noRoom);
    const page = await open("no-room");
    await page
      .getByRole("region", { name: "Notices" })
      .getByText("The browser's storage for this site is full: nothing is kept after a reload.")
      .waitFor();
    await page.getByText("Not kept after a reload").waitFor();
    await prompt(page);
    await stage.profile.unrouteAll();
    await page.reload();
    await prompt(page);
    await page.getByText(/^Engine \d/).waitFor();
    await stage.profile.route(machineScript, noRoom);
    await page.reload();
    await page.getByRole("heading", { name: "The storage is full" }).waitFor();
    await page
      .getByRole("alert")
      .getByText(/Delete a playground on the first page/)
      .waitFor();
    await page.getByRole("link", { name: "Playgrounds" }).waitFor();
    await stage.profile.unrouteAll();
    await page.getByRole("button", { name: "Try again" }).click();
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
    await expect.poll(() => screen(page), { timeout: 60_000 }).toMatch(/data\s+written/);
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
    await machineRuns(page);
    await prompt(page);
    await page
      .getByRole("textbox", { name: /^Terminal/ })
      .first()
      .focus();
    await page.keyboard.type("cat kept.txt; docker volume ls -q\n");
    await expect.poll(() => screen(page), { timeout: 60_000 }).toMatch(/kept\s+data/);
  });

  it("says that the storage is full, and the machine goes on", async () => {
    const page = await open("full");
    await prompt(page);
    // The engine starts behind the prompt, and writes to its disk when it does.
    await page.getByText(/^Engine \d/).waitFor();
    const devtools = await stage.profile.newCDPSession(page);
    await devtools.send("Storage.overrideQuotaForOrigin", { origin: new URL(stage.url).origin, quotaSize: 1_000_000 });
    try {
      await page
        .getByRole("textbox", { name: /^Terminal/ })
        .first()
        .focus();
      await page.keyboard.type('docker pull nginx; echo "ended with $?"\n');
      await expect.poll(() => screen(page), { timeout: 60_000 }).toMatch(/ended with 1/);
      expect((await screen(page)).replaceAll("\n", "")).toContain("no space left on device");
      await page
        .getByRole("textbox", { name: /^Terminal/ })
        .first()
        .focus();
      await page.keyboard.type("echo still here\n");
      await expect.poll(() => screen(page)).toMatch(/\nstill here/);
    } finally {
      await devtools.send("Storage.overrideQuotaForOrigin", { origin: new URL(stage.url).origin });
    }
  });

  it("goes on over a piece of a program or of an image that comes at the second try, and names one that never comes", {
    timeout: 240_000,
  }, async () => {
    const page = await open("pieces");
    await prompt(page);
    const terminals = await PageTerminals.open(page);
    const once = new Set<string>();
    await stage.profile.route(/\/userland\/chunks\/|\/blobs\//, async (route) => {
      const key = `${route.request().url()} ${route.request().headers().range}`;
      if (once.has(key)) return await route.continue();
      once.add(key);
      return await route.abort();
    });
    expect(await terminals.run("jq -n '1 + 1'")).toMatchObject({ code: 0, text: "2\n" });
    await stage.profile.unrouteAll();
    expect(await terminals.run("docker pull -q debian")).toMatchObject({ code: 0 });
    await stage.profile.route(/\/userland\/chunks\/|\/blobs\//, (route) => route.abort());
    const notice = (text: RegExp) => page.getByRole("region", { name: "Notices" }).getByText(text).first();
    expect((await terminals.run("strace -V")).code).not.toBe(0);
    await notice(/^The machine's programs could not be read: .* could not be downloaded/).waitFor();
    expect((await terminals.run("docker run --rm debian perl -e 'print 42'")).code).not.toBe(0);
    await notice(/^An image's files could not be read: .*blobs/).waitFor();
    await stage.profile.unrouteAll();
    expect((await terminals.run("strace -V")).code).toBe(0);
    expect(await terminals.run("docker run --rm debian perl -e 'print 42'")).toMatchObject({ code: 0, text: "42" });
  });

  it("goes on under a fork bomb, a hog of memory and a flood, each held by its container's limits", async () => {
    const page = await open("hostile");
    await prompt(page);
    const terminals = await PageTerminals.open(page);
    await terminals.run(
      "docker run -d --name bomb --pids-limit 40 busybox sh -c 'bomb() { while :; do bomb & done; }; bomb 2>/dev/null & sleep 1000'",
    );
    const pids = "docker stats --no-stream --format '{{.PIDs}}' bomb";
    await expect.poll(async () => Number((await terminals.run(pids)).text), { timeout: 60_000 }).toBeGreaterThan(20);
    expect(Number((await terminals.run(pids)).text)).toBeLessThanOrEqual(40);
    await terminals.run("docker run --name hog --memory 16m --memory-swap 16m busybox tail /dev/zero");
    expect(await terminals.run("docker inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}}' hog")).toMatchObject({
      text: "true 137\n",
    });
    const flood = await terminals.free();
    await flood.start("docker run --rm --name flood busybox yes");
    await flood.sees(/y\ny\ny/);
    expect((await terminals.run("docker ps --format '{{.Names}}'")).text).toMatch(/flood/);
    await page.evaluate(() => {
      location.hash = "#/containers";
    });
    await page.getByRole("link", { name: "flood", exact: true }).first().waitFor();
    expect((await terminals.run("docker rm -f bomb hog flood")).code).toBe(0);
    expect((await flood.ended()).code).toBe(137);
  });

  it("lets nothing hang that cannot leave the machine, and says why", async () => {
    const page = await open("traffic");
    await prompt(page);
    const terminals = await PageTerminals.open(page);
    const leaves = "only HTTP leaves a browser tab (ports 80 and 443)";
    for (const [line, why, notice] of [
      ["docker run --rm busybox wget http://example.com", /502|refused/, "example.com cannot be reached"],
      ["curl -sSf https://example.org", /\(22\)|refused/, "example.org cannot be reached"],
      ["ping -c1 -W5 1.1.1.1", /unreachable/i, `1.1.1.1 cannot be pinged: ${leaves}`],
      ["docker run --rm busybox ping -c1 -W5 1.0.0.1", /100% packet loss/, `1.0.0.1 cannot be pinged: ${leaves}`],
    ] as const) {
      const shown = page.getByRole("region", { name: "Notices" }).getByText(notice).first();
      const told = shown.waitFor().then(
        () => notice,
        (error: unknown) => String(error),
      );
      const { code, text } = await terminals.run(line);
      expect(code, line).not.toBe(0);
      expect(text, line).toMatch(why);
      expect(await told).toBe(notice);
    }
  });
});
