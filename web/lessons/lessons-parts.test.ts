import { marked } from "marked";
import { describe, expect, it } from "vitest";
import { loadLesson, textProblem } from "../../lessons/format/index.ts";
import { lessonTemplate } from "../../lessons/template.ts";
import { formatRoute, parseRoute } from "../shell/router.ts";
import { commandLines, pictureBeside, safeAddress } from "./prose.ts";

describe("a lesson's prose", () => {
  it.each(["javascript:alert(1)", "data:text/html,x", "//evil.example", "JaVaScRiPt:x", "#x", "file:///etc/passwd"])(
    "does not follow %s",
    (href) => {
      expect(safeAddress(href)).toBeUndefined();
    },
  );

  it("follows links to panels and to the web", () => {
    expect(safeAddress("#/hood/web")).toBe("#/hood/web");
    expect(safeAddress("https://docs.docker.com/")).toBe("https://docs.docker.com/");
  });

  it("shows pictures that lie beside the lesson, and no others", () => {
    const lesson = "https://a.example/lessons/tides/lesson.yaml";
    expect(pictureBeside(lesson, "moon.png")).toBe("https://a.example/lessons/tides/moon.png");
    expect(pictureBeside(lesson, "https://a.example/moon.png")).toBe("https://a.example/moon.png");
    for (const href of [
      "https://b.example/moon.png",
      "//b.example/x",
      "data:image/png,x",
      "javascript:alert(1)",
      "file:///x",
      "blob:x",
    ])
      expect(pictureBeside(lesson, href)).toBeUndefined();
  });

  it("keeps a line together that goes on after a backslash", () => {
    expect(commandLines("docker run \\\n  -d nginx\n\ndocker ps")).toEqual(["docker run -d nginx", "docker ps"]);
  });
});

describe("a hostile lesson", () => {
  it.each([
    [">".repeat(1000), "line 1 is nested too deeply"],
    [`ok\n${" ".repeat(100)}- a`, "line 2 is nested too deeply"],
    ["a".repeat(100_000), "is longer than 60000 characters"],
  ])("is refused before its text is taken apart (%#)", (text, problem) => {
    expect(textProblem(text)).toBe(problem);
  });

  it("of the deepest text that is allowed does not hold the page up", () => {
    const nested = Array.from({ length: 29 }, (_, depth) => `${"  ".repeat(depth)}- a`).join("\n");
    const text = `${nested}\n`.repeat(50).slice(0, 60_000);
    expect(textProblem(text)).toBeUndefined();
    expect(marked.lexer(text, { gfm: true }).length).toBeGreaterThan(0);
  });

  it("with a hundred thousand steps, huge names or code in place of data is a list of complaints", () => {
    const template = lessonTemplate("x")["lesson.yaml"] ?? "";
    const step = template.slice(template.indexOf("  - id: first"));
    expect(loadLesson(template + step.repeat(100_000)).ok).toBe(false);
    expect(loadLesson(template + step.repeat(50)).ok).toBe(false);
    expect(loadLesson(template.replace("title: x", `title: ${"x".repeat(1000)}`)).ok).toBe(false);
    expect(loadLesson(template.replace("images: [busybox]", `images: [${"x,".repeat(1000)}x]`)).ok).toBe(false);
    expect(
      loadLesson(template.replace("{ kind: container, name: mine, state: running }", "!!js/function 'function () {}'"))
        .ok,
    ).toBe(false);
  });
});

describe("addresses of lessons and links", () => {
  it.each(["#/lesson/networks/repair", "#/lesson/url/https%3A%2F%2Fexample.com%2Flesson.yaml", "#v1.HctBDoIw"])(
    "reads %s and writes it back",
    (hash) => {
      expect(formatRoute(parseRoute(hash))).toBe(hash);
    },
  );

  it("takes a lesson without its track for nothing", () => {
    expect(parseRoute("#/lesson/networks").view).toBe("notFound");
  });
});
