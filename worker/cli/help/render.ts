/** The text of `docker … --help`. */
import { type CommandNode, commandPath } from "../command/tree.ts";
import { lazy } from "../session/lazy.ts";
import { flagUsages } from "./wrap.ts";

interface HelpEntry {
  readonly text: string;
  readonly aliases?: readonly string[];
  readonly examples?: string;
  readonly groups?: Readonly<Record<string, readonly (readonly string[])[]>>;
  readonly footer?: string;
  readonly flags?: readonly string[];
}
type HelpData = Readonly<Record<string, HelpEntry>>;

/** The descriptions are most of the client's weight and seldom needed. */
export const helpData = lazy(
  async () => (await import("../reference/help.json", { with: { type: "json" } })).default as HelpData,
);

export interface HelpOptions {
  readonly columns: number;
  /** Where the client keeps its files: part of the root command's texts. */
  readonly configDirectory: string;
  /** Plugins shown among the management commands: name and description. */
  readonly plugins: readonly (readonly [string, string])[];
  readonly bold: boolean;
}

export async function renderHelp(node: CommandNode, options: HelpOptions): Promise<string> {
  const data = await helpData();
  const help = data[node.canonical] ?? { text: "" };
  const parts = [`Usage:  ${node.usage}`, help.text];
  if (help.aliases !== undefined) parts.push(`Aliases:\n  ${help.aliases.join(", ")}`);
  if (help.examples !== undefined) parts.push(`Examples:\n${help.examples}`);
  const flags = node.flags.filter((f) => !f.hidden);
  const isRoot = node.path === "";
  const usages = (): string =>
    flagUsages(
      flags.map(({ name, short, type }, i) => ({
        name,
        short,
        type,
        description: (help.flags?.[i] ?? "").replace("/root/.docker", options.configDirectory),
      })),
      options.columns - 1,
    ).trimEnd();
  if (flags.length > 0 && !isRoot) parts.push(`Options:\n${usages()}`);
  for (const [name, commands] of Object.entries(help.groups ?? {})) {
    const shown = isRoot && name === "Management Commands" ? withPlugins(commands, options.plugins) : commands;
    const width = Math.max(11, ...shown.map(([c = ""]) => c.length));
    parts.push(`${name}:\n${shown.map(([c = "", short = ""]) => `  ${c.padEnd(width)} ${short}`).join("\n")}`);
  }
  if (isRoot) parts.push(`Global Options:\n${usages()}`);
  if (node.commands.length > 0) {
    const [more = "", ...rest] = (help.footer ?? "").split("\n\n");
    parts.push(more);
    if (rest.length > 0) parts.push(options.bold ? `\x1b[1m${rest.join("\n\n")}\x1b[0m` : rest.join("\n\n"));
  }
  return `${parts.join("\n\n")}\n${isRoot || node.commands.length === 0 ? "" : ""}`;
}

function withPlugins(
  commands: readonly (readonly string[])[],
  plugins: readonly (readonly [string, string])[],
): readonly (readonly string[])[] {
  return [...commands, ...plugins.map(([name, text]) => [`${name}*`, text])].sort(([a = ""], [b = ""]) =>
    a < b ? -1 : 1,
  );
}

export const usageLine = (node: CommandNode): string => node.usage;
export { commandPath };
