/** The site's own files: the machine, the userland, the catalogue. */
import type { BuildSource } from "../vm/snapshot-parts.ts";
import { site, siteDownloads } from "./site.ts";

export class SiteFiles {
  readonly #downloads = siteDownloads();

  bytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
    return this.#downloads.bytes(site + path);
  }

  async json<T>(path: string): Promise<T> {
    return JSON.parse(await this.#downloads.text(site + path)) as T;
  }

  /** The machine's build. `unpack` brings a packed file's content. */
  machine(unpack: (url: string) => AsyncIterable<Uint8Array>): BuildSource {
    return {
      // Names of parts never change their content; the manifest does with each deployment.
      readText: (file) => this.#downloads.text(`${site}machine/${file}`, { cache: "no-cache" }),
      unpack: ({ file }) => unpack(`${site}machine/${file}`),
      readBytes: ({ file }) => this.bytes(`machine/${file}`),
      compile: ({ file }) => this.#downloads.compile(`${site}machine/${file}`),
    };
  }
}
