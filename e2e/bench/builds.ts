/** Builds in the benchmark: steps in the machine against one `docker run`, the cache, and how time grows with what is copied. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { capture } from "../../worker/cli/capture.ts";
import { nodeFiles } from "../../worker/cli/main.node.ts";
import type { Drydock } from "../../worker/node.ts";
import type { Sample } from "./result.ts";

export const buildNames = [
  "build_3_steps",
  "build_cached",
  "build_copy_500",
  "build_copy_1000",
  "build_copy_25m",
  "build_copy_50m",
  "build_context_5000",
  "build_context_10000",
] as const;

/** Each of two sizes, the smaller one first: the larger one's time in that of the smaller is to be near two. */
const sizes = [
  { half: "build_copy_500", whole: "build_copy_1000", files: 1000, bytes: 1000, ignored: false },
  { half: "build_copy_25m", whole: "build_copy_50m", files: 1, bytes: 50 << 20, ignored: false },
  { half: "build_context_5000", whole: "build_context_10000", files: 10_000, bytes: 100, ignored: true },
] as const;

interface Measure {
  readonly sample: (name: string, values: readonly number[], floor?: string) => Sample;
  readonly timed: (times: number, work: () => Promise<unknown>) => Promise<number[]>;
}

/** One folder a case; `step` is what `build_3_steps` runs, also by itself, as its floor. */
export async function benchBuilds(drydock: Drydock, { sample, timed }: Measure): Promise<readonly Sample[]> {
  const folder = mkdtempSync(join(tmpdir(), "drydock-bench-"));
  try {
    const docker =
      (...args: readonly string[]) =>
      async (): Promise<void> => {
        const { code, stderr } = await capture((invocation) => drydock.docker(invocation), args, {
          cwd: folder,
          files: nodeFiles,
          env: { HOME: folder },
        });
        if (code !== 0) throw new Error(`docker ${args.join(" ")} ended with ${code}: ${stderr}`);
      };
    const step = "echo hi > /log";
    writeContext(folder, "steps", `FROM busybox\nCOPY a /a\nRUN ${step}\n`, 1, 10);
    for (const { half, whole, files, bytes, ignored } of sizes)
      for (const [name, share] of [
        [half, 2],
        [whole, 1],
      ] as const) {
        const [count, size] = files === 1 ? [1, bytes / share] : [files / share, bytes];
        writeContext(folder, name, `FROM busybox\nCOPY ${ignored ? "a /a" : ". /files/"}\n`, count, size);
        if (ignored) writeFileSync(join(folder, name, ".dockerignore"), "files\n");
      }
    await docker("pull", "-q", "busybox")();
    const run = docker("run", "--rm", "busybox", "sh", "-c", step);
    const uncached = (name: string) => docker("build", "-q", "--no-cache", name);
    const build = uncached("steps");
    await timed(30, run);
    await timed(30, build);
    // In turns: whatever else the computer does meanwhile falls on both.
    const [runs, builds]: [number[], number[]] = [[], []];
    for (let i = 0; i < 20; i++) {
      runs.push(...(await timed(1, run)));
      builds.push(...(await timed(1, build)));
    }
    const samples = [sample("build_run_step", runs), sample("build_3_steps", builds, "build_run_step")];
    const cached = docker("build", "-q", "steps");
    await timed(3, cached);
    samples.push(sample("build_cached", await timed(20, cached)));
    for (const { half, whole } of sizes) {
      samples.push(sample(half, await timed(3, uncached(half))));
      samples.push(sample(whole, await timed(3, uncached(whole)), half));
    }
    return samples;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeContext(folder: string, name: string, dockerfile: string, files: number, size: number): void {
  mkdirSync(join(folder, name, "files"), { recursive: true });
  writeFileSync(join(folder, name, "Dockerfile"), dockerfile);
  writeFileSync(join(folder, name, "a"), "A\n");
  for (let i = 0; i < files; i++)
    writeFileSync(join(folder, name, "files", `file${i}`), Buffer.alloc(size, `${name} ${i} `));
}
