/**
 * What the package indexes of a site stand on, found out when it was built (guest-image/catalogue/packages/upstreams.ts) and kept beside
 * the catalogue: no address of a registry stands in the program itself.
 */
import type { Fetch } from "../engine/ports/host.ts";

export interface PackageSettings {
  /** Hosts that the images' sources.list names, which the catalogue's own apt repository stands in for. */
  readonly aptHosts: readonly string[];
  /** Base address of a simple index (PEP 503) that is asked for what the catalogue has not. */
  readonly pip?: string;
  /** Base address of an npm registry. */
  readonly npm?: string;
}

export const settingsFile = "packages.json";
export const noSettings: PackageSettings = { aptHosts: [] };

/** Loads the settings once they are there: packages are built in the background, maybe after the machine has started. */
export function settingsLoader(fetch: Fetch, catalogue: string): () => Promise<PackageSettings> {
  let found: PackageSettings | undefined;
  return async () => {
    if (found !== undefined) return found;
    try {
      const response = await fetch(`${catalogue}/${settingsFile}`);
      if (!response.ok) return noSettings;
      found = read(await response.json());
      return found;
    } catch {
      return noSettings;
    }
  };
}

function read(value: unknown): PackageSettings {
  const { aptHosts, pip, npm } = (value ?? {}) as Record<string, unknown>;
  const address = (text: unknown): string | undefined =>
    typeof text === "string" && /^https?:\/\//.test(text) ? `${text.replace(/\/+$/, "")}/` : undefined;
  const [pipBase, npmBase] = [address(pip), address(npm)];
  return {
    aptHosts: Array.isArray(aptHosts) ? aptHosts.filter((host) => typeof host === "string") : [],
    ...(pipBase === undefined ? {} : { pip: pipBase }),
    ...(npmBase === undefined ? {} : { npm: npmBase }),
  };
}
