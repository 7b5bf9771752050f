import { describe, expect, it } from "vitest";
import { cleanPath, PatternMatcher, readIgnoreFile } from "./ignore.ts";

describe("an ignore file", () => {
  it("is read line by line, comments left out and paths cleaned", () => {
    expect(readIgnoreFile("\uFEFF# c\n /a/ \n\n! b/../c\n*.md\n")).toEqual(["a", "!c", "*.md"]);
    expect(cleanPath("/../a/./b//")).toBe("/a/b");
  });

  it.each([
    [["*.md"], "README.md", true],
    [["*.md"], "docs/README.md", false],
    [["**/*.md"], "docs/x/README.md", true],
    [["**/*.md"], "README.md", true],
    [["node_modules"], "node_modules/a/b.js", true],
    [["*", "!src"], "src/a.ts", false],
    [["*", "!src/a.ts"], "src/b.ts", true],
    [["docs", "!docs/keep.md"], "docs/keep.md", false],
    [["a?c"], "abc", true],
    [["a[0-9]"], "a5", true],
    [["a.c"], "abc", false],
    [["foo/**"], "foo/x/y", true],
    [["foo/**"], "foo", false],
  ] as const)("%j %s: %s", (patterns, path, matched) => {
    expect(new PatternMatcher(patterns).matches(path)).toBe(matched);
  });

  it("refuses a lone exclamation mark", () => {
    expect(() => new PatternMatcher(["!"])).toThrow('illegal exclusion pattern: "!"');
  });
});
