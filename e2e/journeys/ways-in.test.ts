/** Ways into a playground by an address: what is shown before anything happens, and that nothing happens before somebody agrees. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Recipe, writeLink } from "../../lessons/link/index.ts";
import { openPage, serveFakeSite } from "./site.ts";
import { browserOn, machineRuns, screen } from "./stage.ts";

const files: Readonly<Record<string, string>> = {
  "/compose.yaml": "services:\n  web:\n    image: nginx\n    ports: ['8080:80']\n  app:\n    build: .\n",
  "/lesson.yaml":
    "title: Tides\ntrack: sea\nminutes: 3\nsummary: High and low.\nsteps:\n  - id: one\n    title: One\n    text: 01.md\n    start:\n      files: { tide.txt: high }\n      images: [busybox]\n      run: [docker run -d --name tide busybox sleep 1000]\n",
  "/01.md": "The tide is high.\n",
  "/Dockerfile": "FROM busybox\n",
  "/recipe.json": JSON.stringify({ v: 1, title: "A recipe", steps: ["docker run -d --name fromrecipe nginx"] }),
  "/bad.json": JSON.stringify({ v: 1, steps: ["rm -rf ~"] }),
  "/closed.json": "{}",
};

const stage = browserOn(serveFakeSite);
let elsewhere: Server;
let other: string;
beforeAll(async () => {
  elsewhere = createServer((request, response) => {
    const text = files[request.url ?? ""];
    response.writeHead(text === undefined ? 404 : 200, {
      "content-type": "text/plain",
      ...(request.url === "/closed.json" ? {} : { "access-control-allow-origin": "*" }),
    });
    response.end(text);
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
  other = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
});
afterAll(() => {
  elsewhere?.close();
});

const open = (address: string): Promise<Page> => stage.open(address);

async function agree(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Open and run" }).click();
  await machineRuns(page);
}
const terminalShows = (page: Page, text: string) => expect.poll(() => screen(page)).toContain(text);

describe("an address that opens something", () => {
  it("names an image and a command: one line, shown first", async () => {
    const page = await open(`?image=busybox&cmd=${encodeURIComponent('echo "a b"; reboot')}`);
    await page.getByText("docker run -it --rm busybox echo 'a b;' reboot").waitFor();
    await page.getByText("Nothing has run yet.").waitFor();
    expect(await page.getByRole("button", { name: "Look only" }).isDisabled()).toBe(true);
    await agree(page);
    await terminalShows(page, "docker run -it --rm busybox");
    await page.context().close();
  });

  it("leads to a Compose file: lines for its services, and what is left out", async () => {
    const page = await open(`?stack=${encodeURIComponent(`${other}/compose.yaml`)}`);
    await page.getByText("docker run -d --name stack-web-1").waitFor();
    await page.getByText("app: is built from files that are not here.").waitFor();
    await page.getByText(new URL(other).host).waitFor();
    await page.getByRole("button", { name: "Look only" }).click();
    await page.getByRole("tab", { name: "compose.yaml" }).waitFor();
    expect(await screen(page)).not.toContain("docker run");
    await page.context().close();
  });

  it("leads to somebody else's lesson: what it would write, fetch and run is said first", async () => {
    const page = await open(`?lesson=${encodeURIComponent(`${other}/lesson.yaml`)}`);
    await page.getByRole("heading", { name: "Tides", exact: true }).waitFor();
    const note = page.locator("dd-foreign-note");
    await note.getByText("tide.txt").waitFor();
    await page.getByText(/It uses .*to download/).waitFor();
    await note.getByText("docker run -d --name tide busybox sleep 1000").waitFor();
    expect(await page.evaluate(() => location.search)).toBe("?playground=lessons");
    await page.context().close();
  });

  it("leads to a recipe, or to any raw file", async () => {
    const page = await open(`?recipe=${encodeURIComponent(`${other}/recipe.json`)}`);
    await page.getByRole("heading", { name: "Open “A recipe”?" }).waitFor();
    await agree(page);
    await page.getByRole("tab", { name: /^Containers/ }).click();
    await page.getByRole("link", { name: "fromrecipe" }).waitFor();
    await page.goto(
      `${stage.url}?gist=${encodeURIComponent(`${other}/Dockerfile`)}&gist=${encodeURIComponent(`${other}/compose.yaml`)}`,
    );
    await page.getByRole("heading", { name: "2 files" }).waitFor();
    expect(await page.getByRole("button", { name: "Open and run" }).isDisabled()).toBe(true);
    await page.context().close();
  });

  it.each([
    ["?recipe=javascript:alert(1)", "is not an http or https address"],
    ["?recipe=data:application/json,{}", "is not an http or https address"],
    ["?stack=file:///etc/passwd", "is not an http or https address"],
    ["?image=-v/:/host", "This is not the name of an image."],
    ["?image=busybox&cmd=%27", "a quote that is not closed"],
    ["#v9.abc", "from a newer version"],
    ["#v1.!!!", "a character in it does not belong there"],
    ["#open/nonsense/x", "does not know what that address opens"],
    ["#open/recipe/%E0%A4%A", "URI malformed"],
  ])("is refused with a sentence: %s", async (address, sentence) => {
    const page = await open(address);
    await page.getByRole("heading", { name: "This cannot be opened" }).waitFor();
    await page.getByText(sentence).waitFor();
    await page.getByText("Machine not started").waitFor();
    await page.context().close();
  });

  it("says so when the other server answers wrongly, or not for other pages", async () => {
    const page = await open(`?recipe=${encodeURIComponent(`${other}/bad.json`)}`);
    await page.getByText("must be one docker command line").waitFor();
    await page.goto(`${stage.url}?recipe=${encodeURIComponent(`${other}/closed.json`)}`);
    await page.getByText("Its server must allow other pages to read it (CORS).").waitFor();
    await page.goto(`${stage.url}?recipe=${encodeURIComponent(`${other}/none.json`)}`);
    await page.getByText("answered with status 404").waitFor();
    await page.context().close();
  });

  it("shows markup in every field as text", async () => {
    const markup = "<img src=x onerror=\"document.title='owned'\">";
    const recipe: Recipe = {
      v: 1,
      title: markup,
      files: [{ path: markup.replaceAll("/", ""), text: markup, mode: 0o755 }],
      images: [],
      steps: [`docker run ${markup}`],
    };
    const page = await open(await writeLink(recipe));
    await page.getByRole("heading", { name: `Open “${markup}”?` }).waitFor();
    await page.getByText("mode 0755").waitFor();
    expect(await page.locator("main img").count()).toBe(0);
    expect(await page.title()).not.toContain("owned");
    await page.context().close();
  });
});

describe("sharing", () => {
  it("makes a link of what was typed, which opens to the same", async () => {
    const page = await open("#/playground");
    await machineRuns(page);
    await page.getByRole("textbox", { name: /^Terminal/ }).focus();
    await page.keyboard.type("docker run -d --name typed nginx\n");
    await terminalShows(page, "typed");
    await page.getByRole("button", { name: "Share" }).click();
    const dialog = page.getByRole("dialog", { name: "Share this playground" });
    await dialog.getByRole("checkbox", { name: "docker run -d --name typed nginx" }).check();
    await dialog.getByLabel("Title").fill("Typed");
    await dialog.getByRole("button", { name: "Badge for a README" }).click();
    await expect
      .poll(() => page.evaluate(() => navigator.clipboard.readText()))
      .toMatch(/^\[!\[Open in Drydock\]\(http.*badge\.svg\)\]\(http.*#v1\./);
    await dialog.getByRole("button", { name: "Copy the link" }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toMatch(/^http.*#v1\./);
    const link = await page.evaluate(() => navigator.clipboard.readText());
    const visitor = await openPage(stage.browser, link);
    await visitor.getByRole("heading", { name: "Open “Typed”?" }).waitFor();
    await visitor.getByText("docker run -d --name typed nginx").waitFor();
    await visitor.context().close();
    await page.context().close();
  });

  it("offers a file where the link is too long for other programs", async () => {
    const page = await open("#/playground");
    await machineRuns(page);
    await page.getByRole("button", { name: "Share" }).click();
    const dialog = page.getByRole("dialog", { name: "Share this playground" });
    const noise = Array.from({ length: 3000 }, (_, at) => ((at * 2654435761) % 4294967296).toString(36)).join("");
    await dialog.getByLabel(/ommands, one docker line each/).fill(
      noise
        .match(/.{1,3000}/g)
        ?.map((part) => `docker run busybox echo ${part}`)
        .join("\n") ?? "",
    );
    await dialog.getByText("Many programs cut links of more than 8000 characters off.").waitFor();
    const download = page.waitForEvent("download");
    await dialog.getByRole("button", { name: "Save as a file" }).click();
    expect((await download).suggestedFilename()).toBe("recipe.json");
    await page.context().close();
  });
});
