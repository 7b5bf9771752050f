/** Where the catalogue's builder reads and writes. */

import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const repositoryRoot = fileURLToPath(new URL("../..", import.meta.url));
export const prebuiltDirectory = join(repositoryRoot, "guest-image/prebuilt");
/** hello-world and busybox, committed, in the same layout as the catalogue. */
export const prebuiltImages = join(prebuiltDirectory, "images");
export const lockPath = join(repositoryRoot, "guest-image/catalogue/catalogue.lock.json");
export const catalogueDirectory = join(repositoryRoot, "build/catalogue");
export const cacheDirectory = join(repositoryRoot, "build/cache");
export const signingKeyPath = join(cacheDirectory, "apt-signing-key.asc");
