/** Text of a bake file to blocks, attributes and expressions: recursive descent over the characters. */
import {
  type Attribute,
  type BinaryOperator,
  type Block,
  type Body,
  type Expression,
  HclError,
  type Place,
} from "./ast.ts";

const levels: readonly (readonly BinaryOperator[])[] = [
  ["||"],
  ["&&"],
  ["==", "!="],
  ["<=", ">=", "<", ">"],
  ["+", "-"],
  ["*", "/", "%"],
];
const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\" };
/** Deeper nesting is refused rather than overflowing the stack. */
const maxDepth = 200;

export const parseHcl = (text: string): Body => new Parser(text.replace(/^\uFEFF/, "")).file();
/** A string of a JSON file: a template as in quotes. */
export const parseTemplate = (text: string): Expression => new Parser(text).wholeTemplate();

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  file(): Body {
    const body = this.#body(false);
    if (this.#at < this.#text.length) this.#fail("Unsupported character or unexpected closing brace");
    return body;
  }

  wholeTemplate(): Expression {
    const { place } = this;
    const parts = this.#templateParts(() => this.#at >= this.#text.length, false);
    return joined(parts, place);
  }

  get place(): Place {
    const before = this.#text.slice(0, this.#at);
    return { line: before.split("\n").length, column: this.#at - before.lastIndexOf("\n") };
  }
  #fail(message: string, place: Place = this.place): never {
    throw new HclError(message, place);
  }

  // ------------------------------------------------------------ words

  /** Blanks and comments; line ends too where `lines`. */
  #skip(lines: boolean): void {
    for (;;) {
      const rest = this.#text.slice(this.#at, this.#at + 2);
      const char = rest[0] ?? "";
      if (char === " " || char === "\t" || char === "\r" || (lines && char === "\n")) this.#at++;
      else if (char === "#" || rest === "//") {
        const end = this.#text.indexOf("\n", this.#at);
        this.#at = end < 0 ? this.#text.length : end;
      } else if (rest === "/*") {
        const end = this.#text.indexOf("*/", this.#at + 2);
        if (end < 0) this.#fail("Unterminated comment");
        this.#at = end + 2;
      } else return;
    }
  }
  #peek(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }
  #take(text: string, lines: boolean): boolean {
    this.#skip(lines);
    if (!this.#peek(text)) return false;
    this.#at += text.length;
    return true;
  }
  #expect(text: string, lines: boolean): void {
    if (!this.#take(text, lines)) this.#fail(`Missing ${JSON.stringify(text)}`);
  }
  #word(): string | undefined {
    const match = /[\p{L}_][\p{L}\p{N}_-]*/uy;
    match.lastIndex = this.#at;
    const found = match.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }
  /** The word if it comes next as a whole. */
  #keyword(word: string, lines: boolean): boolean {
    this.#skip(lines);
    const start = this.#at;
    if (this.#word() === word) return true;
    this.#at = start;
    return false;
  }

  // ------------------------------------------------------------ structure

  #body(isBlock: boolean): Body {
    const attributes = new Map<string, Attribute>();
    const blocks: Block[] = [];
    for (;;) {
      this.#skip(true);
      if (this.#at >= this.#text.length) {
        if (isBlock) this.#fail("Unclosed configuration block");
        return { attributes, blocks };
      }
      if (this.#peek("}")) return { attributes, blocks };
      const { place } = this;
      const name = this.#peek('"') ? this.#quotedLabel() : this.#word();
      if (name === undefined) this.#fail("Argument or block definition required", place);
      this.#skip(false);
      if (this.#peek("=") && !this.#peek("==")) {
        this.#at++;
        if (attributes.has(name)) this.#fail(`Attribute redefined; The argument "${name}" was already set`, place);
        attributes.set(name, { name, value: this.#expression(false), place });
        this.#endOfItem();
      } else blocks.push(this.#block(name, place));
    }
  }

  #block(type: string, place: Place): Block {
    const labels: string[] = [];
    for (;;) {
      this.#skip(false);
      if (this.#take("{", false)) break;
      const label = this.#peek('"') ? this.#quotedLabel() : this.#word();
      if (label === undefined)
        this.#fail("Invalid block definition; Either a quoted string block label or an opening brace is expected here");
      labels.push(label);
    }
    if (++this.#depth > maxDepth) this.#fail("Too deeply nested");
    const body = this.#body(true);
    this.#depth--;
    this.#expect("}", true);
    this.#endOfItem();
    return { type, labels, body, place };
  }

  #endOfItem(): void {
    this.#skip(false);
    if (this.#at < this.#text.length && !this.#peek("\n") && !this.#peek("}"))
      this.#fail("Missing newline after argument");
  }

  #quotedLabel(): string {
    const template = this.#quoted();
    if (template.kind !== "literal") this.#fail("Invalid string literal; Template sequences are not allowed here");
    return String(template.value);
  }

  // ------------------------------------------------------------ expressions

  /** `lines`: whether line ends are blanks, as they are inside brackets. */
  #expression(lines: boolean): Expression {
    if (++this.#depth > maxDepth) this.#fail("Too deeply nested");
    this.#skip(lines);
    const { place } = this;
    const test = this.#binary(0, lines);
    let result = test;
    if (this.#take("?", lines)) {
      const then = this.#expression(lines);
      this.#expect(":", lines);
      result = { kind: "condition", test, then, else: this.#expression(lines), place };
    }
    this.#depth--;
    return result;
  }

  #binary(level: number, lines: boolean): Expression {
    const operators = levels[level];
    if (operators === undefined) return this.#unary(lines);
    let left = this.#binary(level + 1, lines);
    for (;;) {
      this.#skip(lines);
      const { place } = this;
      const operator = operators.find((text) => this.#peek(text));
      if (operator === undefined) return left;
      this.#at += operator.length;
      this.#skip(lines);
      left = { kind: "binary", operator, left, right: this.#binary(level + 1, lines), place };
    }
  }

  #unary(lines: boolean): Expression {
    this.#skip(lines);
    const { place } = this;
    for (const operator of ["!", "-"] as const)
      if (this.#peek(operator)) {
        this.#at++;
        if (++this.#depth > maxDepth) this.#fail("Too deeply nested");
        const operand = this.#unary(lines);
        this.#depth--;
        return { kind: "unary", operator, operand, place };
      }
    return this.#postfix(lines);
  }

  #postfix(lines: boolean): Expression {
    let value = this.#primary(lines);
    for (;;) {
      const { place } = this;
      if (this.#peek("...")) return value;
      if (this.#peek(".*") || this.#peek("[*]")) {
        this.#at += this.#peek(".*") ? 2 : 3;
        const names: string[] = [];
        while (this.#peek(".")) {
          this.#at++;
          names.push(this.#word() ?? this.#fail("Invalid attribute name"));
        }
        value = { kind: "splat", of: value, names, place };
      } else if (this.#peek(".")) {
        this.#at++;
        const name = this.#word() ?? this.#digits() ?? this.#fail("Invalid attribute name");
        value = { kind: "attribute", of: value, name, place };
      } else if (this.#peek("[")) {
        this.#at++;
        const key = this.#expression(true);
        this.#expect("]", true);
        value = { kind: "index", of: value, key, place };
      } else return value;
    }
  }

  #digits(): string | undefined {
    const match = /\d+/y;
    match.lastIndex = this.#at;
    const found = match.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #primary(lines: boolean): Expression {
    this.#skip(lines);
    const { place } = this;
    if (this.#peek('"')) return this.#quoted();
    if (this.#peek("<<")) return this.#heredoc();
    if (this.#take("(", lines)) {
      const inner = this.#expression(true);
      this.#expect(")", true);
      return inner;
    }
    if (this.#take("[", lines)) return this.#list(place);
    if (this.#take("{", lines)) return this.#object(place);
    const number = /\d+(\.\d+)?([eE][+-]?\d+)?/y;
    number.lastIndex = this.#at;
    const digits = number.exec(this.#text)?.[0];
    if (digits !== undefined) {
      this.#at += digits.length;
      return { kind: "literal", value: Number(digits), place };
    }
    const word = this.#word();
    if (word === undefined) this.#fail("Invalid expression; Expected the start of an expression");
    if (word === "true" || word === "false") return { kind: "literal", value: word === "true", place };
    if (word === "null") return { kind: "literal", value: null, place };
    if (!this.#peek("(")) return { kind: "name", name: word, place };
    this.#at++;
    const args: Expression[] = [];
    let expand = false;
    while (!this.#take(")", true)) {
      args.push(this.#expression(true));
      expand = this.#take("...", true);
      if (!this.#take(",", true)) {
        this.#expect(")", true);
        break;
      }
    }
    return { kind: "call", name: word, args, expand, place };
  }

  #list(place: Place): Expression {
    if (this.#keyword("for", true)) return this.#for(place, "]");
    const items: Expression[] = [];
    while (!this.#take("]", true)) {
      items.push(this.#expression(true));
      if (!this.#take(",", true)) {
        this.#expect("]", true);
        break;
      }
    }
    return { kind: "list", items, place };
  }

  #object(place: Place): Expression {
    if (this.#keyword("for", true)) return this.#for(place, "}");
    const items: { readonly key: Expression; readonly value: Expression }[] = [];
    while (!this.#take("}", true)) {
      this.#skip(true);
      const start = this.#at;
      const at = this.place;
      const word = this.#word();
      this.#skip(false);
      let key: Expression;
      if (word !== undefined && (this.#peek("=") || this.#peek(":"))) key = { kind: "literal", value: word, place: at };
      else {
        this.#at = start;
        key = this.#expression(false);
        this.#skip(false);
      }
      if (!this.#take("=", false) && !this.#take(":", false)) this.#fail("Missing attribute value");
      items.push({ key, value: this.#expression(false) });
      this.#skip(false);
      if (!this.#take(",", false) && !this.#peek("\n") && !this.#peek("}"))
        this.#fail(
          "Missing attribute separator; Expected a newline or comma to mark the beginning of the next attribute",
        );
    }
    return { kind: "object", items, place };
  }

  /** "NAME in SOURCE", "KEY, NAME in SOURCE". */
  #forHead(): Pick<Extract<Expression, { kind: "for" }>, "names" | "source"> {
    this.#skip(true);
    const first = this.#word() ?? this.#fail("Invalid 'for' expression");
    let names: readonly [string] | readonly [string, string] = [first];
    if (this.#take(",", true)) {
      this.#skip(true);
      names = [first, this.#word() ?? this.#fail("Invalid 'for' expression")];
    }
    if (!this.#keyword("in", true)) this.#fail("Invalid 'for' expression; For expression requires the 'in' keyword");
    return { names, source: this.#expression(true) };
  }

  #for(place: Place, end: "]" | "}"): Expression {
    const { names, source } = this.#forHead();
    this.#expect(":", true);
    let value = this.#expression(true);
    let key: Expression | undefined;
    if (end === "}") {
      key = value;
      this.#expect("=>", true);
      value = this.#expression(true);
    }
    const group = this.#take("...", true);
    const filter = this.#keyword("if", true) ? this.#expression(true) : undefined;
    this.#expect(end, true);
    return { kind: "for", names, source, key, value, filter, group, place };
  }

  // ------------------------------------------------------------ templates

  #quoted(): Expression {
    const { place } = this;
    this.#at++;
    const parts = this.#templateParts(() => this.#peek('"'), true);
    this.#at++;
    return joined(parts, place);
  }

  #templateParts(isEnd: () => boolean, isQuoted: boolean): Expression[] {
    const parts: Expression[] = [];
    let literal = "";
    const flush = (): void => {
      if (literal !== "") parts.push({ kind: "literal", value: literal, place: this.place });
      literal = "";
    };
    while (!isEnd()) {
      const char = this.#text[this.#at];
      if (char === undefined || (isQuoted && char === "\n")) this.#fail("Unterminated template string");
      if (this.#peek("$${") || this.#peek("%%{")) {
        literal += this.#text.slice(this.#at + 1, this.#at + 3);
        this.#at += 3;
      } else if (this.#peek("${") || this.#peek("%{")) {
        const isDirective = char === "%";
        if (isDirective && this.#closesDirective()) break;
        this.#at += 2;
        if (this.#take("~", false)) literal = trimmedEnd(literal);
        flush();
        parts.push(isDirective ? this.#directive(isEnd, isQuoted) : this.#expression(true));
        if (!isDirective) this.#endSequence();
      } else if (isQuoted && char === "\\") literal += this.#escape();
      else {
        literal += char;
        this.#at++;
      }
    }
    // "%{~" of what ends a directive trims what is before it.
    if (/%\{~/y.test(this.#text.slice(this.#at, this.#at + 3))) literal = trimmedEnd(literal);
    flush();
    return parts;
  }

  /** "}" or "~}", which takes the blanks of the rest of the line along. */
  #endSequence(): void {
    const trims = this.#take("~", true);
    this.#expect("}", true);
    if (trims) this.#at += /^[^\S\n]*\n?/.exec(this.#text.slice(this.#at))?.[0].length ?? 0;
  }

  #closesDirective(): boolean {
    return /^%\{~?\s*(else|endif|endfor)\b/.test(this.#text.slice(this.#at, this.#at + 40));
  }

  /** "%{ if }" and "%{ for }", from behind the opening brace to behind the closing of the last part (hclsyntax/spec.md, Template Directives). */
  #directive(isEnd: () => boolean, isQuoted: boolean): Expression {
    const { place } = this;
    if (++this.#depth > maxDepth) this.#fail("Too deeply nested");
    const body = (): Expression => {
      this.#endSequence();
      const parts = this.#templateParts(() => isEnd() || this.#closesDirective(), isQuoted);
      if (!this.#peek("%{")) this.#fail("Unexpected end of template; A directive is not closed", place);
      this.#at += 2;
      this.#take("~", false);
      return { kind: "template", parts, place };
    };
    const finish = (word: string): void => {
      if (!this.#keyword(word, true)) this.#fail(`Unexpected directive; Expecting ${word}`);
      this.#endSequence();
      this.#depth--;
    };
    if (this.#keyword("if", true)) {
      const test = this.#expression(true);
      const then = body();
      const otherwise = this.#keyword("else", true) ? body() : ({ kind: "template", parts: [], place } as const);
      finish("endif");
      return { kind: "condition", test, then, else: otherwise, place };
    }
    if (!this.#keyword("for", true)) this.#fail("Invalid template directive; Expecting if or for");
    const { names, source } = this.#forHead();
    const value = body();
    finish("endfor");
    const list: Expression = {
      kind: "for",
      names,
      source,
      key: undefined,
      value,
      filter: undefined,
      group: false,
      place,
    };
    return { kind: "call", name: "join", args: [{ kind: "literal", value: "", place }, list], expand: false, place };
  }

  #escape(): string {
    const next = this.#text[this.#at + 1] ?? "";
    const unicode = /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/y;
    unicode.lastIndex = this.#at;
    const match = unicode.exec(this.#text);
    if (match !== null) {
      this.#at += match[0].length;
      return String.fromCodePoint(Number.parseInt(match[1] ?? match[2] ?? "", 16));
    }
    const found = escapes[next];
    if (found === undefined)
      this.#fail(`Invalid escape sequence; The symbol "${next}" is not a valid escape sequence selector`);
    this.#at += 2;
    return found;
  }

  /** "<<END" to a line that is "END"; "<<-END" takes the common indentation off. */
  #heredoc(): Expression {
    const { place } = this;
    const opening = /<<(-?)([\p{L}_][\p{L}\p{N}_-]*)[ \t]*\r?\n/uy;
    opening.lastIndex = this.#at;
    const match = opening.exec(this.#text);
    if (match === null) this.#fail("Invalid expression");
    const [whole, dash, end = ""] = match;
    this.#at += whole.length;
    const lines: string[] = [];
    for (;;) {
      const stop = this.#text.indexOf("\n", this.#at);
      const line = this.#text.slice(this.#at, stop < 0 ? this.#text.length : stop);
      if (line.trim() === end) {
        this.#at += line.length;
        break;
      }
      if (stop < 0) this.#fail("Unterminated template string");
      lines.push(line);
      this.#at = stop + 1;
    }
    const indents = lines.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length);
    const cut = dash === "-" && indents.length > 0 ? Math.min(...indents) : 0;
    const text = lines.map((line) => `${line.slice(cut)}\n`).join("");
    const parts = new Parser(text);
    return joined(
      parts.#templateParts(() => parts.#at >= text.length, false),
      place,
    );
  }
}

/** Without the blanks of its last line, which may be its end alone: what "~" takes of the text before it. */
const trimmedEnd = (text: string): string => text.replace(/[^\S\n]+$|[^\S\n]*\n$/, "");

/** A template that is one expression alone keeps that expression's type. */
function joined(parts: readonly Expression[], place: Place): Expression {
  const [only] = parts;
  if (only === undefined) return { kind: "literal", value: "", place };
  return parts.length === 1 ? only : { kind: "template", parts, place };
}
