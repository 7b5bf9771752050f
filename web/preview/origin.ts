/**
 * Each preview has an origin of its own, so that a container's page reaches neither the app's storage nor other previews:
 * `ID.localhost:PORT` in development, a wildcard host where the site names one:
 *
 *     <meta name="drydock-preview-host" content="*.preview.example.org">
 *
 * Such a host serves the same files as the site. A name without a star is one spare host: it shows one preview at a time,
 * and its storage is emptied between two of them. Without any the preview falls back to a sandboxed view.
 */

/** The pages that the preview's origin serves itself; every other path belongs to the container. */
export const bootstrapPath = "/drydock-preview.html";
export const serviceWorkerPath = "/drydock-preview-sw.js";

/** "p8080-k3v9x2": the port, and what tells this tab's previews from another tab's. */
export function previewId(port: number, tab: string): string {
  return `p${port}-${tab}`;
}

const idPattern = /^p(\d{1,5})-[a-z0-9]{4,32}$/;

/** The published port that a preview's host name stands for; `undefined` for a host that all of them share. */
export function portOfHost(hostname: string): number | undefined {
  const match = idPattern.exec(hostname.split(".")[0] ?? "");
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

export interface SiteLocation {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: string;
}

export interface PreviewHost {
  readonly origin: string;
  /** All previews have this origin, one after another. */
  readonly shared: boolean;
}

/** `undefined` where there is no host for previews. `pattern` is the meta element's content. */
export function previewHost(site: SiteLocation, id: string, pattern: string | undefined): PreviewHost | undefined {
  if (pattern?.startsWith("*.")) return { origin: `${site.protocol}//${id}${pattern.slice(1)}`, shared: false };
  // The app's own host would give a container's page the app's storage.
  if (pattern !== undefined && pattern !== "" && pattern.split(":")[0] !== site.hostname)
    return { origin: `${site.protocol}//${pattern}`, shared: true };
  const local = site.hostname === "localhost" || site.hostname.endsWith(".localhost") || site.hostname === "127.0.0.1";
  if (!local || site.protocol !== "http:") return undefined;
  // Under a name of its own ("drydock.localhost") the previews are of the same site, and their storage is no third party's.
  const base = site.hostname.endsWith(".localhost") ? site.hostname : "localhost";
  return { origin: `http://${id}.${base}${site.port === "" ? "" : `:${site.port}`}`, shared: false };
}

/** Told apart from other tabs; kept over a reload, so that a preview's storage stays. */
export function tabName(storage: Storage): string {
  const name = storage.getItem("drydock.tab") ?? crypto.randomUUID().replaceAll("-", "").slice(0, 10);
  storage.setItem("drydock.tab", name);
  return name;
}
