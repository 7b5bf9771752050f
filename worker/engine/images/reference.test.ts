import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EngineError } from "../errors.ts";
import { canonicalString, familiarString, parseReference, withDefaultTag } from "./reference.ts";

const digest = `sha256:${"ab".repeat(32)}`;

describe("references", () => {
  it("normalise Docker Hub's names", () => {
    expect(parseReference("nginx")).toEqual({
      domain: "docker.io",
      path: "library/nginx",
      tag: undefined,
      digest: undefined,
    });
    expect(canonicalString(withDefaultTag(parseReference("index.docker.io/a/b")))).toBe("docker.io/a/b:latest");
    expect(familiarString(parseReference("docker.io/library/nginx:1.2"))).toBe("nginx:1.2");
    expect(familiarString(parseReference("docker.io/library/a/b"))).toBe("library/a/b");
  });

  it("tell a registry from a path", () => {
    expect(parseReference("localhost/app").domain).toBe("localhost");
    expect(parseReference("a.b/c").domain).toBe("a.b");
    expect(parseReference("host:5000/c:d").domain).toBe("host:5000");
    expect(parseReference("[::1]:5000/c").domain).toBe("[::1]:5000");
    expect(parseReference("Upper/app").domain).toBe("Upper");
    expect(parseReference("user/app").domain).toBe("docker.io");
    expect(parseReference(`app:1@${digest}`)).toMatchObject({ tag: "1", digest });
  });

  it.each([
    ["", "invalid reference format"],
    ["a:b:c", "invalid reference format"],
    ["a/../b", "invalid reference format"],
    ["-a", "invalid reference format"],
    ["a@sha256:12", "invalid reference format"],
    [":tag", "invalid reference format"],
    ["Foo", "invalid reference format: repository name (library/Foo) must be lowercase"],
    ["a.b/Foo:x", "invalid reference format: repository name (Foo) must be lowercase"],
    ["0".repeat(64), `invalid repository name (${"0".repeat(64)}), cannot specify 64-byte hexadecimal strings`],
    ["a".repeat(300), "repository name must not be more than 255 characters"],
  ])("refuse %j", (text, message) => {
    expect(() => parseReference(text)).toThrow(message);
  });

  it("either parse into something that prints and parses the same, or fail with an invalid parameter", () => {
    const piece = fc.constantFrom(
      "a",
      "b1",
      "localhost",
      "x.y",
      "5000",
      ":",
      "/",
      "@",
      "-",
      "_",
      ".",
      "A",
      digest,
      "__",
      "é",
      " ",
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 8 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        let reference: ReturnType<typeof parseReference>;
        try {
          reference = parseReference(text);
        } catch (error) {
          expect(error).toBeInstanceOf(EngineError);
          expect((error as EngineError).kind).toBe("invalidParameter");
          return;
        }
        expect(parseReference(canonicalString(reference))).toEqual(reference);
        expect(parseReference(familiarString(reference))).toEqual(reference);
      }),
    );
  });
});
