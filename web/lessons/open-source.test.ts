import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { downloadsOf } from "./downloads.ts";
import { openSource, rawAddress } from "./open-source.ts";
import { badgeMarkdown, embedMarkup } from "./snippets.ts";
import { typedLines } from "./typed-lines.ts";

const answers: Record<string, string> = {};
beforeEach(() => {
  vi.stubGlobal("location", new URL("https://site.example/play/"));
  vi.stubGlobal("document", { baseURI: "https://site.example/play/" });
  vi.stubGlobal("fetch", async (url: URL) => {
    const text = answers[url.href];
    if (text === "unreadable") throw new TypeError("Failed to fetch");
    return text === undefined ? new Response("", { status: 404 }) : new Response(text);
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  for (const key of Object.keys(answers)) delete answers[key];
});

describe("what an address opens", () => {
  it("finds the file behind a page about it", () => {
    expect(rawAddress("https://github.com/a/b/blob/main/x/compose.yaml").href).toBe(
      "https://raw.githubusercontent.com/a/b/main/x/compose.yaml",
    );
    expect(rawAddress("https://gist.github.com/a/0123abc").href).toBe(
      "https://gist.githubusercontent.com/a/0123abc/raw",
    );
    expect(rawAddress("https://a.example/blob/x").href).toBe("https://a.example/blob/x");
  });

  it("takes a single raw file for what it is: a recipe, a Compose file, or a file", async () => {
    answers["https://a.example/r.json"] = '{"v":1,"title":"R","steps":["docker ps"]}';
    answers["https://a.example/docker-compose.yml"] = "services: { web: { image: nginx } }";
    answers["https://a.example/app.py"] = "print(1)";
    const open = (address: string) => openSource(`#open/gist/${encodeURIComponent(address)}`);
    expect(await open("https://a.example/r.json")).toMatchObject({
      ok: true,
      from: "a.example",
      recipe: { title: "R" },
    });
    expect(await open("https://a.example/docker-compose.yml")).toMatchObject({
      recipe: { files: [{ path: "compose.yaml" }] },
    });
    expect(await open("https://a.example/app.py")).toMatchObject({
      recipe: { files: [{ path: "app.py", text: "print(1)" }], steps: [] },
    });
  });

  it("gives a file of an impossible name another one", async () => {
    answers["https://a.example/..%2F..%2Fetc"] = "x";
    expect(await openSource(`#open/gist/${encodeURIComponent("https://a.example/..%2F..%2Fetc")}`)).toMatchObject({
      recipe: { files: [{ path: "file.txt" }] },
    });
  });

  it("says what was wrong with the other server", async () => {
    answers["https://a.example/x"] = "unreadable";
    answers["https://a.example/big"] = "x".repeat(4_100_000);
    const message = async (address: string) =>
      ((await openSource(`#open/recipe/${encodeURIComponent(address)}`)) as { message: string }).message;
    expect(await message("https://a.example/x")).toContain("CORS");
    expect(await message("https://a.example/none")).toContain("status 404");
    expect(await message("https://a.example/big")).toContain("is larger than 4000 kB");
    expect(await message("ftp://a.example/x")).toContain("is not an http or https address");
  });
});

it("knows sizes of the site's own images, and says of others that it does not", async () => {
  answers["https://site.example/play/catalogue/index.json"] = JSON.stringify({
    repositories: [{ name: "library/nginx", tags: [{ tag: "latest", size: 5 }] }],
  });
  expect(
    await downloadsOf(["nginx", "docker.io/library/nginx:latest", "a/b:1", "busybox"], ["busybox:latest"]),
  ).toEqual([
    { ref: "nginx", size: 5 },
    { ref: "docker.io/library/nginx:latest", size: 5 },
    { ref: "a/b:1", size: undefined },
    { ref: "busybox", size: "here" },
  ]);
});

it("finds the docker lines that were typed behind a prompt", () => {
  const screen =
    "learner@drydock:~/site$ docker run -d nginx\nabc\nlearner@drydock:~/site$ ls\nlearner@drydock:~/site$ docker ps  \n/ # docker ps -a";
  expect(typedLines(screen)).toEqual(["docker run -d nginx", "docker ps"]);
});

it("makes texts to paste elsewhere", () => {
  const link = "https://site.example/play/#v1.abc";
  expect(badgeMarkdown(link)).toBe(`[![Open in Drydock](https://site.example/play/badge.svg)](${link})`);
  expect(embedMarkup(link)).toBe(
    '<script src="https://site.example/play/embed.js"></script>\n<drydock-playground link="#v1.abc"></drydock-playground>',
  );
});
