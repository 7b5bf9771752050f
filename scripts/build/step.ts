/** Build steps that run only when what they read has changed, judged by content, never by time. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const buildDirectory = join(root, "build");

export interface Step {
  readonly name: string;
  /** What is being made, as said on stderr: "building the userland". */
  readonly title: string;
  /** Files and folders (relative to the repository) whose content decides whether the step must run again. */
  readonly inputs: readonly string[];
  /** Files below build/ that must be there afterwards. */
  readonly outputs: readonly string[];
  readonly run: () => Promise<void>;
}

/** Runs the step when its outputs are missing or its inputs have changed. Answers whether it ran. One process at a time makes a step. */
export async function ensure(step: Step): Promise<boolean> {
  const release = await lock(step.name);
  try {
    return await ensureLocked(step);
  } finally {
    release();
  }
}

async function ensureLocked(step: Step): Promise<boolean> {
  const stamp = join(buildDirectory, "stamps", step.name);
  const key = fingerprint(step.inputs);
  const complete = step.outputs.every((output) => existsSync(join(buildDirectory, output)));
  if (complete && existsSync(stamp) && readFileSync(stamp, "utf8") === key) return false;
  const started = Date.now();
  process.stderr.write(`drydock: ${step.title} …\n`);
  await step.run();
  for (const output of step.outputs)
    if (!existsSync(join(buildDirectory, output))) throw new Error(`${step.name} did not write build/${output}`);
  mkdirSync(join(buildDirectory, "stamps"), { recursive: true });
  writeFileSync(stamp, key);
  process.stderr.write(`drydock: ${step.title}: done in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  return true;
}

/** Waits while another process that lives makes the same step. */
async function lock(name: string): Promise<() => void> {
  const folder = join(buildDirectory, "locks");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, name);
  for (let told = false; ; ) {
    try {
      writeFileSync(file, String(process.pid), { flag: "wx" });
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    if (!isAlive(Number(readFileSync(file, { encoding: "utf8", flag: "a+" })))) {
      rmSync(file, { force: true });
      continue;
    }
    if (!told) process.stderr.write(`drydock: waiting for another process that makes ${name} …\n`);
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** One hash over the names and contents of files and trees; tests do not count. */
export function fingerprint(paths: readonly string[]): string {
  const hash = createHash("sha256");
  for (const path of paths)
    for (const file of files(path))
      hash
        .update(`${file}\0`)
        .update(readFileSync(join(root, file)))
        .update("\0");
  return hash.digest("hex");
}

function files(path: string): readonly string[] {
  const absolute = join(root, path);
  if (!existsSync(absolute)) return [];
  if (!statSync(absolute).isDirectory()) return [path];
  return readdirSync(absolute)
    .sort()
    .filter((name) => !name.endsWith(".test.ts") && name !== "testing")
    .flatMap((name) => files(`${path}/${name}`));
}
