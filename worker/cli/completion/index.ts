/**
 * `docker completion bash` and the `__complete` protocol behind it (cobra's): candidates one a line, with a description after a tab,
 * then ":" and a directive. https://github.com/spf13/cobra/blob/main/site/content/completions/_index.md
 */
import { type CommandNode, childOf, type FlagSpec, rootCommand } from "../command/tree.ts";
import { helpData } from "../help/render.ts";
import { namedPlugins } from "../plugins.ts";
import type { Context } from "../session/context.ts";
import { CliError } from "../session/errors.ts";
import { bashScript } from "./bash.ts";
import { argumentCandidates, flagCandidates } from "./candidates.ts";
import { type Completion, directives } from "./completion.ts";

const names: Readonly<Record<number, string>> = { 0: "ShellCompDirectiveDefault", 4: "ShellCompDirectiveNoFileComp" };

export async function complete(context: Context): Promise<number> {
  const [command = "", ...rest] = context.args;
  if (command === "completion") {
    if (rest[0] !== "bash") throw new CliError("docker: completion is available for bash: docker completion bash");
    context.out.print(bashScript);
    return 0;
  }
  const { candidates, directive } = await completionOf(context, rest);
  const plain =
    command === "__completeNoDesc" || (context.invocation.env.DOCKER_CLI_DISABLE_COMPLETION_DESCRIPTION ?? "") !== "";
  for (const candidate of candidates) context.out.line(plain ? (candidate.split("\t")[0] ?? "") : candidate);
  context.out.line(`:${directive}`);
  context.err.line(`Completion ended with directive: ${names[directive]}`);
  return 0;
}

/** What has been typed: the command, its arguments so far, and a flag that waits for its value. */
interface Position {
  readonly node: CommandNode;
  readonly args: readonly string[];
  readonly pending: FlagSpec | undefined;
  /** Arguments of the container's command are not ours to complete. */
  readonly flagsOver: boolean;
}

function positionOf(words: readonly string[]): Position {
  let node = rootCommand();
  const args: string[] = [];
  let pending: FlagSpec | undefined;
  let flagsOver = false;
  for (const word of words) {
    if (pending !== undefined) {
      pending = undefined;
      continue;
    }
    if (!flagsOver && word === "--") {
      flagsOver = true;
      continue;
    }
    if (!flagsOver && word.startsWith("-") && word !== "-") {
      if (!word.includes("=")) pending = waiting(node, word);
      continue;
    }
    const child: CommandNode | undefined = args.length === 0 ? childOf(node, word) : undefined;
    if (child !== undefined) node = child;
    else {
      args.push(word);
      if (!node.interspersed) flagsOver = true;
    }
  }
  return { node, args, pending, flagsOver };
}

function waiting(node: CommandNode, word: string): FlagSpec | undefined {
  const find = (test: (flag: FlagSpec) => boolean): FlagSpec | undefined => {
    const flag = node.flags.find(test);
    return flag === undefined || flag.type === "bool" ? undefined : flag;
  };
  if (word.startsWith("--")) return find((f) => f.name === word.slice(2));
  return find((f) => f.short === word.at(-1) && f.short !== "");
}

async function completionOf(context: Context, words: readonly string[]): Promise<Completion> {
  const typed = words.at(-1) ?? "";
  const { node, args, pending, flagsOver } = positionOf(words.slice(0, -1));
  if (pending !== undefined) return flagCandidates(context, node, pending.name);
  const assigned = /^--([\w-]+)=/.exec(typed)?.[1];
  if (assigned !== undefined && !flagsOver) return flagCandidates(context, node, assigned);
  if (typed.startsWith("-") && !flagsOver)
    return { candidates: await flagNames(node, typed), directive: directives.noFiles };
  if (node.commands.length > 0 && args.length === 0)
    return { candidates: await subcommands(node, typed), directive: directives.noFiles };
  return argumentCandidates(context, node, args);
}

async function flagNames(node: CommandNode, typed: string): Promise<readonly string[]> {
  const descriptions = (await helpData())[node.canonical]?.flags ?? [];
  const shown = node.flags.filter((f) => !f.hidden);
  return shown
    .flatMap((flag, i) => {
      const text = (descriptions[i] ?? "").split("\n")[0]?.replace(/ \(default .*\)$/, "") ?? "";
      return [`--${flag.name}\t${text}`, ...(flag.short === "" ? [] : [`-${flag.short}\t${text}`])];
    })
    .filter((line) => line.startsWith(typed));
}

async function subcommands(node: CommandNode, typed: string): Promise<readonly string[]> {
  const groups = Object.values((await helpData())[node.canonical]?.groups ?? {}).flat();
  const plugins = node.path === "" ? namedPlugins() : [];
  return [...groups, ...plugins]
    .filter(([name = ""]) => name.startsWith(typed))
    .map(([name, text]) => `${name}\t${text}`)
    .sort();
}
