/** HCL's templates (hclsyntax/spec.md, Template Expressions): text with "${ }" and "%{ }" in quotes, in heredocs, in strings of JSON files. */
import type { Expression, Place } from "./ast.ts";
import type { Scanner } from "./scanner.ts";

export type ForHead = Pick<Extract<Expression, { kind: "for" }>, "names" | "source">;

/** What stands in a template's braces. */
export interface Embedded {
  expression(lines: boolean): Expression;
  /** "NAME in SOURCE", "KEY, NAME in SOURCE". */
  forHead(): ForHead;
  templateOf(text: string): Expression;
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", '"': '"', "\\": "\\" };

export class Templates {
  readonly #s: Scanner;
  readonly #embedded: Embedded;

  constructor(scanner: Scanner, embedded: Embedded) {
    this.#s = scanner;
    this.#embedded = embedded;
  }

  /** All of the text. */
  whole(): Expression {
    const { place } = this.#s;
    return joined(
      this.#templateParts(() => this.#s.isAtEnd, false),
      place,
    );
  }

  quoted(): Expression {
    const { place } = this.#s;
    this.#s.at++;
    const parts = this.#templateParts(() => this.#s.peek('"'), true);
    this.#s.at++;
    return joined(parts, place);
  }

  #templateParts(isEnd: () => boolean, isQuoted: boolean): Expression[] {
    const parts: Expression[] = [];
    let literal = "";
    const flush = (): void => {
      if (literal !== "") parts.push({ kind: "literal", value: literal, place: this.#s.place });
      literal = "";
    };
    while (!isEnd()) {
      const char = this.#s.text[this.#s.at];
      if (char === undefined || (isQuoted && char === "\n")) this.#s.fail("Unterminated template string");
      if (this.#s.peek("$${") || this.#s.peek("%%{")) {
        literal += this.#s.text.slice(this.#s.at + 1, this.#s.at + 3);
        this.#s.at += 3;
      } else if (this.#s.peek("${") || this.#s.peek("%{")) {
        const isDirective = char === "%";
        if (isDirective && this.#closesDirective()) break;
        this.#s.at += 2;
        if (this.#s.take("~", false)) literal = trimmedEnd(literal);
        flush();
        parts.push(
          isDirective ? this.#s.nested(() => this.#directive(isEnd, isQuoted)) : this.#embedded.expression(true),
        );
        if (!isDirective) this.#endSequence();
      } else if (isQuoted && char === "\\") literal += this.#escape();
      else {
        literal += char;
        this.#s.at++;
      }
    }
    // "%{~" of what ends a directive trims what is before it.
    if (/%\{~/y.test(this.#s.text.slice(this.#s.at, this.#s.at + 3))) literal = trimmedEnd(literal);
    flush();
    return parts;
  }

  /** "}" or "~}", which takes the blanks of the rest of the line along. */
  #endSequence(): void {
    const trims = this.#s.take("~", true);
    this.#s.expect("}", true);
    if (trims) this.#s.at += /^[^\S\n]*\n?/.exec(this.#s.text.slice(this.#s.at))?.[0].length ?? 0;
  }

  #closesDirective(): boolean {
    return /^%\{~?\s*(else|endif|endfor)\b/.test(this.#s.text.slice(this.#s.at, this.#s.at + 40));
  }

  /** "%{ if }" and "%{ for }", from behind the opening brace to behind the closing of the last part (hclsyntax/spec.md, Template Directives). */
  #directive(isEnd: () => boolean, isQuoted: boolean): Expression {
    const { place } = this.#s;
    const body = (): Expression => {
      this.#endSequence();
      const parts = this.#templateParts(() => isEnd() || this.#closesDirective(), isQuoted);
      if (!this.#s.peek("%{")) this.#s.fail("Unexpected end of template; A directive is not closed", place);
      this.#s.at += 2;
      this.#s.take("~", false);
      return { kind: "template", parts, place };
    };
    const finish = (word: string): void => {
      if (!this.#s.keyword(word, true)) this.#s.fail(`Unexpected directive; Expecting ${word}`);
      this.#endSequence();
    };
    if (this.#s.keyword("if", true)) {
      const test = this.#embedded.expression(true);
      const then = body();
      const otherwise = this.#s.keyword("else", true) ? body() : ({ kind: "template", parts: [], place } as const);
      finish("endif");
      return { kind: "condition", test, then, else: otherwise, place };
    }
    if (!this.#s.keyword("for", true)) this.#s.fail("Invalid template directive; Expecting if or for");
    const { names, source } = this.#embedded.forHead();
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
    const next = this.#s.text[this.#s.at + 1] ?? "";
    const unicode = this.#s.match(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/y);
    if (unicode !== undefined) return String.fromCodePoint(Number.parseInt(unicode[1] ?? unicode[2] ?? "", 16));
    const found = escapes[next];
    if (found === undefined)
      this.#s.fail(`Invalid escape sequence; The symbol "${next}" is not a valid escape sequence selector`);
    this.#s.at += 2;
    return found;
  }

  /** "<<END" to a line that is "END"; "<<-END" takes the common indentation off. */
  heredoc(): Expression {
    const opening = this.#s.match(/<<(-?)([\p{L}_][\p{L}\p{N}_-]*)[ \t]*\r?\n/uy);
    if (opening === undefined) this.#s.fail("Invalid expression");
    const [, dash, end = ""] = opening;
    const lines: string[] = [];
    for (;;) {
      const stop = this.#s.text.indexOf("\n", this.#s.at);
      const line = this.#s.text.slice(this.#s.at, stop < 0 ? this.#s.text.length : stop);
      if (line.trim() === end) {
        this.#s.at += line.length;
        break;
      }
      if (stop < 0) this.#s.fail("Unterminated template string");
      lines.push(line);
      this.#s.at = stop + 1;
    }
    const indents = lines.filter((line) => line.trim() !== "").map((line) => line.length - line.trimStart().length);
    const cut = dash === "-" && indents.length > 0 ? Math.min(...indents) : 0;
    return this.#embedded.templateOf(lines.map((line) => `${line.slice(cut)}\n`).join(""));
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
