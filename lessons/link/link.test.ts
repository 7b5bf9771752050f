import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Recipe, readLink, readRecipe, writeLink } from "./index.ts";

const recipe: Recipe = {
  v: 1,
  title: "A page of one's own",
  files: [{ path: "page/index.html", text: "<h1>Grüße, 世界</h1>" }],
  images: [{ ref: "busybox" }],
  steps: ["docker run -d -p 8080:80 -v ./page:/www busybox httpd -f -h /www"],
};
/** As version 1 wrote it: it must open for ever. */
const versionOne =
  "#v1.HctBDoIwEAXQq0z-utV2RxrC2jsoC7CDbSy0gcFgCHc3snubt-MDZxUkSmI43DilDIUhJl7g7jtKJwEOcfK8XYKMCQrCm8ChDrY5Q30NtnlMOFqFOHavs7YKi3D5Ez4_3zzTvE6kPelClamMqwz16_Lt80ZBpHjSA9rjBw";

describe("a link to a playground", () => {
  it("reads back what was written", async () => {
    const link = await writeLink(recipe);
    expect(link).toMatch(/^#v1\.[A-Za-z0-9_-]+$/);
    expect(await readLink(link)).toEqual({ ok: true, recipe });
  });

  it("opens as every version wrote it", async () => {
    expect(await readLink(versionOne)).toMatchObject({
      ok: true,
      recipe: { title: "Hello", steps: ["docker run -d -p 8080:80 busybox httpd -f"] },
    });
  });

  it.each(["/etc/passwd", "../secret", "a/../../b", "a//b", "__proto__/x", "a\\b", "a\u0000b", ""])(
    "refuses the path %j",
    (path) => {
      expect(readRecipe(JSON.stringify({ v: 1, files: [{ path, text: "" }] })).ok).toBe(false);
    },
  );

  it.each(["sudo rm -rf /", "docker run x\nrm -rf /", "docker \u202erun", "javascript:alert(1)"])(
    "refuses the step %j",
    (step) => {
      expect(readRecipe(JSON.stringify({ v: 1, steps: [step] })).ok).toBe(false);
    },
  );

  it("refuses what it does not know, other versions, and too many steps", () => {
    expect(readRecipe('{"v":1,"__proto__":{"x":1},"constructor":1}').ok).toBe(false);
    expect(readRecipe('{"v":2}').ok).toBe(false);
    expect(readRecipe(JSON.stringify({ v: 1, steps: Array(100_000).fill("docker ps") })).ok).toBe(false);
  });

  it("does not unpack more than a playground may hold", async () => {
    const zeros = new Blob([new Uint8Array(50_000_000)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
    const packed = Buffer.from(await new Response(zeros).arrayBuffer()).toString("base64url");
    expect(await readLink(`#v1.${packed}`)).toMatchObject({
      ok: false,
      message: expect.stringContaining("unpacks to more"),
    });
  });

  it("answers any text with a recipe or a sentence", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.base64String()), async (text) => {
        const answer = await readLink(`#v1.${text}`);
        expect(answer.ok || answer.message.length > 0).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it("answers any JSON with a recipe or a sentence", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(typeof readRecipe(text).ok).toBe("boolean");
      }),
      { numRuns: 2000 },
    );
  });
});
