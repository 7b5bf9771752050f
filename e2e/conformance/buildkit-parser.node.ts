/**
 * BuildKit's own cases for its Dockerfile parser and shell lexer, read from a copy of its repository: `frontend/dockerfile` below the
 * given folder. Each case is a Dockerfile with the dump of its syntax tree, or a line with what it expands to.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expand } from "../../worker/engine/build/dockerfile/expand.ts";
import { type DockerfileNode, parseDockerfile } from "../../worker/engine/build/dockerfile/index.ts";

export interface Case {
  readonly name: string;
  /** What differs; nothing when it is the same. */
  readonly difference: string | undefined;
}

export function runParserCases(repository: string): readonly Case[] {
  const root = join(repository, "frontend/dockerfile");
  const positive = join(root, "parser/testfiles");
  const negative = join(root, "parser/testfiles-negative");
  return [
    ...readdirSync(positive).map((name) => {
      const wanted = readFileSync(join(positive, name, "result"), "utf8").trim();
      return check(name, wanted, () => dump(readFileSync(join(positive, name, "Dockerfile"), "utf8")));
    }),
    ...readdirSync(negative).map((name) =>
      check(`negative/${name}`, "error", () => dump(readFileSync(join(negative, name, "Dockerfile"), "utf8"))),
    ),
    ...expansions(join(root, "shell/envVarTest")),
    ...words(join(root, "shell/wordsTest")),
  ];
}

function check(name: string, wanted: string, run: () => string): Case {
  let got: string;
  try {
    got = run();
  } catch (error) {
    got = wanted === "error" ? "error" : `error: ${(error as Error).message}`;
  }
  return { name, difference: got === wanted ? undefined : `wanted ${wanted}\ngot ${got}` };
}

function dump(text: string): string {
  return parseDockerfile(text)
    .nodes.map((node) => `(${dumpNode(node)})`)
    .join("\n");
}

/** As BuildKit's Node.Dump: Go's %q of strings. */
function dumpNode(node: DockerfileNode): string {
  const flags = node.flags.length === 0 ? "" : ` [${node.flags.map(quote).join(" ")}]`;
  const args =
    node.inner === undefined ? node.args.map((arg) => ` ${quote(arg)}`).join("") : ` (${dumpNode(node.inner)})`;
  return `${node.command.toLowerCase()}${flags}${args}`;
}

const quote = (text: string): string =>
  JSON.stringify(text)
    .replaceAll("\\u000b", "\\v")
    .replaceAll("\\u0007", "\\a")
    .replace(/\\u00(..)/g, "\\x$1");

const variables: Readonly<Record<string, string>> = { PWD: "/home", SHELL: "bash", KOREAN: "한국어", NULL: "" };

/** Lines "platform | text | wanted". */
function expansions(file: string): readonly Case[] {
  return caseLines(file).flatMap(({ line, number }) => {
    const [platform = "", source = "", wanted = ""] = line.split("|").map((field) => field.trim());
    if (platform !== "A" && platform !== "U") return [];
    return [
      check(`envVarTest:${number}`, wanted, () => expand(source, (name) => variables[name], { escapeChar: "\\" }).text),
    ];
  });
}

/** Lines "text | words separated by commas", and "ENV name=value" for those that follow. */
function words(file: string): readonly Case[] {
  const known = new Map<string, string>();
  return caseLines(file).flatMap(({ line, number }) => {
    if (line.startsWith("ENV ")) {
      const entry = line.slice(4).trimStart();
      known.set(entry.slice(0, entry.indexOf("=")), entry.slice(entry.indexOf("=") + 1));
      return [];
    }
    const at = line.indexOf("|");
    const wanted = line.slice(at + 1).trimStart();
    const run = (): string =>
      expand(line.slice(0, at).trim(), (name) => known.get(name), { escapeChar: "\\" }).words.join(",");
    return [check(`wordsTest:${number}`, wanted, run)];
  });
}

function caseLines(file: string): readonly { readonly line: string; readonly number: number }[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines
    .map((line, i) => ({ line, number: i + 1 }))
    .filter(({ line }) => line.trim() !== "" && !line.startsWith("#"));
}
