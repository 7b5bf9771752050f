import { describe, it } from "vitest";
import { serveFakeSite } from "./site.ts";
import { browserOn, machineRuns } from "./stage.ts";

const stage = browserOn(serveFakeSite);

describe("two tabs on one playground", () => {
  it("do not work on it at once; the second can take over, and the first says so", async () => {
    const first = await stage.open("#/playground");
    await machineRuns(first);
    const second = await first.context().newPage();
    await second.goto(`${stage.url}#/playground`);
    await second.getByRole("heading", { name: "This playground is open in another tab" }).waitFor();
    await second.getByRole("button", { name: "Use it here" }).click();
    await machineRuns(second);
    const terminal = first.getByRole("region", { name: "Terminal" });
    await terminal.getByText("Another tab has taken this playground over.", { exact: true }).waitFor();
    await first.context().close();
  });
});

describe("without a network", () => {
  it("the page comes from the device, and the machine starts", async () => {
    const page = await stage.open("#/playground");
    await page.getByText("Works offline").waitFor();
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
      while (navigator.serviceWorker.controller === null) await new Promise((resolve) => setTimeout(resolve, 50));
    });
    await page.context().setOffline(true);
    await page.reload();
    await machineRuns(page);
    await page.getByRole("link", { name: "web", exact: true }).waitFor();
    await page.context().close();
  });
});
