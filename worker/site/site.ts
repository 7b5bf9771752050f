/** Where the site is, and what its files are called. */
import { Downloads } from "./downloads.ts";

/** The site's root: scripts lie in its assets folder. */
export const site = new URL("../", self.location.href).href;

/** How much of what was asked for as a stream has arrived, in bytes. */
export type OnProgress = (loaded: number, total: number) => void;

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

/** The file as a message names it. */
export function nameOf(url: string): string {
  const path = url.replace(site, "");
  const name = names.find(([start]) => path.startsWith(start))?.[1];
  return name === undefined ? path : `${name} (${path})`;
}

export function siteDownloads(onProgress?: OnProgress): Downloads {
  return new Downloads({
    fetch: (url, init) => fetch(url, init),
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    nameOf,
    ...(onProgress && { onProgress }),
  });
}
