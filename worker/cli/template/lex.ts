/** Splits a template into tokens. Follows the grammar of Go's text/template/parse lexer. */

import { quoted } from "../../go/strconv.ts";
import { TemplateError } from "./errors.ts";

export type TokenKind =
  | "text"
  | "left"
  | "right"
  | "string"
  | "rawString"
  | "char"
  | "number"
  | "bool"
  | "field"
  | "variable"
  | "identifier"
  | "keyword"
  | "dot"
  | "nil"
  | "("
  | ")"
  | "|"
  | ","
  | "="
  | ":="
  | "space"
  | "eof";

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly at: number;
  readonly line: number;
}

const keywords = new Set(["block", "break", "continue", "define", "else", "end", "if", "range", "template", "with"]);
const word = /[\p{L}\p{Nd}_]/u;

export function lex(name: string, input: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  const fail = (message: string, onLine = line): never => {
    throw new TemplateError(`template: ${name}:${onLine}: ${message}`);
  };
  const emit = (kind: TokenKind, text: string): void => {
    tokens.push({ kind, text, at, line });
    line += text.split("\n").length - 1;
    at += text.length;
  };
  const skip = (count: number): void => {
    line += input.slice(at, at + count).split("\n").length - 1;
    at += count;
  };

  let trimLeft = false;
  while (at < input.length) {
    const open = input.indexOf("{{", at);
    let text = open < 0 ? input.slice(at) : input.slice(at, open);
    if (trimLeft) {
      const kept = text.replace(/^[ \t\r\n]+/, "");
      skip(text.length - kept.length);
      text = kept;
    }
    trimLeft = false;
    const trimmed = open >= 0 && /^\{\{-[ \t\r\n]/.test(input.slice(open, open + 4));
    const shown = trimmed ? text.replace(/[ \t\r\n]+$/, "") : text;
    if (shown !== "") emit("text", shown);
    skip(text.length - shown.length);
    if (open < 0) break;
    const lead = trimmed ? 4 : 2;
    if (input.startsWith("/*", at + lead)) {
      const close = input.indexOf("*/", at + lead);
      if (close < 0) fail("unclosed comment");
      const after = input.slice(close + 2);
      const end = /^(?:[ \t\r\n]-)?\}\}/.exec(after);
      if (end === null) fail("comment ends before closing delimiter");
      trimLeft = (end?.[0].length ?? 0) > 2;
      skip(close + 2 + (end?.[0].length ?? 0) - at);
      continue;
    }
    tokens.push({ kind: "left", text: "{{", at, line });
    skip(trimmed ? 3 : 2);
    trimLeft = action();
  }
  tokens.push({ kind: "eof", text: "", at, line });
  return tokens;

  /** Lexes up to and with the closing delimiter; answers whether it trims what follows. */
  function action(): boolean {
    let depth = 0;
    for (;;) {
      const rest = input.slice(at);
      const close = /^(?:[ \t\r\n]+-)?\}\}/.exec(rest)?.[0];
      if (close !== undefined && (close.length === 2 || /^[ \t\r\n]/.test(close))) {
        if (depth > 0) fail("unclosed left paren");
        const trims = close.length > 2;
        tokens.push({ kind: "right", text: "}}", at, line });
        skip(close.length);
        return trims;
      }
      const c = rest[0];
      if (c === undefined) return fail("unclosed action");
      const space = /^[ \t\r\n]+/.exec(rest)?.[0];
      if (space !== undefined) {
        // A trim marker belongs to the delimiter: " -}}".
        const before = /^[ \t\r\n]*(?=[ \t\r\n]-\}\})/.exec(rest)?.[0];
        if (before !== undefined && before !== "" && before.length < space.length) emit("space", before);
        else emit("space", space);
      } else if (rest.startsWith(":=")) emit(":=", ":=");
      else if (c === "=") emit("=", "=");
      else if (c === ":") fail("expected :=");
      else if (c === "|") emit("|", "|");
      else if (c === '"') {
        const text = /^"(?:[^"\\\n]|\\[^\n])*"/.exec(rest)?.[0];
        if (text === undefined) return fail("unterminated quoted string");
        emit("string", text);
      } else if (c === "`") {
        const end = rest.indexOf("`", 1);
        if (end < 0) return fail("unterminated raw quoted string");
        emit("rawString", rest.slice(0, end + 1));
      } else if (c === "'") {
        const text = /^'(?:[^'\\\n]|\\[^\n])+'/.exec(rest)?.[0];
        if (text === undefined) return fail("unterminated character constant");
        emit("char", text);
      } else if (c === "$") emit("variable", /^\$[\p{L}\p{Nd}_]*/u.exec(rest)?.[0] ?? "$");
      else if (c === "." && !/^\.\d/.test(rest)) {
        const text = /^\.[\p{L}\p{Nd}_]*/u.exec(rest)?.[0] ?? ".";
        if (text === ".") emit("dot", ".");
        else {
          emit("field", text);
          endOfWord();
        }
      } else if (/^[+\-.\d]/.test(c)) {
        const text = /^[+-]?(?:0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[\d_]*\.?[\d_]+(?:[eE][+-]?\d+)?\.?)/.exec(
          rest,
        )?.[0];
        if (text === undefined || word.test(input[at + text.length] ?? " "))
          fail(`bad number syntax: ${quoted(/^[+\-.\p{L}\p{Nd}_]+/u.exec(rest)?.[0] ?? c)}`);
        else emit("number", text);
      } else if (word.test(c)) {
        const text = /^[\p{L}\p{Nd}_]+/u.exec(rest)?.[0] ?? c;
        const kind = keywords.has(text)
          ? "keyword"
          : text === "true" || text === "false"
            ? "bool"
            : text === "nil"
              ? "nil"
              : "identifier";
        emit(kind, text);
        endOfWord();
      } else if (c === "(") {
        emit("(", "(");
        depth++;
      } else if (c === ")") {
        depth--;
        if (depth < 0) fail("unexpected right paren");
        emit(")", ")");
      } else if (c === ",") emit(",", ",");
      else {
        const code = (rest.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
        fail(`unrecognized character in action: U+${code} '${c}'`);
      }
    }
  }
  function endOfWord(): void {
    const c = input[at];
    if (c === undefined || /[ \t\r\n.,|:)(]/.test(c) || input.startsWith("}}", at) || c === "=") return;
    const code = (input.codePointAt(at) ?? 0).toString(16).toUpperCase().padStart(4, "0");
    fail(`bad character U+${code} '${c}'`);
  }
}
