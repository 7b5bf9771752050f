/** Dockerfiles and contexts as an enemy writes them: a build ends with a result or with a message, and nothing leads out of its files. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readTar } from "../tar-reader.ts";
import { tarOf, textFile } from "../testing/image-archives.ts";
import type { BuildFailure, BuildRequest, BuildResult } from "./model.ts";
import { buildRig } from "./testing/rig.ts";

const rig = await buildRig();
type Members = Parameters<typeof tarOf>[0];

async function build(request: Partial<BuildRequest>, context: Uint8Array) {
  let result: BuildResult | undefined;
  let failure: BuildFailure | undefined;
  const whole = { dockerfileName: "Dockerfile", ...request };
  const stream = new Blob([context as Uint8Array<ArrayBuffer>]).stream();
  for await (const message of rig.builds.build(whole, stream, new AbortController().signal)) {
    if ("result" in message) result = message.result;
    if ("failure" in message) failure = message.failure;
  }
  return { result, failure };
}
/** One of both, and a failure says something. */
function ended({ result, failure }: Awaited<ReturnType<typeof build>>): void {
  expect((result === undefined) !== (failure === undefined)).toBe(true);
  if (failure !== undefined) expect(failure.message).not.toBe("");
}
async function paths(result: BuildResult | undefined): Promise<readonly string[]> {
  const names: string[] = [];
  for (const layer of result?.layers ?? [])
    for await (const { entry } of readTar(rig.blobs.open(layer))) names.push(entry.name);
  return names;
}

const word = fc.oneof(
  fc.constantFrom(
    "base",
    "scratch",
    "a",
    ".",
    "..",
    "/",
    "/x/",
    "*",
    "$V",
    ["$", "{V:-x}"].join(""),
    "${",
    "[",
    '["a"',
    "\\",
    '"',
    "'",
    "a=b",
    "=",
    "--from=0",
  ),
  fc.constantFrom(
    "--chown=a:b",
    "--chmod=u+x",
    "--mount=type=cache",
    "--parents",
    "--link",
    "AS",
    "<<EOF",
    "EOF",
    "1:2",
    "\u0000",
    "é",
  ),
  fc.string({ maxLength: 8 }),
);
const instruction = fc
  .tuple(
    fc.constantFrom(
      "FROM",
      "COPY",
      "ADD",
      "ENV",
      "ARG",
      "LABEL",
      "WORKDIR",
      "USER",
      "EXPOSE",
      "VOLUME",
      "CMD",
      "ENTRYPOINT",
      "SHELL",
      "HEALTHCHECK",
      "ONBUILD",
      "STOPSIGNAL",
      "MAINTAINER",
      "#",
      "# escape=`",
      "NOPE",
    ),
    fc.array(word, { maxLength: 5 }),
  )
  .map(([name, words]) => `${name} ${words.join(" ")}`);

const name = fc.oneof(
  fc.constantFrom(
    "a",
    "d/f",
    "../up",
    "/abs",
    "d/../../x",
    "new\nline",
    "d",
    ".",
    "",
    "a/b/c",
    "x".repeat(300),
    "é",
    "a\u0000b",
    "d//f",
    "./a",
  ),
  fc.string({ maxLength: 6 }),
);
const member = fc.record({
  name,
  type: fc.constantFrom("file", "directory", "symlink", "hardlink", "char", "block", "fifo"),
  link: fc.constantFrom("/etc/passwd", "../../..", "a", "d", "loop", ".", ""),
  mode: fc.integer({ min: 0, max: 0o7777 }),
});

describe("a hostile build", () => {
  it("ends, whatever the Dockerfile says", async () => {
    const context = await tarOf([textFile("a", "A"), textFile("d/f", "F")]);
    await fc.assert(
      fc.asyncProperty(fc.array(instruction, { maxLength: 8 }), fc.boolean(), async (lines, begins) => {
        const dockerfile = `${begins ? "FROM base\n" : ""}${lines.join("\n")}\n`;
        ended(await build({ dockerfile }, context));
        ended(await build({ dockerfile, call: "check" }, context));
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  it("keeps inside what its context names, devices and links included", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(member, { maxLength: 6 }), async (members) => {
        const entries = members.map(({ name: path, type, link, mode }) => ({
          header: { name: path, type, mode, linkName: link, size: 0, major: 1, minor: 3 },
        }));
        let context: Uint8Array;
        try {
          context = await tarOf(entries as Members);
        } catch {
          return;
        }
        const built = await build({ dockerfile: "FROM base\nCOPY . /x/\n" }, context);
        ended(built);
        for (const path of await paths(built.result)) expect(path.split("/")).not.toContain("..");
      }),
      { numRuns: 200 },
    );
  }, 60_000);

  it("ends, whatever comes in place of a tar", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
        ended(await build({ dockerfile: "FROM scratch\nCOPY . /\n" }, bytes));
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  it("does not follow the context's links out of it, and takes no device from it", async () => {
    const context = await tarOf([
      { header: { name: "abs", type: "symlink", linkName: "/etc/passwd" } },
      { header: { name: "up", type: "symlink", linkName: "../../../../etc" } },
      { header: { name: "dev", type: "char", major: 1, minor: 3 } },
      textFile("etc/passwd", "mine"),
    ] as Members);
    const linked = await build({ dockerfile: "FROM scratch\nCOPY abs /p\nCOPY up /e/\n" }, context);
    expect(await paths(linked.result)).toEqual(["p", "e/", "e/passwd"]);
    const device = await build({ dockerfile: "FROM scratch\nCOPY dev /\n" }, context);
    expect(device.failure?.message).toContain('"/dev": not found');
  });

  it("takes a context of a hundred thousand files", async () => {
    const members = Array.from({ length: 100_000 }, (_, i) => textFile(`d${i % 100}/f${i}`, ""));
    const { result } = await build({ dockerfile: "FROM scratch\nCOPY d7 /x/\n" }, await tarOf(members));
    expect((await paths(result)).length).toBe(1001);
  }, 60_000);
});
