/** buildx's commands (0.29.1), from data taken off the real plugin by ../reference/generate.node.ts. */
import { type CommandNode, childOf, commandTree } from "../command/tree.ts";
import { Flags, type ListCheck } from "../flags/flags.ts";
import { FlagError, parseFlags } from "../flags/parse.ts";
import { parseUlimit } from "../flags/values.ts";
import { type HelpData, renderHelp } from "../help/render.ts";
import type { Context } from "../session/context.ts";
import { CliError } from "../session/errors.ts";
import data from "./reference/tree.json" with { type: "json" };

/** Flags of the classic builder that buildx takes without showing them, and the ones of ours that say why steps were not cached. */
const buildHidden =
  "explain,,bool compress,,bool force-rm,,bool rm,,bool isolation,,string memory,m,bytes memory-swap,,bytes cpu-shares,c,int cpu-period,,int cpu-quota,,int cpuset-cpus,,string cpuset-mems,,string squash,,bool security-opt,,strings disable-content-trust,,bool";

export const buildxCommand = commandTree(data, {
  "buildx build": buildHidden,
  "buildx bake": "explain,,bool",
  "buildx create": "config,,string",
  "buildx prune": "keep-storage,,bytes",
});
export const buildxPaths = Object.keys(data);

export const nodeAt = (path: string): CommandNode => {
  const node = buildxCommand(path);
  if (node === undefined) throw new Error(`no command ${path} in buildx's tree`);
  return node;
};
export const childAt = (parent: CommandNode, name: string): CommandNode | undefined =>
  childOf(parent, name, buildxCommand);

export interface Parsed {
  readonly flags: Flags;
  readonly args: readonly string[];
  readonly help: boolean;
}

/** What is checked while flags are read. */
const check = (name: string): ListCheck | undefined => (name === "ulimit" ? checkedUlimit : undefined);
const checkedUlimit: ListCheck = (value) => {
  parseUlimit(value);
  return value;
};

/** `interspersed: false` stops at the first word that is no flag: a subcommand. */
export function parseArgs(node: CommandNode, given: readonly string[], interspersed: boolean): Parsed {
  const flags = new Flags(node.flags);
  try {
    const { args, help } = parseFlags(flags, given, { interspersed, check });
    return { flags, args, help: help !== "no" };
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    throw new CliError(
      `${error.message}\n\nUsage:  ${node.usage}\n\nRun 'docker ${node.path} --help' for more information`,
      125,
    );
  }
}

export async function showBuildxHelp({ invocation, out, configDirectory }: Context, node: CommandNode): Promise<void> {
  const columns = invocation.terminal.stdin ? (await invocation.terminal.size()).columns : 80;
  const help = (await import("./reference/help.json", { with: { type: "json" } })).default as HelpData;
  out.print(
    await renderHelp(node, {
      columns: columns === 0 ? 80 : columns,
      configDirectory,
      plugins: [],
      bold: false,
      offer: { experimental: true, windows: true, swarm: "manager" },
      data: help,
    }),
  );
}
