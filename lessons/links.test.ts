/** No dead links within the repository's documents and the site's own pages. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parseRoute } from "../web/shell/router.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const files = (folder: string, ending: RegExp): readonly string[] =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder))
        .filter((name) => ending.test(name))
        .map((name) => join(folder, name))
    : [];
const documents = [...files(".", /\.md$/), ...files("docs", /\.md$/), ...files("embed", /\.md$/)];

/** The name that a heading gets as a place, as GitHub makes it. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-");

function deadLinks(document: string): readonly string[] {
  const text = readFileSync(join(root, document), "utf8").replaceAll(/```[\s\S]*?```/g, "");
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, address]) => address ?? "")
    .filter((address) => !/^[a-z]+:/.test(address))
    .filter((address) => {
      const [path = "", place] = address.split("#");
      const target = path === "" ? join(root, document) : join(root, dirname(document), path);
      if (!existsSync(target)) return true;
      if (place === undefined || !target.endsWith(".md")) return false;
      const headings = [...readFileSync(target, "utf8").matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
        anchor(title ?? ""),
      );
      return !headings.includes(place);
    })
    .map((address) => `${document}: ${address}`);
}

describe("links", () => {
  it.each(documents)("in %s lead somewhere", (document) => {
    expect(deadLinks(document)).toEqual([]);
  });

  it("in the site's own pages lead to files of the site, or to places of the page", () => {
    const made = new Set(["embed.js", ""]);
    const dead = files("web/public", /\.html$/).flatMap((page) =>
      [...readFileSync(join(root, page), "utf8").matchAll(/(?<!&lt;[^>]*)\b(?:href|src)="(\.\/[^"]*|#[^"]*)"/g)]
        .map(([, address]) => address ?? "")
        .filter((address) => {
          if (address.startsWith("#/")) return parseRoute(address).view === "notFound";
          const file = address.replace(/^\.\//, "").replace(/[?#].*$/, "");
          return !made.has(file) && !existsSync(join(root, "web/public", file));
        })
        .map((address) => `${relative(root, join(root, page))}: ${address}`),
    );
    expect(dead).toEqual([]);
  });
});
