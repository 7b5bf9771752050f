/**
 * Debian's archive by plain HTTP, for systems without apt. The chain is apt's (apt-secure(8)): the signature of InRelease by gpgv, where
 * gpgv and Debian's keyring are installed (said otherwise), then the hash of Packages.xz, then the hash of each package.
 */

import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream, existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { decompress } from "./decompress.ts";
import { ARCHITECTURE, type DebianMirror, type MirrorOptions, SUITE } from "./mirror.ts";
import { type PackageFile, PackageIndex } from "./package-index.ts";

const run = promisify(execFile);
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const PACKAGES = `main/binary-${ARCHITECTURE}/Packages.xz`;
const DOWNLOADS_AT_ONCE = 4;

const sha256 = (data: Uint8Array): string => createHash("sha256").update(data).digest("hex");

/** The entry of a Release file's SHA256 list. */
export function releaseHash(
  release: string,
  path: string,
): { readonly sha256: string; readonly size: number } | undefined {
  const list = /^SHA256:\n((?: .*(?:\n|$))+)/m.exec(release)?.[1] ?? "";
  for (const line of list.split("\n")) {
    const [hash, size, name] = line.trim().split(/\s+/);
    if (name === path && hash !== undefined) return { sha256: hash, size: Number(size) };
  }
  return undefined;
}

export class HttpMirror implements DebianMirror {
  readonly #base: string;
  readonly #cache: string;
  readonly #log: MirrorOptions["log"];

  constructor({ base, cacheDirectory, log }: MirrorOptions & { readonly base: string }) {
    this.#base = base.replace(/\/+$/, "");
    this.#cache = join(cacheDirectory, "index");
    this.#log = log;
  }

  async #get(path: string, signal?: AbortSignal): Promise<Uint8Array> {
    const response = await fetch(`${this.#base}/${encodeURI(path)}`, signal ? { signal } : {});
    if (!response.ok) throw new Error(`the Debian mirror answers ${response.status} for ${path}`);
    return new Uint8Array(await response.arrayBuffer());
  }

  async #verify(inRelease: string): Promise<void> {
    await mkdir(this.#cache, { recursive: true });
    const file = join(this.#cache, "InRelease");
    await writeFile(file, inRelease);
    if (!existsSync(KEYRING)) {
      this.#log(
        `The signature of Debian's Release file was not checked: ${KEYRING} is not there (package debian-archive-keyring).`,
      );
      return;
    }
    try {
      await run("gpgv", ["--keyring", KEYRING, file]);
    } catch (cause) {
      if ((cause as { code?: unknown }).code === "ENOENT") {
        this.#log("The signature of Debian's Release file was not checked: gpgv is not installed.");
        return;
      }
      throw new Error("Debian's Release file has no valid signature", { cause });
    }
  }

  async index(signal?: AbortSignal): Promise<PackageIndex> {
    const release = new TextDecoder().decode(await this.#get(`dists/${SUITE}/InRelease`, signal));
    await this.#verify(release);
    const expected = releaseHash(release, PACKAGES);
    if (expected === undefined) throw new Error(`Debian's Release file lists no ${PACKAGES}`);
    const packages = await this.#get(`dists/${SUITE}/${PACKAGES}`, signal);
    if (sha256(packages) !== expected.sha256) throw new Error(`${PACKAGES} does not match Debian's Release file`);
    return new PackageIndex([new TextDecoder().decode(await decompress(PACKAGES, packages))]);
  }

  async fetch(
    files: readonly { readonly file: PackageFile; readonly target: string }[],
    signal?: AbortSignal,
  ): Promise<void> {
    const queue = [...files];
    const worker = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        await this.#download(next.file, next.target, signal);
      }
    };
    await Promise.all(Array.from({ length: DOWNLOADS_AT_ONCE }, worker));
  }

  /** Goes on where an earlier attempt stopped, if the server can. */
  async #download(file: PackageFile, target: string, signal?: AbortSignal): Promise<void> {
    const partial = `${target}.part`;
    await mkdir(dirname(target), { recursive: true });
    const have = await stat(partial).then(
      ({ size }) => (size < file.size ? size : 0),
      () => 0,
    );
    const response = await fetch(`${this.#base}/${encodeURI(file.path)}`, {
      headers: have > 0 ? { range: `bytes=${have}-` } : {},
      ...(signal && { signal }),
    });
    if (!response.ok || response.body === null) {
      this.#log(`the Debian mirror answers ${response.status} for ${file.path}`);
      await response.body?.cancel();
      return;
    }
    const flags = response.status === 206 ? "a" : "w";
    await pipeline(Readable.fromWeb(response.body as never), createWriteStream(partial, { flags }));
    if (sha256(await readFile(partial)) === file.sha256) {
      await rename(partial, target);
      return;
    }
    await rm(partial);
    this.#log(`${file.path} arrived with another SHA-256 than expected`);
  }
}
