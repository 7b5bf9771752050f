/** What the real client (buildx 0.29 on engine 28.5) printed of builds that run nothing and have no steps in an order of chance, beside ours over the build domain without a machine. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Router } from "../../api/router.ts";
import { buildRoutes } from "../../api/routes/build.ts";
import { buildRig } from "../../engine/build/testing/rig.ts";
import { parseReference } from "../../engine/images/reference.ts";
import { capture } from "../capture.ts";
import { runDocker } from "../index.ts";
import { nodeFiles } from "../main.node.ts";
import { registerBuildCommands } from "./register.ts";
import recorded from "./testing/recorded.json" with { type: "json" };

/** Times, digests and sizes. */
const settled = (text: string): string =>
  text
    .replace(/sha256:[0-9a-f]{64}/g, "sha256:X")
    .replace(/\b\d+\.\d+s\b/g, "T")
    // Of an image that was there, BuildKit says one or the other.
    .replace(/( FROM \S+\n#\d+) (CACHED|DONE T)/g, "$1 HERE")
    .replace(/checksum of ref \S+/g, "checksum of ref R")
    .replace(
      /(load build context\n#\d+ transferring context|load from client\n#\d+ transferring \S+): [\d.]+\w*B/g,
      "$1: NB",
    )
    .replace(/copying files( \S+)? done/g, "copying files done");

let directory = "";
beforeAll(async () => {
  registerBuildCommands();
  directory = await mkdtemp(join(tmpdir(), "builds-"));
});
afterAll(() => rm(directory, { recursive: true }));

it.each(recorded.map((one) => [one.name, one] as const))(
  "prints of %s what the real client does",
  async (name, one) => {
    const { builds, images } = await buildRig({
      fetch: () => Promise.reject(new Error("dial tcp 127.0.0.1:1: connect: connection refused")),
    });
    for (const name of ["busybox:latest", "other:latest"]) await images.tag("base", parseReference(name));
    const cwd = join(directory, name);
    await mkdir(cwd);
    for (const [file, text] of Object.entries(one.files as Readonly<Record<string, string>>)) {
      await mkdir(dirname(join(cwd, file)), { recursive: true });
      await writeFile(join(cwd, file), text);
    }
    const api = new Router(buildRoutes(builds));
    const run = (invocation: Parameters<typeof runDocker>[0]) =>
      runDocker(invocation, api, { now: Date.now, after: () => new Promise(() => undefined) });
    const stdin = "stdin" in one ? { stdin: one.stdin as string } : {};
    const env = { HOME: directory };
    const { code, stdout, stderr } = await capture(run, one.args, { cwd, files: nodeFiles, env, ...stdin });
    expect({ code, stdout, stderr: settled(stderr) }).toEqual({
      code: one.code,
      stdout: one.stdout,
      stderr: settled(one.stderr).replaceAll("@DIR@", cwd),
    });
  },
);
