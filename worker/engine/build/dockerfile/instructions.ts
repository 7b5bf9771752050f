/** What instructions mean: nodes become typed instructions, and instructions stages (BuildKit's frontend/dockerfile/instructions). */

import { parseDuration } from "../../../go/duration.ts";
import { syntaxError } from "../../../go/strconv.ts";
import { ValueError } from "../../../go/value-error.ts";
import type { HealthConfig } from "../../domains.ts";
import { instructionNames } from "./arguments.ts";
import { type FlagKind, type Flags, instructionFlags, readFlags } from "./flags.ts";
import { chompHeredoc, parseHeredocWord } from "./heredoc.ts";
import { checkMountSyntax } from "./mount.ts";
import { DockerfileError, type DockerfileNode, type Heredoc, type LineRange } from "./node.ts";
import { withSuggestion } from "./suggest.ts";

interface Base {
  /** The instruction's name as written. */
  readonly name: string;
  readonly code: string;
  readonly range: LineRange;
  readonly comments: readonly string[];
}
export interface KeyValue {
  readonly key: string;
  readonly value: string;
  /** "name value" without "=". */
  readonly legacy: boolean;
}
export interface CommandLine {
  readonly args: readonly string[];
  /** To be run by the stage's shell. */
  readonly shell: boolean;
}
export interface InlineFile {
  readonly name: string;
  readonly content: string;
  readonly expand: boolean;
}
export interface ArgDefinition {
  readonly key: string;
  readonly value: string | undefined;
}
export type Arg = Base & { readonly kind: "arg"; readonly args: readonly ArgDefinition[] };
export type Run = Base & {
  readonly kind: "run";
  readonly command: CommandLine;
  readonly heredocs: readonly Heredoc[];
  readonly mounts: readonly string[];
  readonly network: "default" | "none" | "host";
  readonly security: "sandbox" | "insecure";
  readonly flags: readonly string[];
};
/** COPY and ADD. */
export type Copy = Base & {
  readonly kind: "copy" | "add";
  readonly from: string;
  readonly sources: readonly string[];
  readonly inline: readonly InlineFile[];
  readonly destination: string;
  readonly chown: string;
  readonly chmod: string;
  readonly link: boolean;
  readonly parents: boolean;
  readonly exclude: readonly string[];
  readonly checksum: string;
  readonly keepGitDir: boolean | undefined;
  readonly unpack: boolean | undefined;
};
export type Command =
  | Arg
  | Run
  | Copy
  | (Base & { readonly kind: "env" | "label"; readonly pairs: readonly KeyValue[] })
  | (Base & { readonly kind: "cmd" | "entrypoint"; readonly command: CommandLine })
  | (Base & { readonly kind: "healthcheck"; readonly health: HealthConfig })
  | (Base & { readonly kind: "expose"; readonly ports: readonly string[] })
  | (Base & { readonly kind: "volume"; readonly paths: readonly string[] })
  | (Base & { readonly kind: "shell"; readonly shell: readonly string[] })
  | (Base & { readonly kind: "maintainer" | "user" | "workdir" | "stopsignal"; readonly value: string })
  | (Base & { readonly kind: "onbuild"; readonly expression: string });

export interface Stage extends Base {
  /** Lower case; "" when it has none. */
  readonly stage: string;
  readonly base: string;
  readonly platform: string;
  /** The words of the FROM line, for the build checks. */
  readonly words: readonly string[];
  readonly commands: readonly Command[];
}

export interface Program {
  readonly stages: readonly Stage[];
  /** ARGs before the first FROM. */
  readonly metaArgs: readonly Arg[];
}

const fail = (message: string): DockerfileError => new DockerfileError(message);
const atLeastOne = (name: string): DockerfileError => fail(`${name} requires at least one argument`);

export function readProgram(nodes: readonly DockerfileNode[]): Program {
  const stages: (Omit<Stage, "commands"> & { readonly commands: Command[] })[] = [];
  const metaArgs: Arg[] = [];
  for (const node of nodes) {
    const read = located(node, () => readNode(node));
    if (!("kind" in read)) {
      stages.push({ ...read, commands: [] });
      continue;
    }
    const stage = stages.at(-1);
    if (stage !== undefined) stage.commands.push(read);
    else if (read.kind === "arg") metaArgs.push(read);
    else throw new DockerfileError("no build stage in current context", baseOf(node).range);
  }
  if (stages.length === 0) throw new DockerfileError("dockerfile contains no stages to build");
  return { stages, metaArgs };
}

/** One instruction that is no FROM: of an ONBUILD trigger or a `--change`. */
export function readCommand(node: DockerfileNode): Command {
  const read = located(node, () => readNode(node));
  if ("kind" in read) return read;
  throw new DockerfileError("FROM is not a command type", baseOf(node).range);
}

