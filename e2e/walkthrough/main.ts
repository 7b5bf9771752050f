/**
 * The walkthrough with the real `docker` client:
 *   node --import tsx e2e/walkthrough/main.ts record  unix:///real/docker.sock [SECTION…]   keeps what a real engine says in expected/
 *   node --import tsx e2e/walkthrough/main.ts compare unix:///drydock.sock     [SECTION…]   says what differs (engine: npm run serve)
 * A real engine needs the catalogue's images (linux/386) under their names; what is on it already is left alone and not shown.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { realClient } from "./clients.ts";
import { expectations, keepExpectations, stepsShown } from "./expectations.ts";
import { sections } from "./sections/index.ts";
import type { Entry } from "./step.ts";
import { difference, transcript } from "./transcript.ts";

const [mode, host, ...wanted] = process.argv.slice(2);
if ((mode !== "record" && mode !== "compare") || host === undefined) {
  process.stderr.write("usage: main.ts record|compare unix://PATH [SECTION…]\n");
  process.exit(2);
}
const dir = mkdtempSync(join(tmpdir(), "walkthrough-"));
const env = {
  PATH: process.env.PATH ?? "",
  HOME: dir,
  TERM: "xterm",
  DOCKER_HOST: host,
  DOCKER_DEFAULT_PLATFORM: "linux/386",
  // Where the client's plugins are: buildx for the section on builds.
  ...(process.env.DOCKER_CONFIG === undefined ? {} : { DOCKER_CONFIG: process.env.DOCKER_CONFIG }),
};
const docker = (...args: readonly string[]): string => execFileSync("docker", args, { env, encoding: "utf8" });
const foreign = docker("ps", "-a", "--format", "{{.Names}}")
  .split("\n")
  .filter((name) => name !== "");

const root = docker("info", "--format", "{{.DockerRootDir}}").trim();

let failures = 0;
for (const section of sections.filter(
  ({ name }) => wanted.length === 0 || wanted.some((start) => name.startsWith(start)),
)) {
  // Those that the engine cannot have are used by steps with an expectation of their own.
  for (const image of section.images) spawnSync("docker", ["pull", "-q", image], { env });
  for (const image of section.absent ?? []) spawnSync("docker", ["rmi", "-f", image], { env });
  const entries: Entry[] = [];
  const steps = stepsShown(section);
  const expected = expectations(section);
  for await (const entry of transcript(section, realClient({ dir, env }), { dir, root, foreign })) {
    const own = steps[entries.length]?.own;
    const differences = mode === "record" ? [] : difference(expected[entries.length], entry, own);
    // Nothing is compared with what the real engine said instead.
    entries.push(
      mode === "record" && own !== undefined ? { ...entry, code: own.code ?? 0, stdout: [], stderr: [] } : entry,
    );
    if (differences.length === 0) continue;
    failures++;
    process.stdout.write(`${section.title}: $ ${entry.line}\n${differences.map((line) => `    ${line}\n`).join("")}`);
  }
  if (mode === "record") keepExpectations(section, entries);
  process.stdout.write(`${section.title}: ${entries.length} lines${mode === "record" ? " recorded" : ""}\n`);
}
process.stdout.write(mode === "record" ? "" : `${failures} of the lines differ\n`);
process.exit(failures === 0 ? 0 : 1);
