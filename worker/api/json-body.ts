/**
 * Request bodies as moby reads them (httputils.ReadJSON): the media type is checked, one value is taken and nothing may follow it. What
 * is wrong with it is said as Go's encoding/json says it.
 */
import { EngineError } from "../engine/errors.ts";

const invalid = (message: string, cause?: unknown): EngineError =>
  new EngineError("invalidParameter", message, cause === undefined ? {} : { cause });

/** `undefined` when there is none. */
export function parseJsonBody(text: string, contentType: string | undefined): unknown {
  if (text === "") return undefined;
  checkMediaType(contentType ?? "");
  if (text.trim() === "") return undefined;
  try {
    checkDepth(text);
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof Fault) throw invalid(`invalid JSON: ${cause.message}`);
    const fault = new JsonScanner(text).fault();
    throw invalid(fault === undefined ? "unexpected content after JSON" : `invalid JSON: ${fault}`, cause);
  }
}

/** A JSON value within a query parameter, as encoding/json's Unmarshal takes it; `what` stands before what is wrong with it. */
export function parseJsonParameter(text: string, what: string): unknown {
  try {
    checkDepth(text);
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof Fault) throw invalid(`${what}: ${cause.message}`);
    const scanner = new JsonScanner(text);
    throw invalid(`${what}: ${scanner.fault() ?? scanner.rest()}`, cause);
  }
}

function checkMediaType(header: string): void {
  const type = header.split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "") throw invalid(`malformed Content-Type header (${header}): mime: no media type`);
  if (type !== "application/json")
    throw invalid(`unsupported Content-Type header (${header}): must be 'application/json'`);
}

class Fault extends Error {}

/** encoding/json goes 10,000 deep, on a stack that grows. Ours does not, and what reads the value walks over it. */
const maxDepth = 1000;

function checkDepth(text: string): void {
  if (text.length <= maxDepth) return;
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]+|\\.)*"?|[[\]{}]/gs)) {
    if (token === "[" || token === "{") depth++;
    else if (token === "]" || token === "}") depth--;
    if (depth > maxDepth) throw new Fault(`invalid character ${quoted(token)} exceeded max depth`);
  }
}

/** Walks over one value as encoding/json's scanner does, up to the first character that does not belong there. */
class JsonScanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Nothing when the value is sound, so that the fault lies behind it. */
  fault(): string | undefined {
    try {
      this.#value();
      return undefined;
    } catch (error) {
      if (error instanceof Fault) return error.message;
      throw error;
    }
  }

  /** Of a sound value: that something follows it. */
  rest(): string {
    return `invalid character ${quoted(this.#skip())} after top-level value`;
  }

  #skip(): string {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? "")) this.#at++;
    return this.#peek();
  }
  #peek(): string {
    const character = this.#text[this.#at];
    if (character === undefined) throw new Fault("unexpected EOF");
    return character;
  }
  #unexpected(where: string): never {
    throw new Fault(`invalid character ${quoted(this.#peek())} ${where}`);
  }

  #value(): void {
    const first = this.#skip();
    const literal = literals[first];
    if (first === "{") this.#object();
    else if (first === "[") this.#array();
    else if (first === '"') this.#string();
    else if (literal !== undefined) this.#literal(literal);
    else if (/[-0-9]/.test(first)) this.#number();
    else this.#unexpected("looking for beginning of value");
  }

  #object(): void {
    this.#at++;
    if (this.#skip() === "}") {
      this.#at++;
      return;
    }
    for (;;) {
      if (this.#skip() !== '"') this.#unexpected("looking for beginning of object key string");
      this.#string();
      if (this.#skip() !== ":") this.#unexpected("after object key");
      this.#at++;
      this.#value();
      const next = this.#skip();
      if (next !== "," && next !== "}") this.#unexpected("after object key:value pair");
      this.#at++;
      if (next === "}") return;
    }
  }

  #array(): void {
    this.#at++;
    if (this.#skip() === "]") {
      this.#at++;
      return;
    }
    for (;;) {
      this.#value();
      const next = this.#skip();
      if (next !== "," && next !== "]") this.#unexpected("after array element");
      this.#at++;
      if (next === "]") return;
    }
  }

  #literal(word: string): void {
    for (const expected of word) {
      if (this.#peek() !== expected) this.#unexpected(`in literal ${word} (expecting ${quoted(expected)})`);
      this.#at++;
    }
  }

  #string(): void {
    this.#at++;
    for (;;) {
      const character = this.#peek();
      if (character < " ") this.#unexpected("in string literal");
      this.#at++;
      if (character === '"') return;
      if (character !== "\\") continue;
      const escaped = this.#peek();
      if (!/["\\/bfnrtu]/.test(escaped)) this.#unexpected("in string escape code");
      this.#at++;
      for (let i = 0; escaped === "u" && i < 4; i++) {
        if (!/[0-9a-fA-F]/.test(this.#peek())) this.#unexpected("in \\u hexadecimal character escape");
        this.#at++;
      }
    }
  }

  #number(): void {
    const digits = (where: string): void => {
      if (!/[0-9]/.test(this.#peek())) this.#unexpected(where);
      while (/[0-9]/.test(this.#text[this.#at] ?? "")) this.#at++;
    };
    if (this.#peek() === "-") this.#at++;
    if (this.#peek() === "0") this.#at++;
    else digits("in numeric literal");
    if (this.#text[this.#at] === ".") {
      this.#at++;
      digits("after decimal point in numeric literal");
    }
    if (/[eE]/.test(this.#text[this.#at] ?? "")) {
      this.#at++;
      if (/[+-]/.test(this.#text[this.#at] ?? "")) this.#at++;
      digits("in exponent of numeric literal");
    }
  }
}

const literals: Readonly<Record<string, string>> = { t: "true", f: "false", n: "null" };

/** A character between apostrophes, as Go's %q would show it in a string. */
function quoted(character: string): string {
  if (character === "'") return "'\\''";
  if (character === '"') return "'\"'";
  return `'${JSON.stringify(character).slice(1, -1)}'`;
}
