/** HCL's expressions (hclsyntax/spec.md, Expressions): operators by their precedence, then what they stand between. */
import type { BinaryOperator, Expression, Place } from "./ast.ts";
import { Scanner } from "./scanner.ts";
import { type Embedded, type ForHead, Templates } from "./templates.ts";

const levels: readonly (readonly BinaryOperator[])[] = [
  ["||"],
  ["&&"],
  ["==", "!="],
  ["<=", ">=", "<", ">"],
  ["+", "-"],
  ["*", "/", "%"],
];

/** A template that is a text of its own, without quotes: of a heredoc, of a string in a JSON file. */
export function parseTemplate(text: string): Expression {
  const scanner = new Scanner(text);
  return new Templates(scanner, new Expressions(scanner)).whole();
}

export class Expressions implements Embedded {
  readonly #s: Scanner;
  readonly #templates: Templates;

  constructor(scanner: Scanner) {
    this.#s = scanner;
    this.#templates = new Templates(scanner, this);
  }

  quoted(): Expression {
    return this.#templates.quoted();
  }
  readonly templateOf = parseTemplate;

  /** `lines`: whether line ends are blanks, as they are inside brackets. */
  expression(lines: boolean): Expression {
    return this.#s.nested(() => {
      this.#s.skip(lines);
      const { place } = this.#s;
      const test = this.#binary(0, lines);
      if (!this.#s.take("?", lines)) return test;
      const then = this.expression(lines);
      this.#s.expect(":", lines);
      return { kind: "condition", test, then, else: this.expression(lines), place };
    });
  }

  #binary(level: number, lines: boolean): Expression {
    const operators = levels[level];
    if (operators === undefined) return this.#unary(lines);
    let left = this.#binary(level + 1, lines);
    for (;;) {
      this.#s.skip(lines);
      const { place } = this.#s;
      const operator = operators.find((text) => this.#s.peek(text));
      if (operator === undefined) return left;
      this.#s.at += operator.length;
      this.#s.skip(lines);
      left = { kind: "binary", operator, left, right: this.#binary(level + 1, lines), place };
    }
  }

  #unary(lines: boolean): Expression {
    this.#s.skip(lines);
    const { place } = this.#s;
    for (const operator of ["!", "-"] as const)
      if (this.#s.peek(operator)) {
        this.#s.at++;
        return { kind: "unary", operator, operand: this.#s.nested(() => this.#unary(lines)), place };
      }
    return this.#postfix(lines);
  }

  #postfix(lines: boolean): Expression {
    let value = this.#primary(lines);
    for (;;) {
      const { place } = this.#s;
      if (this.#s.peek("...")) return value;
      if (this.#s.peek(".*") || this.#s.peek("[*]")) {
        this.#s.at += this.#s.peek(".*") ? 2 : 3;
        const names: string[] = [];
        while (this.#s.peek(".")) {
          this.#s.at++;
          names.push(this.#s.word() ?? this.#s.fail("Invalid attribute name"));
        }
        value = { kind: "splat", of: value, names, place };
      } else if (this.#s.peek(".")) {
        this.#s.at++;
        const name = this.#s.word() ?? this.#s.match(/\d+/y)?.[0] ?? this.#s.fail("Invalid attribute name");
        value = { kind: "attribute", of: value, name, place };
      } else if (this.#s.peek("[")) {
        this.#s.at++;
        const key = this.expression(true);
        this.#s.expect("]", true);
        value = { kind: "index", of: value, key, place };
      } else return value;
    }
  }

  #primary(lines: boolean): Expression {
    this.#s.skip(lines);
    const { place } = this.#s;
    if (this.#s.peek('"')) return this.quoted();
    if (this.#s.peek("<<")) return this.#templates.heredoc();
    if (this.#s.take("(", lines)) {
      const inner = this.expression(true);
      this.#s.expect(")", true);
      return inner;
    }
    if (this.#s.take("[", lines)) return this.#list(place);
    if (this.#s.take("{", lines)) return this.#object(place);
    const number = this.#s.match(/\d+(\.\d+)?([eE][+-]?\d+)?/y)?.[0];
    if (number !== undefined) return { kind: "literal", value: Number(number), place };
    const word = this.#s.word();
    if (word === undefined) this.#s.fail("Invalid expression; Expected the start of an expression");
    if (word === "true" || word === "false") return { kind: "literal", value: word === "true", place };
    if (word === "null") return { kind: "literal", value: null, place };
    if (!this.#s.peek("(")) return { kind: "name", name: word, place };
    this.#s.at++;
    const args: Expression[] = [];
    let expand = false;
    while (!this.#s.take(")", true)) {
      args.push(this.expression(true));
      expand = this.#s.take("...", true);
      if (!this.#s.take(",", true)) {
        this.#s.expect(")", true);
        break;
      }
    }
    return { kind: "call", name: word, args, expand, place };
  }

  #list(place: Place): Expression {
    if (this.#s.keyword("for", true)) return this.#for(place, "]");
    const items: Expression[] = [];
    while (!this.#s.take("]", true)) {
      items.push(this.expression(true));
      if (!this.#s.take(",", true)) {
        this.#s.expect("]", true);
        break;
      }
    }
    return { kind: "list", items, place };
  }

  #object(place: Place): Expression {
    if (this.#s.keyword("for", true)) return this.#for(place, "}");
    const items: { readonly key: Expression; readonly value: Expression }[] = [];
    while (!this.#s.take("}", true)) {
      this.#s.skip(true);
      const start = this.#s.at;
      const at = this.#s.place;
      const word = this.#s.word();
      this.#s.skip(false);
      let key: Expression;
      if (word !== undefined && (this.#s.peek("=") || this.#s.peek(":")))
        key = { kind: "literal", value: word, place: at };
      else {
        this.#s.at = start;
        key = this.expression(false);
        this.#s.skip(false);
      }
      if (!this.#s.take("=", false) && !this.#s.take(":", false)) this.#s.fail("Missing attribute value");
      items.push({ key, value: this.expression(false) });
      this.#s.skip(false);
      if (!this.#s.take(",", false) && !this.#s.peek("\n") && !this.#s.peek("}"))
        this.#s.fail(
          "Missing attribute separator; Expected a newline or comma to mark the beginning of the next attribute",
        );
    }
    return { kind: "object", items, place };
  }

  /** "NAME in SOURCE", "KEY, NAME in SOURCE". */
  forHead(): ForHead {
    this.#s.skip(true);
    const first = this.#s.word() ?? this.#s.fail("Invalid 'for' expression");
    let names: readonly [string] | readonly [string, string] = [first];
    if (this.#s.take(",", true)) {
      this.#s.skip(true);
      names = [first, this.#s.word() ?? this.#s.fail("Invalid 'for' expression")];
    }
    if (!this.#s.keyword("in", true))
      this.#s.fail("Invalid 'for' expression; For expression requires the 'in' keyword");
    return { names, source: this.expression(true) };
  }

  #for(place: Place, end: "]" | "}"): Expression {
    const { names, source } = this.forHead();
    this.#s.expect(":", true);
    let value = this.expression(true);
    let key: Expression | undefined;
    if (end === "}") {
      key = value;
      this.#s.expect("=>", true);
      value = this.expression(true);
    }
    const group = this.#s.take("...", true);
    const filter = this.#s.keyword("if", true) ? this.expression(true) : undefined;
    this.#s.expect(end, true);
    return { kind: "for", names, source, key, value, filter, group, place };
  }
}
