/**
 * Go's values as JavaScript's.
 *
 * nil: null and undefined · bool, string: the same · int: an integral number or a bigint · float64: a GoFloat, or a number with a
 * fraction · slice: an array · map: a Map · struct: a plain object, its keys the fields · struct with methods: `methods()` ·
 * func: a function.
 */
export class GoFloat {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

const typeName = Symbol("Go type");
const optional = Symbol("fields that JSON omits");
const jsonNames = Symbol("names in JSON");
type Tagged = {
  [typeName]?: string;
  [optional]?: Readonly<Record<string, unknown>>;
  [jsonNames]?: Readonly<Record<string, string | undefined>>;
};

/** A struct whose type has a name (for error texts), with zero values of the fields that its JSON form omits. */
export function struct<T extends object>(value: T, type: string, zero: Readonly<Record<string, unknown>> = {}): T {
  Object.defineProperty(value, typeName, { value: type });
  Object.defineProperty(value, optional, { value: zero });
  return value;
}

/** A formatter's row: every entry is a method, called when the template names it. */
export class Methods {
  readonly type: string;
  readonly table: Readonly<Record<string, (...args: string[]) => unknown>>;
  constructor(type: string, table: Readonly<Record<string, (...args: string[]) => unknown>>) {
    this.type = type;
    this.table = table;
  }
}
export const methods = (type: string, table: Readonly<Record<string, (...args: string[]) => unknown>>): Methods =>
  new Methods(type, table);

/** A value whose type has a String method: time.Time, time.Duration. */
export class Stringer {
  readonly text: string;
  readonly json: unknown;
  constructor(text: string, json: unknown) {
    this.text = text;
    this.json = json;
  }
}

/** A nil slice or map: empty to a template, null in JSON. A nil pointer is plain `null`. */
export const nilSlice: readonly unknown[] = Object.freeze([]);
export const nilMap: ReadonlyMap<string, unknown> = new Map();

/** Fields whose name in JSON differs, or (`undefined`) that JSON leaves out. */
export function named<T extends object>(value: T, names: Readonly<Record<string, string | undefined>>): T {
  Object.defineProperty(value, jsonNames, { value: names });
  return value;
}
export function jsonEntries(value: object): readonly (readonly [string, unknown])[] {
  const names = (value as Tagged)[jsonNames] ?? {};
  return Object.entries(value).flatMap(([field, item]) => {
    const name = Object.hasOwn(names, field) ? names[field] : field;
    return name === undefined || item === undefined ? [] : [[name, item] as const];
  });
}

export function goMap(value: Readonly<Record<string, unknown>> | null | undefined): Map<string, unknown> {
  return new Map(Object.entries(value ?? {}));
}

export type Kind =
  | "nil"
  | "bool"
  | "int"
  | "float"
  | "string"
  | "slice"
  | "map"
  | "struct"
  | "methods"
  | "stringer"
  | "func";

export function kindOf(value: unknown): Kind {
  switch (typeof value) {
    case "undefined":
      return "nil";
    case "boolean":
      return "bool";
    case "string":
      return "string";
    case "bigint":
      return "int";
    case "number":
      return Number.isInteger(value) ? "int" : "float";
    case "function":
      return "func";
  }
  if (value === null) return "nil";
  if (value instanceof GoFloat) return "float";
  if (value instanceof Stringer) return "stringer";
  if (Array.isArray(value)) return "slice";
  if (value instanceof Map) return "map";
  if (value instanceof Methods) return "methods";
  return "struct";
}

export function typeOf(value: unknown): string {
  switch (kindOf(value)) {
    case "nil":
      return "<nil>";
    case "bool":
      return "bool";
    case "int":
      return "int";
    case "float":
      return "float64";
    case "string":
      return "string";
    case "slice": {
      const first = (value as readonly unknown[])[0];
      return kindOf(first) === "string" ? "[]string" : "[]interface {}";
    }
    case "map":
      return "map[string]interface {}";
    case "methods":
      return (value as Methods).type;
    case "stringer":
      return "time.Time";
    case "func":
      return "func()";
    case "struct":
      return (value as Tagged)[typeName] ?? "struct {}";
  }
}

/** The zero value of a field that the struct has and its JSON leaves out; `undefined` where the struct has no such field. */
export function omittedField(value: object, field: string): { readonly value: unknown } | undefined {
  const zero = (value as Tagged)[optional];
  return zero !== undefined && Object.hasOwn(zero, field) ? { value: zero[field] } : undefined;
}

export const numberOf = (value: unknown): number => (value instanceof GoFloat ? value.value : Number(value));

/** text/template's notion of truth: false for the zero value of a kind; a struct is always true. */
export function isTrue(value: unknown): boolean {
  switch (kindOf(value)) {
    case "nil":
      return false;
    case "bool":
      return value as boolean;
    case "int":
    case "float":
      return numberOf(value) !== 0;
    case "string":
      return value !== "";
    case "slice":
      return (value as readonly unknown[]).length > 0;
    case "map":
      return (value as ReadonlyMap<unknown, unknown>).size > 0;
    default:
      return true;
  }
}

/** Maps are visited in the order of their keys, as Go's templates and fmt do. */
export function sortedEntries(map: ReadonlyMap<unknown, unknown>): readonly (readonly [unknown, unknown])[] {
  return [...map].sort(([a], [b]) => compareKeys(a, b));
}
function compareKeys(a: unknown, b: unknown): number {
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  return numberOf(a) - numberOf(b);
}