function located<T>(node: DockerfileNode, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof DockerfileError)) throw error;
    throw new DockerfileError(`dockerfile parse error on line ${node.startLine}: ${error.message}`, baseOf(node).range);
  }
}

const baseOf = (node: DockerfileNode): Base => ({
  name: node.command,
  code: node.original.trim(),
  range: { start: node.startLine, end: node.endLine },
  comments: node.comments,
});

function readNode(node: DockerfileNode): Command | Omit<Stage, "commands"> {
  const base = baseOf(node);
  const name = node.command.toUpperCase();
  const { args } = node;
  const flags = (known: Readonly<Record<string, FlagKind>> = {}): Flags => readFlags(node.flags, known);
  const one = (): string => {
    if (args.length !== 1) throw fail(`${name} requires exactly one argument`);
    flags();
    return args[0] ?? "";
  };
  const some = (): readonly string[] => {
    if (args.length === 0) throw atLeastOne(name);
    flags();
    return args;
  };
  switch (name) {
    case "FROM":
      return readFrom(node, base);
    case "ARG":
      return { ...base, kind: "arg", args: some().map(readArg) };
    case "ENV":
    case "LABEL":
      flags();
      return { ...base, kind: name === "ENV" ? "env" : "label", pairs: readPairs(name, args) };
    case "RUN":
      return readRun(node, base);
    case "COPY":
    case "ADD":
      return readCopy(node, base, name === "COPY" ? "copy" : "add");
    case "CMD":
    case "ENTRYPOINT":
      flags();
      return { ...base, kind: name === "CMD" ? "cmd" : "entrypoint", command: commandLine(node) };
    case "HEALTHCHECK":
      return { ...base, kind: "healthcheck", health: readHealth(node) };
    case "EXPOSE":
      return { ...base, kind: "expose", ports: [...some()].sort() };
    case "VOLUME": {
      const paths = some().map((path) => path.trim());
      if (paths.includes("")) throw fail("VOLUME specified can not be an empty string");
      return { ...base, kind: "volume", paths };
    }
    case "SHELL":
      flags();
      if (args.length === 0) throw atLeastOne(name);
      if (!node.json) throw fail("SHELL requires the arguments to be in JSON form");
      return { ...base, kind: "shell", shell: args };
    case "ONBUILD":
      return { ...base, kind: "onbuild", expression: readOnbuild(node) };
    case "MAINTAINER":
      return { ...base, kind: "maintainer", value: one() };
    case "USER":
      return { ...base, kind: "user", value: one() };
    case "WORKDIR":
      return { ...base, kind: "workdir", value: one() };
    case "STOPSIGNAL":
      return { ...base, kind: "stopsignal", value: one() };
    default:
      throw fail(withSuggestion(`unknown instruction: ${node.command}`, node.command, instructionNames, false));
  }
}

function readFrom(node: DockerfileNode, base: Base): Omit<Stage, "commands"> {
  const [image = "", as = "", name = ""] = node.args;
  let stage = "";
  if (node.args.length === 3 && as.toLowerCase() === "as") {
    stage = name.toLowerCase();
    if (!/^[a-z][a-z0-9-_.]*$/.test(stage))
      throw fail(
        `invalid name for build stage: ${JSON.stringify(name)}, name can't start with a number or contain symbols`,
      );
  } else if (node.args.length !== 1) throw fail("FROM requires either one or three arguments");
  const flags = readFlags(node.flags, instructionFlags.FROM);
  return { ...base, stage, base: image, platform: flags.string("platform"), words: node.args };
}

function readArg(word: string): ArgDefinition {
  const equals = word.indexOf("=");
  if (equals === 0) throw fail("ARG names can not be blank");
  return equals < 0 ? { key: word, value: undefined } : { key: word.slice(0, equals), value: word.slice(equals + 1) };
}

function readPairs(name: string, args: readonly string[]): readonly KeyValue[] {
  if (args.length === 0) throw atLeastOne(name);
  const pairs: KeyValue[] = [];
  for (let i = 0; i < args.length; i += 3) {
    const [key = "", value = "", separator] = args.slice(i, i + 3);
    if (key === "") throw fail(`${name} names can not be blank`);
    pairs.push({ key, value, legacy: separator === "" });
  }
  return pairs;
}

function commandLine(node: DockerfileNode, args = node.args): CommandLine {
  return { args: node.json || args.length === 0 ? args : [args.join(" ")], shell: !node.json };
}

