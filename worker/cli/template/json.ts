/** encoding/json with SetEscapeHTML(false), on template values. */
import { GoFloat, jsonEntries, kindOf, type Methods, nilMap, nilSlice, type Stringer, sortedEntries } from "./value.ts";

export function toJson(value: unknown): string {
  if (value === nilSlice || value === nilMap) return "null";
  switch (kindOf(value)) {
    case "nil":
      return "null";
    case "bool":
    case "int":
      return String(value);
    case "float":
      return jsonFloat(value instanceof GoFloat ? value.value : (value as number));
    case "string":
      return quote(value as string);
    case "slice":
      return `[${(value as readonly unknown[]).map(toJson).join(",")}]`;
    case "map":
      return object(sortedEntries(value as Map<string, unknown>).map(([k, v]) => [String(k), v]));
    case "methods": {
      const { table } = value as Methods;
      const names = Object.keys(table).filter((n) => table[n]?.length === 0);
      return escapeHtml(object(names.sort().map((name) => [name, table[name]?.()])));
    }
    case "struct":
      return object(jsonEntries(value as object));
    case "stringer":
      return toJson((value as Stringer).json);
    case "func":
      return "null";
  }
}

/** What json.Marshal does where nobody turned it off. */
export const escapeHtml = (json: string): string =>
  json.replaceAll("&", "\\u0026").replaceAll("<", "\\u003c").replaceAll(">", "\\u003e");

const object = (entries: readonly (readonly [string, unknown])[]): string =>
  `{${entries.map(([k, v]) => `${quote(k)}:${toJson(v)}`).join(",")}}`;

const quote = (text: string): string =>
  JSON.stringify(text).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");

/** Go writes exponents with two digits from 1e-06 down and 1e+21 up. */
function jsonFloat(value: number): string {
  if (!Number.isFinite(value)) return "null";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-6 || size >= 1e21))
    return value
      .toExponential()
      .replace(/e([+-])(\d)$/, (_, sign, digit) => `e${sign}${sign === "-" ? `0${digit}` : digit}`)
      .replace(/e-0(\d)$/, "e-0$1");
  return String(value);
}

/** json.MarshalIndent(value, "", indent). */
export function toJsonIndented(value: unknown, indent: string, prefix = ""): string {
  const inner = prefix + indent;
  const kind = kindOf(value);
  if (kind === "slice") {
    const items = value as readonly unknown[];
    if (items.length === 0) return "[]";
    return `[\n${items.map((v) => inner + toJsonIndented(v, indent, inner)).join(",\n")}\n${prefix}]`;
  }
  if (kind === "struct" || kind === "map") {
    const entries = kind === "map" ? sortedEntries(value as Map<string, unknown>) : Object.entries(value as object);
    if (entries.length === 0) return "{}";
    return `{\n${entries.map(([k, v]) => `${inner}${quote(String(k))}: ${toJsonIndented(v, indent, inner)}`).join(",\n")}\n${prefix}}`;
  }
  return toJson(value);
}
