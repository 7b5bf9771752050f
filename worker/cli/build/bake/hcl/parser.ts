/** Text of a bake file to blocks and attributes: recursive descent over the characters. */
import type { Attribute, Block, Body, Place } from "./ast.ts";
import { Expressions } from "./expressions.ts";
import { Scanner } from "./scanner.ts";

export const parseHcl = (text: string): Body => new Parser(text.replace(/^\uFEFF/, "")).file();

class Parser {
  readonly #s: Scanner;
  readonly #expressions: Expressions;

  constructor(text: string) {
    this.#s = new Scanner(text);
    this.#expressions = new Expressions(this.#s);
  }

  file(): Body {
    const body = this.#body(false);
    if (!this.#s.isAtEnd) this.#s.fail("Unsupported character or unexpected closing brace");
    return body;
  }

  #body(isBlock: boolean): Body {
    const attributes = new Map<string, Attribute>();
    const blocks: Block[] = [];
    for (;;) {
      this.#s.skip(true);
      if (this.#s.isAtEnd) {
        if (isBlock) this.#s.fail("Unclosed configuration block");
        return { attributes, blocks };
      }
      if (this.#s.peek("}")) return { attributes, blocks };
      const { place } = this.#s;
      const name = this.#s.peek('"') ? this.#quotedLabel() : this.#s.word();
      if (name === undefined) this.#s.fail("Argument or block definition required", place);
      this.#s.skip(false);
      if (this.#s.peek("=") && !this.#s.peek("==")) {
        this.#s.at++;
        if (attributes.has(name)) this.#s.fail(`Attribute redefined; The argument "${name}" was already set`, place);
        attributes.set(name, { name, value: this.#expressions.expression(false), place });
        this.#endOfItem();
      } else blocks.push(this.#block(name, place));
    }
  }

  #block(type: string, place: Place): Block {
    const labels: string[] = [];
    for (;;) {
      this.#s.skip(false);
      if (this.#s.take("{", false)) break;
      const label = this.#s.peek('"') ? this.#quotedLabel() : this.#s.word();
      if (label === undefined)
        this.#s.fail(
          "Invalid block definition; Either a quoted string block label or an opening brace is expected here",
        );
      labels.push(label);
    }
    const body = this.#s.nested(() => this.#body(true));
    this.#s.expect("}", true);
    this.#endOfItem();
    return { type, labels, body, place };
  }

  #endOfItem(): void {
    this.#s.skip(false);
    if (!this.#s.isAtEnd && !this.#s.peek("\n") && !this.#s.peek("}")) this.#s.fail("Missing newline after argument");
  }

  #quotedLabel(): string {
    const template = this.#expressions.quoted();
    if (template.kind !== "literal") this.#s.fail("Invalid string literal; Template sequences are not allowed here");
    return String(template.value);
  }
}
