import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { capture } from "../../worker/cli/capture.ts";
import { type Drydock, openDrydock } from "../../worker/node.ts";
import { buildPath } from "../../worker/node-platform.node.ts";
import { ownClient } from "../walkthrough/clients.ts";
import { expectations, stepsShown } from "../walkthrough/expectations.ts";
import { sections } from "../walkthrough/sections/index.ts";
import { difference, transcript } from "../walkthrough/transcript.ts";

const inCatalogue = (image: string): boolean =>
  existsSync(buildPath("catalogue/v2/library", image.split(":")[0] ?? "")) ||
  ["busybox", "hello-world"].includes(image);

describe.skipIf(!existsSync(buildPath("snapshot/manifest.json")))("the walkthrough, beside a real engine", () => {
  let drydock: Drydock;
  const dir = mkdtempSync(join(tmpdir(), "walkthrough-"));
  const env = { HOME: dir, TERM: "xterm", PATH: "/usr/bin", DOCKER_DEFAULT_PLATFORM: "linux/386" };
  beforeAll(async () => {
    drydock = await openDrydock();
  });
  afterAll(() => drydock.close());

  for (const section of sections)
    it.skipIf(!section.images.every(inCatalogue))(section.title, { timeout: 300_000 }, async () => {
      const docker = (...args: readonly string[]) => capture((invocation) => drydock.docker(invocation), args, { env });
      for (const image of section.images) expect(await docker("pull", "-q", image)).toMatchObject({ code: 0 });
      for (const image of section.absent ?? []) await docker("rmi", "-f", image);
      const client = ownClient({ dir, env }, (invocation) => drydock.docker(invocation));
      const expected = expectations(section);
      const steps = stepsShown(section);
      const differences: Record<string, readonly string[]> = {};
      let index = 0;
      for await (const entry of transcript(section, client, { dir, root: "/var/lib/docker", foreign: [] })) {
        const found = difference(expected[index], entry, steps[index]?.own);
        if (found.length > 0) differences[`${index} ${entry.line}`] = found;
        index++;
      }
      expect(differences).toEqual({});
      expect(index).toBe(expected.length);
    });
});
