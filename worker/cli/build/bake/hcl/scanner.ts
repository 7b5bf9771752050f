/** A place in a bake file's text, and the words that are there: blanks and comments are passed over here. */
import { HclError, type Place } from "./ast.ts";

/** Deeper nesting is refused rather than overflowing the stack. */
const maxDepth = 200;

export class Scanner {
  readonly text: string;
  at = 0;
  #depth = 0;

  constructor(text: string) {
    this.text = text;
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length;
  }
  get place(): Place {
    const before = this.text.slice(0, this.at);
    return { line: before.split("\n").length, column: this.at - before.lastIndexOf("\n") };
  }
  fail(message: string, place: Place = this.place): never {
    throw new HclError(message, place);
  }

  nested<T>(work: () => T): T {
    if (++this.#depth > maxDepth) this.fail("Too deeply nested");
    const result = work();
    this.#depth--;
    return result;
  }

  /** Blanks and comments; line ends too where `lines`. */
  skip(lines: boolean): void {
    for (;;) {
      const rest = this.text.slice(this.at, this.at + 2);
      const char = rest[0] ?? "";
      if (char === " " || char === "\t" || char === "\r" || (lines && char === "\n")) this.at++;
      else if (char === "#" || rest === "//") {
        const end = this.text.indexOf("\n", this.at);
        this.at = end < 0 ? this.text.length : end;
      } else if (rest === "/*") {
        const end = this.text.indexOf("*/", this.at + 2);
        if (end < 0) this.fail("Unterminated comment");
        this.at = end + 2;
      } else return;
    }
  }
  peek(text: string): boolean {
    return this.text.startsWith(text, this.at);
  }
  take(text: string, lines: boolean): boolean {
    this.skip(lines);
    if (!this.peek(text)) return false;
    this.at += text.length;
    return true;
  }
  expect(text: string, lines: boolean): void {
    if (!this.take(text, lines)) this.fail(`Missing ${JSON.stringify(text)}`);
  }
  word(): string | undefined {
    return this.match(/[\p{L}_][\p{L}\p{N}_-]*/uy)?.[0];
  }
  /** The word if it comes next as a whole. */
  keyword(word: string, lines: boolean): boolean {
    this.skip(lines);
    const start = this.at;
    if (this.word() === word) return true;
    this.at = start;
    return false;
  }

  /** What a sticky pattern finds here; it is passed over. */
  match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text) ?? undefined;
    this.at += found?.[0].length ?? 0;
    return found;
  }
}
