/** The walkthrough's sections on containers and networks, typed into the page's own terminals. */
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { expectations, stepsShown } from "../walkthrough/expectations.ts";
import { PageClient } from "../walkthrough/page-client.ts";
import { PageTerminals } from "../walkthrough/page-terminals.ts";
import { isItThere } from "../walkthrough/sections/is-it-there.ts";
import { lookAfter } from "../walkthrough/sections/look-after.ts";
import { networks } from "../walkthrough/sections/networks.ts";
import { run } from "../walkthrough/sections/run.ts";
import { differenceOnScreen } from "../walkthrough/shown.ts";
import { transcript } from "../walkthrough/transcript.ts";
import { serveBuiltSite } from "./site.ts";
import { profileOn } from "./stage.ts";

const stage = profileOn(serveBuiltSite);
let page: Page;
let terminals: PageTerminals;

beforeAll(async () => {
  page = await stage.page();
  await page.goto(`${stage.appUrl}#/playground`);
  await page.getByRole("textbox", { name: /^Terminal/ }).waitFor();
  terminals = await PageTerminals.open(page);
});

describe.sequential("the walkthrough in the page's terminals", () => {
  for (const section of [isItThere, run, lookAfter, networks])
    it(section.title, { timeout: 300_000 }, async () => {
      for (const image of section.images)
        expect(await terminals.run(`docker pull -q ${image}`)).toMatchObject({ code: 0 });
      for (const image of section.absent ?? []) await terminals.run(`docker rmi -f ${image}`);
      const dir = "/home/learner/site";
      const expected = expectations(section);
      const steps = stepsShown(section);
      const differences: Record<string, readonly string[]> = {};
      let index = 0;
      const surroundings = { dir, root: "/var/lib/docker", foreign: [] };
      for await (const entry of transcript(section, new PageClient(terminals, dir), surroundings)) {
        const found = differenceOnScreen(expected[index], entry, steps[index] ?? {});
        if (found.length > 0) differences[`${index} ${entry.line}`] = found;
        index++;
      }
      expect(differences).toEqual({});
      expect(index).toBe(expected.length);
    });

  it("serves nginx in the foreground to a second terminal and to the preview, until Ctrl-C", async () => {
    const front = await terminals.free();
    await front.start("docker run -p 8080:80 nginx");
    await front.sees(/start worker process/);
    expect(await terminals.run("curl -s localhost:8080")).toMatchObject({
      code: 0,
      text: expect.stringContaining("Welcome to nginx!"),
    });
    await page.getByRole("button", { name: /^8080/ }).click();
    const container = page.frameLocator('iframe[title="Preview of port 8080"]').frameLocator("iframe");
    await container.getByRole("heading", { name: "Welcome to nginx!" }).waitFor();
    await page.getByRole("button", { name: "Close the preview" }).click();
    await front.show();
    await front.sees(/GET \/ HTTP\/1\.1" 200/);
    await front.type("\u0003");
    expect((await front.ended()).code).toBe(0);
  });

  it("tells a container's shell the terminal's new size", async () => {
    const tab = await terminals.free();
    await tab.start("docker run -it --rm --name sized debian bash --norc");
    const size = async (): Promise<number> => {
      await tab.type("clear; stty size\r");
      return Number(/^\d+ (\d+)$/m.exec(await tab.sees(/^\d+ \d+$[\s\S]*# $/m))?.[1]);
    };
    await tab.sees(/# $/);
    const wide = await size();
    await page.setViewportSize({ width: 1000, height: 800 });
    await expect.poll(size).toBeLessThan(wide);
    await page.setViewportSize({ width: 1440, height: 900 });
    await expect.poll(size).toBe(wide);
    await tab.type("exit 3\r");
    expect((await tab.ended()).code).toBe(3);
  });

  it("follows a log, events and figures while they come", async () => {
    await terminals.run("docker run -d --name talker busybox tail -F /said");
    const log = await terminals.free();
    await log.start("docker logs -f talker");
    const events = await terminals.free();
    await events.start("docker events --filter container=talker");
    const stats = await terminals.free();
    await stats.start("docker stats talker");
    await stats.sees(/^[0-9a-f]{12} +talker +\d+\.\d\d% +[\d.]+[kKM]iB \/ /m);
    await terminals.run("docker exec talker sh -c 'echo first > /said'");
    await log.show();
    await log.sees(/^first$/m);
    await events.show();
    await events.sees(/ container exec_start: sh -c echo first > \/said /);
    await terminals.run("docker rm -f talker");
    expect((await log.ended()).code).toBe(0);
    await events.show();
    await events.sees(/ container destroy /);
    for (const endless of [events, stats]) {
      await endless.show();
      await endless.type("\u0003");
      await endless.ended();
    }
  });

  it("reaches a container of the default bridge by its address, and not by its name", async () => {
    await terminals.run("docker run -d --name other debian sleep 1d");
    const address = "$(docker inspect -f '{{.NetworkSettings.IPAddress}}' other)";
    expect(await terminals.run(`docker run --rm debian ping -c1 ${address}`)).toMatchObject({ code: 0 });
    expect(await terminals.run("docker run --rm debian ping -c1 other")).toMatchObject({ code: 2 });
    await terminals.run("docker rm -f other");
  });
});
