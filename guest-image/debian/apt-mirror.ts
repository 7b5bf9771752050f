/**
 * Debian's archive through apt, with lists and caches of our own: the machine's package state is neither read nor changed. apt checks the
 * Release file's signature and each hash below it.
 */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { ARCHITECTURE, type DebianMirror, type MirrorOptions, SUITE } from "./mirror.ts";
import { type PackageFile, PackageIndex } from "./package-index.ts";

const run = promisify(execFile);
const APT_HELPER = "/usr/lib/apt/apt-helper";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const OUTPUT_LIMIT = 256 * 1024 * 1024;
const FILES_PER_RUN = 16;
const RUNS_AT_ONCE = 4;

const TRANSFER = [
  "Acquire::Retries=1",
  "Acquire::http::Timeout=15",
  "Acquire::https::Timeout=15",
  // apt run by root would hand its downloads to the user _apt, who cannot write into our folders.
  "APT::Sandbox::User=root",
].flatMap((setting) => ["-o", setting]);

/** The Debian archive that the machine's apt is configured for; undefined without apt, or on another distribution. */
export async function aptRepository(): Promise<string | undefined> {
  try {
    const { stdout } = await run("apt-get", ["indextargets", "--format", "$(REPO_URI) $(ORIGIN) $(LABEL)"]);
    const targets = stdout.split("\n").map((line) => line.split(" "));
    // Before the first `apt-get update` the origin is not known yet; the archive's path then tells.
    const archive =
      targets.find(([, origin, label]) => origin === "Debian" && label === "Debian") ??
      targets.find(([uri]) => uri !== undefined && /\/debian\/?$/.test(uri));
    return archive?.[0];
  } catch {
    return undefined;
  }
}

export class AptMirror implements DebianMirror {
  readonly #base: string;
  readonly #root: string;
  readonly #log: MirrorOptions["log"];

  constructor({ base, cacheDirectory, log }: MirrorOptions & { readonly base: string }) {
    this.#base = base.endsWith("/") ? base : `${base}/`;
    this.#root = resolve(cacheDirectory, "apt");
    this.#log = log;
  }

  #options(): string[] {
    const root = this.#root;
    const settings = [
      `Dir::State=${root}/state`,
      `Dir::State::status=${root}/status`,
      `Dir::Cache=${root}/cache`,
      `Dir::Etc::sourcelist=${root}/sources.list`,
      "Dir::Etc::sourceparts=-",
      "Dir::Etc::preferences=-",
      "Dir::Etc::preferencesparts=-",
      `APT::Architecture=${ARCHITECTURE}`,
      `APT::Architectures::=${ARCHITECTURE}`,
      "Acquire::Languages=none",
    ];
    return [...TRANSFER, ...settings.flatMap((setting) => ["-o", setting])];
  }

  async index(signal?: AbortSignal): Promise<PackageIndex> {
    await mkdir(join(this.#root, "state/lists/partial"), { recursive: true });
    await mkdir(join(this.#root, "cache/archives/partial"), { recursive: true });
    await writeFile(join(this.#root, "status"), "");
    await writeFile(
      join(this.#root, "sources.list"),
      `deb [arch=${ARCHITECTURE} signed-by=${KEYRING}] ${this.#base} ${SUITE} main\n`,
    );
    const options = { maxBuffer: OUTPUT_LIMIT, ...(signal && { signal }) };
    await run("apt-get", [...this.#options(), "-q", "update"], options);
    const { stdout: lists } = await run("apt-get", [
      ...this.#options(),
      "indextargets",
      "--format",
      "$(FILENAME)",
      "Created-By: Packages",
    ]);
    const texts: string[] = [];
    for (const list of lists.split("\n").filter((line) => line !== "")) {
      texts.push((await run(APT_HELPER, ["cat-file", list], options)).stdout);
    }
    // apt-get update ends well even where it could fetch nothing.
    if (texts.every((text) => text === "")) throw new Error("Debian's archive is out of reach");
    return new PackageIndex(texts);
  }

  async fetch(
    files: readonly { readonly file: PackageFile; readonly target: string }[],
    signal?: AbortSignal,
  ): Promise<void> {
    const batches: (typeof files)[] = [];
    for (let i = 0; i < files.length; i += FILES_PER_RUN) batches.push(files.slice(i, i + FILES_PER_RUN));
    const worker = async (): Promise<void> => {
      for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
        await this.#download(batch, signal);
        // An archive that gives nothing of a whole batch is out of reach: the rest would only wait for its timeouts too.
        if (batch.length > 1 && batch.every(({ target }) => !existsSync(target))) batches.length = 0;
      }
    };
    await Promise.all(Array.from({ length: RUNS_AT_ONCE }, worker));
  }

  async #download(
    batch: readonly { readonly file: PackageFile; readonly target: string }[],
    signal?: AbortSignal,
  ): Promise<void> {
    const wanted = batch.flatMap(({ file, target }) => [
      this.#base + encodeURI(file.path),
      target,
      `SHA256:${file.sha256}`,
    ]);
    try {
      await run(APT_HELPER, ["-q", ...TRANSFER, "download-file", ...wanted], {
        maxBuffer: OUTPUT_LIMIT,
        ...(signal && { signal }),
      });
    } catch (cause) {
      if (signal?.aborted) throw cause;
      // apt leaves what it could not verify unwritten; which files are missing is the caller's to see.
      this.#log(`apt could not fetch every package: ${firstError(cause)}`);
    }
  }
}

/** apt's first error line, without the address that it names. */
function firstError(cause: unknown): string {
  const stderr = (cause as { stderr?: string }).stderr ?? String(cause);
  const line = stderr.split("\n").find((text) => text.startsWith("E:")) ?? stderr.trim();
  return line.replace(/\b[a-z+]+:\/\/\S*\/([^/\s]+\.deb)/g, "$1");
}
