/** The site's own files: the machine, the userland, the catalogue. */
import { Downloads } from "./downloads.ts";
import type { BuildSource } from "./vm/snapshot-parts.ts";
import { decompressZstd } from "./vm/zstd.ts";

/** The site's root: this script lies in its assets folder. */
export const site = new URL("../", self.location.href).href;

/** What a person calls the files of which a start consists, by how their paths begin. */
const names: readonly (readonly [string, string])[] = [
  ["machine/manifest.json", "The list of the machine's files"],
  ["machine/state-", "The machine's memory"],
  ["machine/code-", "The machine's code"],
  ["machine/v86-", "The emulator"],
  ["machine/disk.", "The machine's empty disk"],
  ["machine/", "A file that the machine boots from"],
  ["userland/", "A piece of the machine's programs"],
];

function nameOf(url: string): string {
  const path = url.replace(site, "");
  const name = names.find(([start]) => path.startsWith(start))?.[1];
  return name === undefined ? path : `${name} (${path})`;
}

export class SiteFiles {
  /** How much of the machine's files has arrived. */
  onProgress: (loaded: number, total: number) => void = () => undefined;
  readonly #downloads = new Downloads({
    fetch: (url, init) => fetch(url, init),
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    nameOf,
    onProgress: (loaded, total) => this.onProgress(loaded, total),
  });

  bytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
    return this.#downloads.bytes(site + path);
  }

  async json<T>(path: string): Promise<T> {
    return JSON.parse(await this.#downloads.text(site + path)) as T;
  }

  /** The machine's build. */
  readonly machine: BuildSource = {
    // Names of parts never change their content; the manifest does with each deployment.
    readText: (file) => this.#downloads.text(`${site}machine/${file}`, { cache: "no-cache" }),
    unpack: ({ file }) => this.#unpack(file),
    readBytes: ({ file }) => this.bytes(`machine/${file}`),
    compile: ({ file }) => this.#downloads.compile(`${site}machine/${file}`),
  };

  async *#unpack(file: string): AsyncGenerator<Uint8Array> {
    yield* decompressZstd(await this.#downloads.open(`${site}machine/${file}`));
  }
}
