import { describe, expect, it } from "vitest";
import { formatRoute, parseRoute } from "../shell/router.ts";
import { commandLines, safeAddress } from "./prose.ts";

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

  it("keeps a line together that goes on after a backslash", () => {
    expect(commandLines("docker run \\\n  -d nginx\n\ndocker ps")).toEqual(["docker run -d nginx", "docker ps"]);
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
