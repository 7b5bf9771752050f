/** The text of `docker … --help`. */
import { type CommandNode, commandPath } from "../command/tree.ts";
import { lazy } from "../session/lazy.ts";
import { type FlagHelp, flagUsages } from "./wrap.ts";

interface HelpEntry {
  readonly text: string;
  readonly aliases?: readonly string[];
  readonly examples?: string;
  readonly groups?: Readonly<Record<string, readonly (readonly string[])[]>>;
  readonly footer?: string;
  readonly flags?: readonly string[];
}
export type HelpData = Readonly<Record<string, HelpEntry>>;

/** Of commands that no help lists. */
const hiddenHelp: HelpData = {
  "system dial-stdio": {
    text: "Proxy the stdio stream to the daemon connection. Should not be invoked manually.",
  },
};

/** The descriptions are most of the client's weight and seldom needed. */
export const helpData = lazy(async (): Promise<HelpData> => {
  const listed = await import("../reference/help.json", { with: { type: "json" } });
  return { ...(listed.default as HelpData), ...hiddenHelp };
});

/** What the engine has, of what some commands and flags need. */
export interface Offer {
  readonly experimental: boolean;
  readonly windows: boolean;
  readonly swarm: "none" | "worker" | "manager";
}

const needs: Readonly<Record<keyof typeof has, readonly string[]>> = {
  experimental: ["checkpoint", "--squash", "--checkpoint", "--checkpoint-dir", "--leave-running"],
  windows: ["--cpu-count", "--cpu-percent", "--io-maxbandwidth", "--io-maxiops"],
  manager: [
    ...["config", "node", "secret", "service", "stack"],
    ...["swarm ca", "swarm join-token", "swarm unlock-key", "swarm update", "volume update"],
    ...["group", "scope", "sharing", "availability", "type", "secret", "limit-bytes", "required-bytes"].map(
      (flag) => `volume create --${flag}`,
    ),
    ...[
      "volume create --topology-required",
      "volume create --topology-preferred",
      "volume ls --cluster",
      "volume update --availability",
    ],
  ],
  active: ["swarm leave", "swarm unlock"],
};
const has = {
  experimental: (offer: Offer): boolean => offer.experimental,
  windows: (offer: Offer): boolean => offer.windows,
  manager: (offer: Offer): boolean => offer.swarm === "manager",
  active: (offer: Offer): boolean => offer.swarm !== "none",
};

/** `item`: "--flag" or a command's name, of the command at `path`. */
function isOffered(path: string, item: string, offer: Offer): boolean {
  const full = path === "" ? item : `${path} ${item}`;
  return (Object.keys(needs) as (keyof typeof has)[]).every(
    (need) =>
      has[need](offer) || !(needs[need].includes(full) || (item.startsWith("--") && needs[need].includes(item))),
  );
}

export interface HelpOptions {
  readonly columns: number;
  /** Where the client keeps its files: part of the root command's texts. */
  readonly configDirectory: string;
  /** Plugins shown among the management commands: name and description. */
  readonly plugins: readonly (readonly [string, string])[];
  readonly bold: boolean;
  /** DOCKER_DEFAULT_PLATFORM: what --platform is where it is not said. */
  readonly platform?: string;
  readonly offer: Offer;
  /** Of a plugin; the client's own otherwise. */
  readonly data?: HelpData;
}

export async function renderHelp(node: CommandNode, options: HelpOptions): Promise<string> {
  const data = options.data ?? (await helpData());
  const help = data[node.canonical] ?? { text: "" };
  const parts = [`Usage:  ${node.usage}`, help.text];
  if (help.aliases !== undefined) parts.push(`Aliases:\n  ${help.aliases.join(", ")}`);
  if (help.examples !== undefined) parts.push(`Examples:\n${help.examples}`);
  const { offer } = options;
  if (node.canonical.startsWith("checkpoint") && !offer.experimental)
    return `${commandPath(node)} is only supported on a Docker daemon with experimental features enabled\n`;
  const described = node.flags
    .filter((f) => !f.hidden)
    .map((flag, i) => ({ ...flag, description: help.flags?.[i] ?? "" }));
  const flags = described.filter(({ name }) => isOffered(node.canonical, `--${name}`, offer));
  const isRoot = node.path === "";
  const usages = (): string =>
    flagUsages(
      flags.map((flag) => ({ ...flag, description: withDefault(flag, options) })),
      options.columns - 1,
    ).trimEnd();
  if (flags.length > 0 && !isRoot) parts.push(`Options:\n${usages()}`);
  for (const [name, commands] of Object.entries(help.groups ?? {})) {
    const offered = commands.filter(([c = ""]) => isOffered(node.canonical, c, offer));
    const shown = isRoot && name === "Management Commands" ? withPlugins(offered, options.plugins) : offered;
    if (shown.length === 0) continue;
    const width = Math.max(11, ...shown.map(([c = ""]) => c.length));
    parts.push(`${name}:\n${shown.map(([c = "", short = ""]) => `  ${c.padEnd(width)} ${short}`).join("\n")}`);
  }
  if (isRoot) parts.push(`Global Options:\n${usages()}`);
  if (node.commands.length > 0) {
    const [more = "", ...rest] = (help.footer ?? "").split("\n\n");
    parts.push(more);
    if (rest.length > 0) parts.push(options.bold ? `\x1b[1m${rest.join("\n\n")}\x1b[0m` : rest.join("\n\n"));
  }
  return `${parts.join("\n\n")}\n`;
}

/** Defaults that come from the client's surroundings, as pflag shows them; commands that look for a variant of an image have none. */
function withDefault({ name, description }: FlagHelp, { platform = "", configDirectory }: HelpOptions): string {
  return name === "platform" && description.startsWith("Set platform") && platform !== ""
    ? `${description} (default ${JSON.stringify(platform)})`
    : description.replace("<CONFIG>", configDirectory);
}

function withPlugins(
  commands: readonly (readonly string[])[],
  plugins: readonly (readonly [string, string])[],
): readonly (readonly string[])[] {
  return [...commands, ...plugins.map(([name, text]) => [`${name}*`, text])].sort(([a = ""], [b = ""]) =>
    a < b ? -1 : 1,
  );
}
