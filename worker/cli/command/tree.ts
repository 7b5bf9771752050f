/**
 * The command tree, from data taken off a real client (reference/generate.node.ts). Hidden flags do not show there and are added
 * here.
 */
import data from "../reference/tree.json" with { type: "json" };

export interface FlagSpec {
  readonly name: string;
  readonly short: string;
  /** pflag's type name: "bool", "string", "list", "bytes" … */
  readonly type: string;
  readonly hidden: boolean;
}
export interface CommandNode {
  /** As typed, without "docker": "ps", "container ls"; "" for docker itself. */
  readonly path: string;
  /** The path that carries flags, help and handler: "container ls" for "ps". */
  readonly canonical: string;
  readonly usage: string;
  readonly names: readonly string[];
  readonly commands: readonly string[];
  readonly flags: readonly FlagSpec[];
  /** Options after the first argument belong to the command that is run in the container. */
  readonly interspersed: boolean;
}

/** One command in a reference file. */
export interface TreeEntry {
  readonly usage: string;
  readonly same?: string;
  readonly names?: readonly string[];
  readonly commands?: readonly string[];
  readonly flags?: string;
}
const hidden: Readonly<Record<string, string>> = {
  "container run": "dns-opt,,list net,,network net-alias,,list kernel-memory,,bytes",
  "container create": "dns-opt,,list net,,network net-alias,,list kernel-memory,,bytes",
  "container update": "kernel-memory,,bytes",
  "container stop": "time,,int",
  "container restart": "time,,int",
  "image build": "stream,,bool",
  "volume create": "name,,string",
  "stack deploy": "orchestrator,,string",
};
const notInterspersed = new Set(["container run", "container create", "container exec", "container top"]);

/** Commands that no help lists. */
const hiddenCommands: Readonly<Record<string, TreeEntry>> = {
  "system dial-stdio": { usage: "docker system dial-stdio" },
};

/** Finds commands of a reference file; `hiddenFlags` are added to it. A plugin has a tree of its own. */
export function commandTree(
  entries: Readonly<Record<string, TreeEntry>>,
  hiddenFlags: Readonly<Record<string, string>>,
): (path: string) => CommandNode | undefined {
  const cache = new Map<string, CommandNode>();
  return (path) => {
    const known = cache.get(path);
    if (known !== undefined) return known;
    const entry = Object.hasOwn(entries, path) ? entries[path] : undefined;
    if (entry === undefined) return undefined;
    const canonical = entry.same ?? path;
    const source = entries[canonical] ?? entry;
    const node: CommandNode = {
      path,
      canonical,
      usage: entry.usage,
      names: source.names ?? [],
      commands: source.commands ?? [],
      flags: [...parseFlags(source.flags ?? "", false), ...parseFlags(hiddenFlags[canonical] ?? "", true)],
      interspersed: !notInterspersed.has(canonical),
    };
    cache.set(path, node);
    return node;
  };
}

export const commandAt = commandTree({ ...data, ...hiddenCommands }, hidden);

function parseFlags(text: string, isHidden: boolean): readonly FlagSpec[] {
  return text
    .split(" ")
    .filter((t) => t !== "")
    .map((item) => {
      const [name = "", short = "", type = "bool"] = item.split(",");
      return { name, short, type, hidden: isHidden };
    });
}

/** The child that `name` stands for, by its name or one of its aliases ("container rm" for "container remove"). */
export function childOf(parent: CommandNode, name: string, find = commandAt): CommandNode | undefined {
  const prefix = parent.path === "" ? "" : `${parent.path} `;
  if (parent.commands.includes(name) || Object.hasOwn(hiddenCommands, prefix + name)) return find(prefix + name);
  if (parent.path === "") return undefined;
  for (const command of parent.commands) {
    const child = find(prefix + command);
    if (child?.names.includes(name)) return child;
  }
  return undefined;
}

export const rootCommand = (): CommandNode => {
  const root = commandAt("");
  if (root === undefined) throw new Error("reference/tree.json has no root");
  return root;
};

export const commandPath = (node: CommandNode): string => (node.path === "" ? "docker" : `docker ${node.path}`);

/** What a refusal says of a command's use. Most groups of commands say no more than their name there, unlike in their help. */
export function useLine(node: CommandNode): string {
  if (node.path === "") return "docker [OPTIONS] COMMAND [ARG...]";
  if (node.commands.length === 0 || ["manifest", "volume"].includes(node.path)) return node.usage;
  return node.path === "stack" ? "docker stack [OPTIONS]" : commandPath(node);
}
