/** What an embedded playground is told by its address: `?embed=1` and these. The element writes them, the page reads them. */
export const panes = ["files", "editor", "preview", "panels"] as const;
export type PaneChoice = (typeof panes)[number];

export interface EmbedOptions {
  readonly theme: "light" | "dark" | "system";
  /** Beside the terminal, which is always there. */
  readonly panels: readonly PaneChoice[];
  readonly start: "click" | "now";
  /** Files can be looked at in the editor, and not changed. */
  readonly readOnly: boolean;
  /** Tell the height that the content would like to have. */
  readonly height: boolean;
  /** The only origin that may talk to this playground; without it the page that embeds it, whoever that is, where the site allows it. */
  readonly origin: string | undefined;
  /** A name under which the playground is kept on the device; without one it is gone when it stops. */
  readonly keep: string | undefined;
  readonly title: string | undefined;
}

const defaultPanels: readonly PaneChoice[] = ["editor", "preview"];

/** `undefined` when the page is not to be an embedded one. Values that mean nothing count as left out. */
export function readEmbedOptions(search: string): EmbedOptions | undefined {
  const query = new URLSearchParams(search);
  if (query.get("embed") !== "1") return undefined;
  const theme = query.get("theme");
  const panels = query.get("panels");
  const keep = query.get("keep");
  return {
    theme: theme === "light" || theme === "dark" ? theme : "system",
    panels: panels === null ? defaultPanels : panes.filter((pane) => panels.split(",").includes(pane)),
    start: query.get("start") === "now" ? "now" : "click",
    readOnly: query.get("readonly") === "1",
    height: query.get("height") === "1",
    origin: originOf(query.get("origin")),
    keep: keep !== null && /^[a-z0-9-]{1,40}$/.test(keep) ? keep : undefined,
    title: query.get("title")?.slice(0, 80) ?? undefined,
  };
}

/** Names of attributes and of the address's own parameters that say what is opened; the page reads them as it does without embedding. */
export const openingNames = ["lesson", "recipe", "stack", "image", "cmd", "gist"] as const;

export function writeEmbedAddress(
  site: string,
  options: Partial<EmbedOptions>,
  opening: Readonly<Partial<Record<(typeof openingNames)[number] | "link", string>>>,
): string {
  const url = new URL(site);
  const query = url.searchParams;
  query.set("embed", "1");
  if (options.theme !== undefined && options.theme !== "system") query.set("theme", options.theme);
  if (options.panels !== undefined) query.set("panels", options.panels.join(","));
  if (options.start === "now") query.set("start", "now");
  if (options.readOnly === true) query.set("readonly", "1");
  if (options.height === true) query.set("height", "1");
  if (options.origin !== undefined) query.set("origin", options.origin);
  if (options.keep !== undefined) query.set("keep", options.keep);
  if (options.title !== undefined) query.set("title", options.title);
  for (const name of openingNames) {
    const value = opening[name];
    if (value !== undefined) query.set(name, value);
  }
  if (opening.link !== undefined) url.hash = opening.link;
  return url.href;
}

function originOf(text: string | null): string | undefined {
  if (text === null) return undefined;
  try {
    const { origin, protocol } = new URL(text);
    return protocol === "https:" || protocol === "http:" ? origin : undefined;
  } catch {
    return undefined;
  }
}
