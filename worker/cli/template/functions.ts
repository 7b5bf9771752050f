/** The functions that every Go template has: https://pkg.go.dev/text/template#hdr-Functions. */
import { quoted } from "../../go/strconv.ts";
import { formatValue, sprint, sprintf, sprintln } from "./print.ts";
import { isTrue, kindOf, numberOf, typeOf } from "./value.ts";

/** `arity`: the message says how many arguments are wanted. `argument`: an argument has the wrong type. */
export class FunctionError extends Error {
  readonly arity: boolean;
  readonly argument: boolean;
  constructor(message: string, what: "call" | "arity" | "argument" = "call") {
    super(message);
    this.arity = what === "arity";
    this.argument = what === "argument";
  }
}

function want(args: readonly unknown[], count: number): void {
  if (args.length !== count) throw new FunctionError(String(count), "arity");
}
function atLeast(args: readonly unknown[], count: number): void {
  if (args.length < count) throw new FunctionError(`at least ${count}`, "arity");
}

export function stringArgument(value: unknown): string {
  if (typeof value === "string") return value;
  if (kindOf(value) === "nil") throw new FunctionError("invalid value; expected string", "argument");
  throw new FunctionError(`wrong type for value; expected string; got ${typeOf(value)}`, "argument");
}

function basic(value: unknown): "bool" | "int" | "float" | "string" | "nil" {
  const kind = kindOf(value);
  if (kind === "bool" || kind === "int" || kind === "float" || kind === "string" || kind === "nil") return kind;
  throw new FunctionError("incompatible types for comparison");
}

function equal(a: unknown, b: unknown): boolean {
  const nils = [a, b].filter((v) => kindOf(v) === "nil").length;
  if (nils > 0) return nils === 2;
  const left = basic(a);
  const right = basic(b);
  if (left !== right) throw new FunctionError("incompatible types for comparison");
  return left === "int" || left === "float" ? numberOf(a) === numberOf(b) : a === b;
}

function less(a: unknown, b: unknown): boolean {
  const left = basic(a);
  const right = basic(b);
  if (left === "bool" || left === "nil") throw new FunctionError("invalid type for comparison");
  if (left !== right) throw new FunctionError("incompatible types for comparison");
  return left === "string" ? (a as string) < (b as string) : numberOf(a) < numberOf(b);
}

function position(index: unknown, length: number): number {
  if (kindOf(index) === "nil") throw new FunctionError("cannot index slice/array with nil");
  if (kindOf(index) !== "int") throw new FunctionError(`cannot index slice/array with type ${typeOf(index)}`);
  const at = Number(index);
  if (at < 0 || at > length) throw new FunctionError(`index out of range: ${at}`);
  return at;
}

function index(...args: unknown[]): unknown {
  atLeast(args, 1);
  let [value, ...keys] = args;
  for (const key of keys) {
    switch (kindOf(value)) {
      case "slice":
      case "string": {
        const list = value as string | readonly unknown[];
        const at = position(key, list.length);
        if (at >= list.length) throw new FunctionError(`index out of range: ${at}`);
        value = typeof list === "string" ? new TextEncoder().encode(list)[at] : list[at];
        break;
      }
      case "map": {
        if (kindOf(key) === "nil") throw new FunctionError("value is nil; should be of type string");
        if (typeof key !== "string") throw new FunctionError(`value has type ${typeOf(key)}; should be string`);
        const map = value as ReadonlyMap<string, unknown>;
        const sample = map.values().next().value;
        value = map.has(key) ? map.get(key) : typeof sample === "string" ? "" : undefined;
        break;
      }
      case "nil":
        throw new FunctionError("index of untyped nil");
      default:
        throw new FunctionError(`can't index item of type ${typeOf(value)}`);
    }
  }
  return value;
}

function slice(...args: unknown[]): unknown {
  atLeast(args, 1);
  const [value, ...bounds] = args;
  if (kindOf(value) === "nil") throw new FunctionError("slice of untyped nil");
  if (bounds.length > 3) throw new FunctionError(`too many slice indexes: ${bounds.length}`);
  if (typeof value !== "string" && !Array.isArray(value))
    throw new FunctionError(`can't slice item of type ${typeOf(value)}`);
  if (typeof value === "string" && bounds.length === 3) throw new FunctionError("cannot 3-index slice a string");
  const [from = 0, to = value.length] = bounds.map((b) => position(b, value.length));
  if (from > to) throw new FunctionError(`invalid slice index: ${from} > ${to}`);
  return value.slice(from, to);
}

function length(...args: unknown[]): number {
  want(args, 1);
  const [value] = args;
  switch (kindOf(value)) {
    case "string":
      return new TextEncoder().encode(value as string).length;
    case "slice":
      return (value as readonly unknown[]).length;
    case "map":
      return (value as ReadonlyMap<unknown, unknown>).size;
    case "nil":
      throw new FunctionError("len of nil pointer");
    default:
      throw new FunctionError(`len of type ${typeOf(value)}`);
  }
}

const text = (args: readonly unknown[]): string =>
  args.length === 1 && typeof args[0] === "string" ? args[0] : sprint(args);

const htmlEntities: Readonly<Record<string, string>> = {
  "\0": "\uFFFD",
  '"': "&#34;",
  "'": "&#39;",
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
};
const jsEntities: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "'": "\\'",
  '"': '\\"',
  "<": "\\u003C",
  ">": "\\u003E",
  "&": "\\u0026",
  "=": "\\u003D",
};

export const builtins: Readonly<Record<string, (...args: unknown[]) => unknown>> = {
  not: (...args) => {
    want(args, 1);
    return !isTrue(args[0]);
  },
  eq: (...args) => {
    atLeast(args, 1);
    const [first, ...others] = args;
    if (others.length === 0) throw new FunctionError("missing argument for comparison");
    return others.some((other) => equal(first, other));
  },
  ne: (...args) => {
    want(args, 2);
    return !equal(args[0], args[1]);
  },
  lt: (...args) => {
    want(args, 2);
    return less(args[0], args[1]);
  },
  le: (...args) => {
    want(args, 2);
    return less(args[0], args[1]) || equal(args[0], args[1]);
  },
  gt: (...args) => {
    want(args, 2);
    return !less(args[0], args[1]) && !equal(args[0], args[1]);
  },
  ge: (...args) => {
    want(args, 2);
    return !less(args[0], args[1]);
  },
  index,
  slice,
  len: length,
  print: (...args) => sprint(args),
  println: (...args) => sprintln(args),
  printf: (...args) => {
    atLeast(args, 1);
    return sprintf(stringArgument(args[0]), args.slice(1));
  },
  html: (...args) => text(args).replace(/[\0"'&<>]/g, (c) => htmlEntities[c] ?? c),
  js: (...args) =>
    text(args).replace(/[\\'"<>&=\p{Cc}]/gu, (c) => {
      const known = jsEntities[c];
      return known ?? `\\u${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
    }),
  urlquery: (...args) =>
    encodeURIComponent(text(args))
      .replaceAll("%20", "+")
      .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`),
  call: (...args) => {
    atLeast(args, 1);
    const [fn, ...rest] = args;
    if (kindOf(fn) === "nil") throw new FunctionError("call of nil");
    if (typeof fn !== "function")
      throw new FunctionError(`non-function ${quoted(formatValue(fn))} of type ${typeOf(fn)}`);
    return fn(...rest);
  },
};
