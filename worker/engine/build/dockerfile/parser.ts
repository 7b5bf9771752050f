/**
 * From text to nodes: parser directives, comments, continuation lines, heredocs, flags (Dockerfile reference; behaves as BuildKit's
 * frontend/dockerfile/parser). An instruction that nobody knows is still a node: ./instructions.ts refuses it.
 */
import { argumentParsers } from "./arguments.ts";
import { heredocsOf } from "./heredoc.ts";
import {
  DockerfileError,
  type DockerfileNode,
  type Heredoc,
  type ParsedDockerfile,
  type ParseWarning,
} from "./node.ts";
import { splitFlags } from "./words.ts";

/** bufio.MaxScanTokenSize: BuildKit refuses longer lines. */
const maxLine = 64 * 1024;
const withHeredocs: ReadonlySet<string> = new Set(["add", "copy", "run"]);

export function parseDockerfile(text: string): ParsedDockerfile {
  return new Parser(text).parse();
}

/** Another instruction of the same syntax: the trigger of an ONBUILD. */
export function parseLine(
  line: string,
  escapeChar: string,
): Omit<DockerfileNode, "startLine" | "endLine" | "comments"> {
  const match = /^([^\t\v\f\r ]*)(?:[\t\v\f\r ]+([\s\S]*))?$/.exec(line.trim());
  const command = match?.[1] ?? "";
  const { flags, rest } = splitFlags(match?.[2] ?? "", escapeChar);
  const args = rest.trim();
  const name = command.toLowerCase();
  const base = { command, flags, heredocs: [], original: line };
  if (name === "onbuild") {
    if (args === "") return { ...base, args: [], json: false };
    const inner = { ...parseLine(args, escapeChar), startLine: 0, endLine: 0, comments: [] };
    return { ...base, args: [inner.command, ...inner.args], json: false, inner };
  }
  const parse = argumentParsers.get(name);
  return parse === undefined ? { ...base, args: [], json: false } : { ...base, ...parse(args, escapeChar) };
}

class Parser {
  /** With their line ends. */
  readonly #lines: readonly string[];
  #at = 0;
  #escapeChar = "\\";
  #continuation = continuationOf("\\");
  #directivesEnded = false;
  readonly #directives: Record<string, string> = {};
  readonly #emptyContinuations: ParseWarning[] = [];

  constructor(text: string) {
    this.#lines = text.replace(/^\uFEFF/, "").match(/[^\n]*\n|[^\n]+$/g) ?? [];
  }

  parse(): ParsedDockerfile {
    const nodes: DockerfileNode[] = [];
    let comments: string[] = [];
    while (this.#at < this.#lines.length) {
      const raw = this.#next();
      let line = raw.replace(/[\r\n]+$/, "").trimStart();
      if (line.startsWith("#")) {
        const comment = line.slice(1).trim();
        if (this.#directive(line)) continue;
        if (comment === "") comments = [];
        else comments.push(comment);
        continue;
      }
      this.#directivesEnded = true;
      const start = this.#at;
      let ended: boolean;
      [line, ended] = this.#cutContinuation(line);
      if (ended && line === "") continue;
      let hasEmpty = false;
      while (!ended && this.#at < this.#lines.length) {
        let part = this.#next().replace(/[\r\n]+$/, "");
        if (part.trimStart().startsWith("#")) continue;
        if (part.trimStart() === "") {
          hasEmpty = true;
          continue;
        }
        [part, ended] = this.#cutContinuation(part);
        line += part;
      }
      if (hasEmpty) this.#emptyContinuations.push({ line, endLine: this.#at });
      nodes.push(this.#node(line, start, comments));
      comments = [];
    }
    if (nodes.length === 0) throw new DockerfileError("file with no instructions", this.#range(Math.max(1, this.#at)));
    return {
      nodes,
      escapeChar: this.#escapeChar,
      directives: this.#directives,
      emptyContinuations: this.#emptyContinuations,
    };
  }

  #next(): string {
    const line = this.#lines[this.#at++] ?? "";
    if (line.length >= maxLine)
      throw new DockerfileError(
        `dockerfile line greater than max allowed size of ${maxLine - 1}`,
        this.#range(this.#at),
      );
    return line;
  }

  #range(start: number): { readonly start: number; readonly end: number } {
    return { start, end: Math.max(start, this.#at) };
  }

  /** Directives come before everything else, comments included. */
  #directive(line: string): boolean {
    if (this.#directivesEnded) return false;
    const match = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/.exec(line);
    const name = match?.[1]?.toLowerCase() ?? "";
    if (match === null || !["syntax", "escape", "check"].includes(name)) {
      this.#directivesEnded = true;
      return false;
    }
    if (Object.hasOwn(this.#directives, name))
      throw new DockerfileError(`only one ${name} parser directive can be used`, this.#range(this.#at));
    const value = match[2] ?? "";
    this.#directives[name] = value;
    if (name !== "escape") return true;
    if (value !== "`" && value !== "\\")
      throw new DockerfileError(`invalid escape token '${value}' does not match \` or \\`, this.#range(this.#at));
    this.#escapeChar = value;
    this.#continuation = continuationOf(value);
    return true;
  }

  /** The line without the escape character at its end, and whether the logical line ends here. */
  #cutContinuation(line: string): [text: string, ended: boolean] {
    const match = this.#continuation.exec(line);
    return match === null ? [line, true] : [line.slice(0, match.index) + (match[1] ?? ""), false];
  }

  #node(line: string, startLine: number, comments: readonly string[]): DockerfileNode {
    try {
      const node = parseLine(line, this.#escapeChar);
      const heredocs = canHoldHeredocs(node) && line.includes("<<") ? this.#heredocs(line) : [];
      return { ...node, heredocs, startLine, endLine: this.#at, comments };
    } catch (error) {
      if (error instanceof DockerfileError) throw new DockerfileError(error.message, this.#range(startLine));
      throw error;
    }
  }

  #heredocs(line: string): readonly Heredoc[] {
    return heredocsOf(line).map((heredoc) => {
      let content = "";
      for (;;) {
        if (this.#at >= this.#lines.length) throw new DockerfileError("unterminated heredoc");
        const part = this.#next();
        const text = part.replace(/[\r\n]+$/, "");
        if ((heredoc.chomp ? text.replace(/^\t+/, "") : text) === heredoc.name) return { ...heredoc, content };
        content += part;
      }
    });
  }
}

type HeredocHolder = Pick<DockerfileNode, "command" | "json" | "inner">;

function canHoldHeredocs(node: HeredocHolder): boolean {
  const holder: HeredocHolder = node.inner ?? node;
  return withHeredocs.has(holder.command.toLowerCase()) && !holder.json;
}

/** The escape character as the last of a line, unless it is itself escaped. */
function continuationOf(escapeChar: string): RegExp {
  const char = `\\${escapeChar}`;
  return new RegExp(`([^${char}])${char}[ \\t]*$|^${char}[ \\t]*$`);
}
