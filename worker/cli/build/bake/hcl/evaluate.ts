/** Values of HCL expressions: strings, numbers, booleans, null, lists and objects. */
import { type Expression, HclError } from "./ast.ts";
import { functions } from "./functions.ts";

export type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value };

export interface Scope {
  /** Of a variable; `undefined` where there is none. */
  variable(name: string): Value | undefined;
  /** Of the file's own functions. */
  call(name: string, args: readonly Value[]): Value | undefined;
}

/** Numbers without a fraction print without a point. */
export function textOf(value: Value): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new Error("a string is required");
}

export const isObject = (value: Value): value is { readonly [name: string]: Value } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function evaluate(expression: Expression, scope: Scope): Value {
  const fail = (message: string): never => {
    throw new HclError(message, expression.place);
  };
  switch (expression.kind) {
    case "literal":
      return expression.value;
    case "template":
      try {
        return expression.parts.map((part) => textOf(evaluate(part, scope))).join("");
      } catch (error) {
        if (error instanceof HclError) throw error;
        return fail(`Invalid template interpolation value; ${(error as Error).message}`);
      }
    case "name":
      return (
        scope.variable(expression.name) ??
        (scope.variable(expression.name) === null
          ? null
          : fail(`Unknown variable; There is no variable named ${JSON.stringify(expression.name)}.`))
      );
    case "attribute":
    case "index": {
      const of = evaluate(expression.of, scope);
      const key = expression.kind === "attribute" ? expression.name : evaluate(expression.key, scope);
      const found = elementOf(of, key);
      return found === undefined
        ? fail(`Unsupported attribute; This value has no element ${JSON.stringify(key)}.`)
        : found;
    }
    case "splat": {
      const of = evaluate(expression.of, scope);
      const list = Array.isArray(of) ? of : of === null ? [] : [of as Value];
      return list.map((item: Value) => {
        let value = item;
        for (const name of expression.names)
          value =
            elementOf(value, name) ?? fail(`Unsupported attribute; This value has no element ${JSON.stringify(name)}.`);
        return value;
      });
    }
    case "list":
      return expression.items.map((item) => evaluate(item, scope));
    case "object":
      return Object.fromEntries(
        expression.items.map(({ key, value }) => [textOf(evaluate(key, scope)), evaluate(value, scope)]),
      );
    case "call":
      return call(expression, scope);
    case "unary": {
      const operand = evaluate(expression.operand, scope);
      return expression.operator === "!" ? !isTrue(operand, fail) : -numberOf(operand, fail);
    }
    case "binary":
      return binary(expression, scope, fail);
    case "condition":
      return isTrue(evaluate(expression.test, scope), fail)
        ? evaluate(expression.then, scope)
        : evaluate(expression.else, scope);
    case "for":
      return forExpression(expression, scope, fail);
  }
}

function elementOf(of: Value, key: Value): Value | undefined {
  if (Array.isArray(of)) return of[Number(key)];
  return isObject(of) && Object.hasOwn(of, String(key)) ? of[String(key)] : undefined;
}

type Fail = (message: string) => never;
function isTrue(value: Value, fail: Fail): boolean {
  if (typeof value === "boolean") return value;
  if (value === "true" || value === "false") return value === "true";
  return fail("Incorrect condition type; The condition expression must be of type bool.");
}
function numberOf(value: Value, fail: Fail): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && !Number.isNaN(number) ? number : fail("Invalid operand; a number is required.");
}

function binary(
  { operator, left, right }: Extract<Expression, { readonly kind: "binary" }>,
  scope: Scope,
  fail: Fail,
): Value {
  const a = evaluate(left, scope);
  if (operator === "&&") return isTrue(a, fail) && isTrue(evaluate(right, scope), fail);
  if (operator === "||") return isTrue(a, fail) || isTrue(evaluate(right, scope), fail);
  const b = evaluate(right, scope);
  if (operator === "==" || operator === "!=") return (JSON.stringify(a) === JSON.stringify(b)) === (operator === "==");
  const [x, y] = [numberOf(a, fail), numberOf(b, fail)];
  switch (operator) {
    case "<":
      return x < y;
    case ">":
      return x > y;
    case "<=":
      return x <= y;
    case ">=":
      return x >= y;
    case "+":
      return x + y;
    case "-":
      return x - y;
    case "*":
      return x * y;
    case "/":
      return y === 0 ? fail("Division by zero") : x / y;
    case "%":
      return y === 0 ? fail("Division by zero") : x % y;
  }
}

function forExpression(
  { names, source, key, value, filter, group }: Extract<Expression, { readonly kind: "for" }>,
  scope: Scope,
  fail: Fail,
): Value {
  const of = evaluate(source, scope);
  const entries: readonly (readonly [Value, Value])[] = Array.isArray(of)
    ? of.map((item: Value, i: number) => [i, item] as const)
    : isObject(of)
      ? Object.entries(of)
      : fail("Iteration over non-iterable value");
  const list: Value[] = [];
  const object: Record<string, Value> = {};
  for (const [k, v] of entries) {
    const own = new Map<string, Value>(
      names.length === 2
        ? [
            [names[0], k],
            [names[1], v],
          ]
        : [[names[0], v]],
    );
    const inner: Scope = {
      variable: (name) => (own.has(name) ? own.get(name) : scope.variable(name)),
      call: (name, args) => scope.call(name, args),
    };
    if (filter !== undefined && !isTrue(evaluate(filter, inner), fail)) continue;
    const result = evaluate(value, inner);
    if (key === undefined) list.push(result);
    else {
      const name = textOf(evaluate(key, inner));
      if (group) object[name] = [...((object[name] as readonly Value[] | undefined) ?? []), result];
      else object[name] = result;
    }
  }
  return key === undefined ? list : object;
}

function call(expression: Extract<Expression, { readonly kind: "call" }>, scope: Scope): Value {
  const { name, args: given, expand, place } = expression;
  if (name === "try" || name === "can") return attempt(name, given, scope, place);
  const args = given.map((arg) => evaluate(arg, scope));
  const last = args.at(-1);
  const all = expand && Array.isArray(last) ? [...args.slice(0, -1), ...(last as readonly Value[])] : args;
  try {
    const own = scope.call(name, all);
    if (own !== undefined) return own;
    const builtin = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (builtin === undefined)
      throw new HclError(`Call to unknown function; There is no function named ${JSON.stringify(name)}.`, place);
    return builtin(...all);
  } catch (error) {
    if (error instanceof HclError) throw error;
    throw new HclError(
      `Error in function call; Call to function ${JSON.stringify(name)} failed: ${(error as Error).message}.`,
      place,
    );
  }
}

function attempt(name: "try" | "can", args: readonly Expression[], scope: Scope, place: Expression["place"]): Value {
  for (const arg of args)
    try {
      const value = evaluate(arg, scope);
      return name === "can" ? true : value;
    } catch (error) {
      if (!(error instanceof HclError)) throw error;
    }
  if (name === "can") return false;
  throw new HclError("Error in function call; no expression succeeded.", place);
}
