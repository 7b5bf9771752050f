/** Tokens to a tree, as Go's text/template/parse does it, with its error texts. */

import { quoted } from "../../go/strconv.ts";
import type { Branch, Command, Node, Operand, Pipe } from "./ast.ts";
import { TemplateError } from "./errors.ts";
import { lex, type Token } from "./lex.ts";
import { GoFloat } from "./value.ts";

export interface Parsed {
  readonly root: readonly Node[];
  readonly defined: ReadonlyMap<string, readonly Node[]>;
}

type Ending = "end" | "else" | "eof";

export function parse(name: string, input: string, functions: (name: string) => boolean): Parsed {
  return new Parser(name, input, functions).parse();
}

class Parser {
  readonly #name: string;
  readonly #functions: (name: string) => boolean;
  readonly #tokens: readonly Token[];
  readonly #defined = new Map<string, readonly Node[]>();
  #next = 0;
  #variables: string[] = ["$"];
  #ranges = 0;
  #actionLine = 0;

  constructor(name: string, input: string, functions: (name: string) => boolean) {
    this.#name = name;
    this.#functions = functions;
    this.#tokens = lex(name, input);
  }

  parse(): Parsed {
    const root: Node[] = [];
    while (this.#peek().kind !== "eof") {
      if (this.#isDefine()) this.#definition();
      else {
        const node = this.#textOrAction();
        if (node === "end" || node === "else") return this.#fail(`unexpected {{${node}}}`);
        root.push(node);
      }
    }
    return { root, defined: this.#defined };
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: "eof", text: "", at: 0, line: 1 };
  }
  #take(): Token {
    const token = this.#peek();
    this.#next++;
    return token;
  }
  #skipSpace(): void {
    while (this.#peek().kind === "space") this.#next++;
  }
  #takeWord(): Token {
    this.#skipSpace();
    return this.#take();
  }
  #peekWord(): Token {
    this.#skipSpace();
    return this.#peek();
  }
  #fail(message: string, line = this.#tokens[Math.max(0, this.#next - 1)]?.line ?? 1): never {
    throw new TemplateError(`template: ${this.#name}:${line}: ${message}`);
  }
  #unexpected(token: Token, context: string): never {
    if (token.kind === "eof") return this.#fail(`unexpected EOF`);
    const text =
      token.kind === "keyword"
        ? `<${token.text}>`
        : token.text.length > 10
          ? `${quoted([...token.text].slice(0, 10).join(""))}...`
          : quoted(token.text);
    return this.#fail(`unexpected ${text} in ${context}`);
  }
  #expect(kind: Token["kind"], context: string): Token {
    const token = this.#takeWord();
    return token.kind === kind ? token : this.#unexpected(token, context);
  }

  #isDefine(): boolean {
    if (this.#peek().kind !== "left") return false;
    let i = this.#next + 1;
    while (this.#tokens[i]?.kind === "space") i++;
    return this.#tokens[i]?.kind === "keyword" && this.#tokens[i]?.text === "define";
  }
  #definition(): void {
    this.#take();
    this.#takeWord();
    const context = "define clause";
    const name = this.#takeWord();
    if (name.kind !== "string" && name.kind !== "rawString") this.#unexpected(name, context);
    this.#expect("right", context);
    const outer = this.#variables;
    this.#variables = ["$"];
    const { list, ending } = this.#list();
    if (ending !== "end") this.#fail(ending === "eof" ? "unexpected EOF" : `unexpected {{else}} in ${context}`);
    this.#variables = outer;
    this.#defined.set(unquote(name.text), list);
  }

  #list(): { readonly list: readonly Node[]; readonly ending: Ending } {
    const list: Node[] = [];
    while (this.#peek().kind !== "eof") {
      const node = this.#textOrAction();
      if (node === "end" || node === "else") return { list, ending: node };
      list.push(node);
    }
    return this.#fail("unexpected EOF");
  }

  #textOrAction(): Node | "end" | "else" {
    const token = this.#take();
    if (token.kind === "text") return { kind: "text", at: token.at, text: token.text };
    if (token.kind !== "left") return this.#unexpected(token, "input");
    this.#actionLine = token.line;
    return this.#action();
  }

  #action(): Node | "end" | "else" {
    const token = this.#takeWord();
    if (token.kind === "keyword")
      switch (token.text) {
        case "if":
        case "with":
        case "range":
          return this.#branch(token.text, token.at);
        case "block":
          return this.#block(token.at);
        case "break":
        case "continue":
          if (this.#ranges === 0) this.#fail(`{{${token.text}}} outside {{range}}`);
          this.#expect("right", `{{${token.text}}}`);
          return { kind: token.text, at: token.at };
        case "else": {
          const next = this.#peekWord();
          if (next.kind !== "keyword" || (next.text !== "if" && next.text !== "with")) this.#expect("right", "else");
          return "else";
        }
        case "end":
          this.#expect("right", "end");
          return "end";
        case "template":
          return this.#template(token.at);
        default:
          return this.#unexpected(token, "command");
      }
    this.#next--;
    const pipe = this.#pipe("command", "right");
    return { kind: "action", at: token.at, pipe };
  }

  #branch(kind: Branch["kind"], at: number): Branch {
    const depth = this.#variables.length;
    const pipe = this.#pipe(kind, "right");
    if (kind === "range") this.#ranges++;
    const { list, ending } = this.#list();
    if (kind === "range") this.#ranges--;
    let otherwise: readonly Node[] | undefined;
    if (ending === "else") {
      const next = this.#peekWord();
      if (next.kind === "keyword" && next.text === kind && kind !== "range" && this.#previous() !== "right") {
        // {{else if}} is {{else}}{{if}} with one {{end}} for both.
        this.#take();
        otherwise = [this.#branch(kind, next.at)];
      } else {
        const rest = this.#list();
        if (rest.ending === "else") this.#fail("expected end; found {{else}}");
        otherwise = rest.list;
      }
    }
    this.#variables.length = depth;
    return { kind, at, pipe, list, otherwise };
  }
  #previous(): Token["kind"] | undefined {
    let i = this.#next - 1;
    while (this.#tokens[i]?.kind === "space") i--;
    return this.#tokens[i]?.kind;
  }

  #block(at: number): Node {
    const context = "block clause";
    const name = this.#takeWord();
    if (name.kind !== "string" && name.kind !== "rawString") this.#unexpected(name, context);
    const pipe = this.#pipe(context, "right");
    const outer = this.#variables;
    this.#variables = ["$"];
    const { list, ending } = this.#list();
    if (ending !== "end") this.#fail(`unexpected {{else}} in ${context}`);
    this.#variables = outer;
    this.#defined.set(unquote(name.text), list);
    return { kind: "template", at, name: unquote(name.text), pipe };
  }

  #template(at: number): Node {
    const context = "template clause";
    const name = this.#takeWord();
    if (name.kind !== "string" && name.kind !== "rawString") this.#unexpected(name, context);
    if (this.#peekWord().kind === "right") {
      this.#take();
      return { kind: "template", at, name: unquote(name.text), pipe: undefined };
    }
    return { kind: "template", at, name: unquote(name.text), pipe: this.#pipe(context, "right") };
  }

  #pipe(context: string, end: "right" | ")"): Pipe {
    const { at } = this.#peekWord();
    const variables: string[] = [];
    let assigns = false;
    const declared: string[] = [];
    for (;;) {
      const variable = this.#peekWord();
      if (variable.kind !== "variable") break;
      const mark = this.#next;
      this.#take();
      const next = this.#peekWord();
      if (next.kind === ":=" || next.kind === "=") {
        assigns = next.kind === "=";
        this.#take();
        variables.push(variable.text);
        declared.push(variable.text);
        break;
      }
      if (next.kind === "," && context === "range" && variables.length < 2) {
        this.#take();
        variables.push(variable.text);
        declared.push(variable.text);
        if (this.#peekWord().kind !== "variable") this.#fail("range can only initialize variables");
        continue;
      }
      if (next.kind === ",") this.#fail(`too many declarations in ${context}`);
      this.#next = mark;
      break;
    }
    if (assigns) for (const name of declared) this.#use(name);
    else this.#variables.push(...declared);
    const commands: Command[] = [];
    for (;;) {
      const token = this.#takeWord();
      if (token.kind === end) {
        this.#check(commands, context);
        return { kind: "pipe", at, assigns, variables, commands };
      }
      switch (token.kind) {
        case "bool":
        case "char":
        case "dot":
        case "field":
        case "identifier":
        case "number":
        case "nil":
        case "rawString":
        case "string":
        case "variable":
        case "(":
          this.#next--;
          commands.push(this.#command());
          break;
        case "eof":
          return this.#fail("unclosed action", this.#actionLine);
        default:
          return this.#unexpected(token, context);
      }
    }
  }

  #check(commands: readonly Command[], context: string): void {
    if (commands.length === 0) this.#fail(`missing value for ${context}`);
    commands.slice(1).forEach((command, i) => {
      const first = command.args[0];
      if (first !== undefined && ["bool", "dot", "nil", "number", "string"].includes(first.kind))
        this.#fail(`non executable command in pipeline stage ${i + 2}`);
    });
  }

  #command(): Command {
    const { at } = this.#peekWord();
    const args: Operand[] = [];
    for (;;) {
      this.#skipSpace();
      const operand = this.#operand();
      if (operand !== undefined) args.push(operand);
      const token = this.#take();
      if (token.kind === "space") continue;
      if (token.kind === "right" || token.kind === ")") this.#next--;
      else if (token.kind === "eof") this.#fail("unclosed action", this.#actionLine);
      else if (token.kind !== "|") this.#unexpected(token, "operand");
      break;
    }
    if (args.length === 0) this.#fail("empty command");
    return { kind: "command", at, args };
  }

  #operand(): Operand | undefined {
    const node = this.#term();
    if (node === undefined || this.#peek().kind !== "field") return node;
    const { at } = this.#peek();
    const names: string[] = [];
    while (this.#peek().kind === "field") names.push(this.#take().text.slice(1));
    switch (node.kind) {
      case "field":
        return { kind: "field", at, names: [...node.names, ...names] };
      case "variable":
        return { kind: "variable", at, name: node.name, names: [...node.names, ...names] };
      case "bool":
      case "string":
      case "number":
      case "nil":
      case "dot":
        return this.#fail(`unexpected . after term ${quoted(this.#textOf(node))}`);
      default:
        return { kind: "chain", at, operand: node, names };
    }
  }
  #textOf(node: Operand): string {
    return "text" in node ? node.text : node.kind === "bool" ? String(node.value) : node.kind === "dot" ? "." : "nil";
  }

  #term(): Operand | undefined {
    const token = this.#takeWord();
    switch (token.kind) {
      case "identifier":
        if (!this.#functions(token.text)) this.#fail(`function ${quoted(token.text)} not defined`);
        return { kind: "identifier", at: token.at, name: token.text };
      case "dot":
      case "nil":
        return { kind: token.kind, at: token.at };
      case "variable":
        this.#use(token.text);
        return { kind: "variable", at: token.at, name: token.text, names: [] };
      case "field":
        return { kind: "field", at: token.at, names: [token.text.slice(1)] };
      case "bool":
        return { kind: "bool", at: token.at, value: token.text === "true" };
      case "char":
        return { kind: "number", at: token.at, value: unquote(token.text).codePointAt(0) ?? 0, text: token.text };
      case "number":
        return { kind: "number", at: token.at, value: this.#number(token.text), text: token.text };
      case "(":
        return this.#pipe("parenthesized pipeline", ")");
      case "string":
      case "rawString":
        return { kind: "string", at: token.at, value: unquote(token.text), text: token.text };
    }
    this.#next--;
    return undefined;
  }
  #use(name: string): void {
    if (!this.#variables.includes(name)) this.#fail(`undefined variable ${quoted(name)}`);
  }
  #number(text: string): number | GoFloat {
    const clean = text.replaceAll("_", "");
    const sign = clean.startsWith("-") ? -1 : 1;
    const body = clean.replace(/^[+-]/, "");
    const value = /^0\d+$/.test(body) ? Number.parseInt(body, 8) : Number(body);
    if (Number.isNaN(value)) this.#fail(`illegal number syntax: ${quoted(text)}`);
    return /^0[xXoObB]/.test(body) || !/[.eE]/.test(body) ? sign * value : new GoFloat(sign * value);
  }
}

const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};
function unquote(text: string): string {
  if (text.startsWith("`")) return text.slice(1, -1).replaceAll("\r", "");
  return text
    .slice(1, -1)
    .replace(/\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|(.))/g, (_, x, u, long, octal, c) => {
      const hex = x ?? u ?? long;
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
      return escapes[c] ?? c;
    });
}
