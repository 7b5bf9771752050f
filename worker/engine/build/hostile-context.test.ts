/** Contexts as an enemy makes them: nothing leads out of their files. What e2e/fuzz makes up of all kinds is here in the plain cases. */
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
async function paths(result: BuildResult | undefined): Promise<readonly string[]> {
  const names: string[] = [];
  for (const layer of result?.layers ?? [])
    for await (const { entry } of readTar(rig.blobs.open(layer))) names.push(entry.name);
  return names;
}

describe("a hostile context", () => {
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

  it("takes names with newlines and control characters as they are, and none that leads out", async () => {
    const names = ["new\nline", "\u001b[2J", "d/\r\n", "-rf", "../up", "d/../../up", "/abs"];
    const { result } = await build(
      { dockerfile: "FROM scratch\nCOPY . /x/\n" },
      await tarOf(names.map((name) => textFile(name, "A"))),
    );
    for (const path of await paths(result)) expect(path.split("/")).not.toContain("..");
    expect(await paths(result)).toEqual(expect.arrayContaining(["x/new\nline", "x/\u001b[2J", "x/d/\r\n", "x/-rf"]));
  });

  it("takes a context of a hundred thousand files", async () => {
    const members = Array.from({ length: 100_000 }, (_, i) => textFile(`d${i % 100}/f${i}`, ""));
    const { result } = await build({ dockerfile: "FROM scratch\nCOPY d7 /x/\n" }, await tarOf(members));
    expect((await paths(result)).length).toBe(1001);
  }, 60_000);
});
