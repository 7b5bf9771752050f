/** HCL's native syntax as data (hashicorp/hcl, hclsyntax/spec.md), as far as bake files use it. */

export interface Place {
  readonly line: number;
  readonly column: number;
}
export type BinaryOperator = "||" | "&&" | "==" | "!=" | "<" | ">" | "<=" | ">=" | "+" | "-" | "*" | "/" | "%";

export type Expression = { readonly place: Place } & (
  | { readonly kind: "literal"; readonly value: string | number | boolean | null }
  | { readonly kind: "template"; readonly parts: readonly Expression[] }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "attribute"; readonly of: Expression; readonly name: string }
  | { readonly kind: "index"; readonly of: Expression; readonly key: Expression }
  | { readonly kind: "splat"; readonly of: Expression; readonly names: readonly string[] }
  | { readonly kind: "list"; readonly items: readonly Expression[] }
  | { readonly kind: "object"; readonly items: readonly { readonly key: Expression; readonly value: Expression }[] }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[]; readonly expand: boolean }
  | { readonly kind: "unary"; readonly operator: "!" | "-"; readonly operand: Expression }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: "condition"; readonly test: Expression; readonly then: Expression; readonly else: Expression }
  | {
      readonly kind: "for";
      readonly names: readonly [value: string] | readonly [key: string, value: string];
      readonly source: Expression;
      /** Of a result that is an object. */
      readonly key: Expression | undefined;
      readonly value: Expression;
      readonly filter: Expression | undefined;
      /** "...": values of equal keys are gathered in lists. */
      readonly group: boolean;
    }
);

export interface Attribute {
  readonly name: string;
  readonly value: Expression;
  readonly place: Place;
}
export interface Block {
  readonly type: string;
  readonly labels: readonly string[];
  readonly body: Body;
  readonly place: Place;
}
export interface Body {
  readonly attributes: ReadonlyMap<string, Attribute>;
  readonly blocks: readonly Block[];
}

/** What is wrong, and where. */
export class HclError extends Error {
  override readonly name = "HclError";
  readonly place: Place;
  constructor(message: string, place: Place) {
    super(message);
    this.place = place;
  }
}