function readRun(node: DockerfileNode, base: Base): Run {
  const flags = readFlags(node.flags, instructionFlags.RUN);
  const mounts = flags.strings("mount");
  for (const mount of mounts) checkMountSyntax(mount);
  for (const device of flags.strings("device")) {
    const [name = "", ...options] = device.split(",");
    if (options.includes("required")) throw fail(`required device ${JSON.stringify(name)} is not registered`);
  }
  return {
    ...base,
    kind: "run",
    command: commandLine(node),
    heredocs: node.heredocs,
    mounts,
    network: choice("invalid network mode", flags.string("network"), ["default", "none", "host"]),
    security: choice("unsupported security", flags.string("security"), ["sandbox", "insecure"]),
    flags: node.flags,
  };
}

function choice<T extends string>(what: string, value: string, options: readonly [T, ...T[]]): T {
  if (value === "") return options[0];
  const found = options.find((option) => option === value);
  if (found === undefined) throw fail(withSuggestion(`${what} ${JSON.stringify(value)}`, value, options));
  return found;
}

function readCopy(node: DockerfileNode, base: Base, kind: "copy" | "add"): Copy {
  const { args } = node;
  const name = kind.toUpperCase();
  if (args.length < 2)
    throw fail(
      `${name} requires at least two arguments, but only one was provided. Destination could not be determined`,
    );
  const flags = readFlags(node.flags, kind === "copy" ? instructionFlags.COPY : instructionFlags.ADD);
  const destination = args.at(-1) ?? "";
  if (parseHeredocWord(destination) !== undefined) throw fail(`${name} cannot accept a heredoc as a destination`);
  const contents = new Map(node.heredocs.map((heredoc) => [heredoc.name, heredoc]));
  const sources: string[] = [];
  const inline: InlineFile[] = [];
  for (const source of args.slice(0, -1)) {
    const word = parseHeredocWord(source);
    if (word === undefined) sources.push(source);
    else {
      const content = contents.get(word.name)?.content ?? "";
      inline.push({ name: word.name, content: word.chomp ? chompHeredoc(content) : content, expand: word.expand });
    }
  }
  return {
    ...base,
    kind,
    from: flags.string("from"),
    sources,
    inline,
    destination,
    chown: flags.string("chown"),
    chmod: flags.string("chmod"),
    link: flags.boolean("link") ?? false,
    parents: flags.boolean("parents") ?? false,
    exclude: flags.strings("exclude"),
    checksum: flags.string("checksum"),
    keepGitDir: flags.boolean("keep-git-dir"),
    unpack: flags.boolean("unpack"),
  };
}

function readHealth(node: DockerfileNode): HealthConfig {
  const [type = "", ...args] = node.args;
  if (node.args.length === 0) throw atLeastOne("HEALTHCHECK");
  const kind = type.toUpperCase();
  if (kind === "NONE") {
    if (args.length > 0) throw fail("HEALTHCHECK NONE takes no arguments");
    return { Test: ["NONE"] };
  }
  const names = ["interval", "timeout", "start-period", "start-interval"] as const;
  const flags = readFlags(node.flags, instructionFlags.HEALTHCHECK);
  if (kind !== "CMD") throw fail(`Unknown type ${JSON.stringify(kind)} in HEALTHCHECK (try CMD)`);
  const { args: command } = commandLine(node, args);
  if (command.length === 0) throw fail("Missing command after HEALTHCHECK CMD");
  const [Interval, Timeout, StartPeriod, StartInterval] = names.map((name) => interval(name, flags.string(name)));
  const retries = flags.string("retries");
  if (!/^(|-?\d+)$/.test(retries)) throw fail(syntaxError("ParseInt", retries));
  if (Number(retries) < 0) throw fail(`--retries cannot be negative (${retries})`);
  return {
    Test: [node.json ? "CMD" : "CMD-SHELL", ...command],
    ...(Interval && { Interval }),
    ...(Timeout && { Timeout }),
    ...(StartPeriod && { StartPeriod }),
    ...(StartInterval && { StartInterval }),
    ...(Number(retries) > 0 && { Retries: Number(retries) }),
  };
}

function interval(name: string, text: string): number {
  if (text === "") return 0;
  const value = durationIn(text);
  if (value !== 0 && value < 1e6) throw fail(`Interval ${JSON.stringify(name)} cannot be less than 1ms`);
  return value;
}

function durationIn(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw error instanceof ValueError ? fail(error.message) : error;
  }
}

function readOnbuild(node: DockerfileNode): string {
  if (node.args.length === 0) throw atLeastOne("ONBUILD");
  readFlags(node.flags, {});
  const trigger = (node.args[0] ?? "").trim().toUpperCase();
  if (trigger === "ONBUILD") throw fail("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (trigger === "MAINTAINER" || trigger === "FROM") throw fail(`${trigger} isn't allowed as an ONBUILD trigger`);
  const expression = node.original.replace(/^\s*ONBUILD\s*/i, "");
  return expression + node.heredocs.map(({ name, content }) => `\n${content}${name}`).join("");
}
