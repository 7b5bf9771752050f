/**
 * The catalogue's packages for pip, npm and apt on the device: what was installed once installs again without a network, and once somebody
 * takes an image of Python the whole index for pip is fetched behind it, which is small. Fresh ones come first while there is a network.
 */

/** Paths below the site's root. */
const packages = /^catalogue\/(?:packages\.json$|pip\/|npm\/|apt\/)/;
const pythonImage = /^catalogue\/v2\/library\/python\/manifests\//;
/** What the index for pip consists of, written by the catalogue's builder: paths below catalogue/. */
export const pipFiles = "catalogue/pip/files.json";

export const isPackage = (path: string): boolean => packages.test(path);
export const wantsPip = (path: string): boolean => pythonImage.test(path);

export interface PackageStore {
  readonly cache: Pick<Cache, "match" | "put">;
  readonly fetch: (url: string) => Promise<Response>;
}

export async function answerPackage(url: string, { cache, fetch }: PackageStore): Promise<Response> {
  try {
    const response = await fetch(url);
    if (response.status === 200) await cache.put(url, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(url);
    if (kept !== undefined) return kept;
    throw error;
  }
}

/** Fetches of pip's index what is not on the device yet. Stops when the network does; the next time goes on. */
export async function keepPip(site: string, store: PackageStore): Promise<void> {
  try {
    const list: unknown = await (await answerPackage(new URL(pipFiles, site).href, store)).json();
    const paths = Array.isArray(list) ? list.filter((path) => typeof path === "string") : [];
    for (const path of ["packages.json", ...paths]) {
      const url = new URL(`catalogue/${path}`, site).href;
      if ((await store.cache.match(url)) === undefined) await answerPackage(url, store);
    }
  } catch {
    // Without a network there is nothing to add.
  }
}
