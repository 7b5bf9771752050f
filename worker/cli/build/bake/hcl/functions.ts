/** Functions of bake files: those of go-cty's standard library that bake offers (buildx, docs/bake-stdlib.md), pure ones. */
import { md5, sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { isObject, textOf, type Value } from "./evaluate.ts";

type Fn = (...args: readonly Value[]) => Value;

const text = (value: Value | undefined): string => textOf(value ?? null);
const number = (value: Value | undefined): number => {
  const result = typeof value === "string" ? Number(value) : value;
  if (typeof result !== "number" || Number.isNaN(result)) throw new Error("a number is required");
  return result;
};
const list = (value: Value | undefined): readonly Value[] => {
  if (Array.isArray(value)) return value;
  throw new Error("a list is required");
};
const object = (value: Value | undefined): { readonly [name: string]: Value } => {
  if (value !== undefined && isObject(value)) return value;
  throw new Error("an object is required");
};
const same = (a: Value | undefined, b: Value | undefined): boolean => JSON.stringify(a) === JSON.stringify(b);
const encode = (value: Value | undefined): Uint8Array => new TextEncoder().encode(text(value));
const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
/** Go's expressions are RE2's, of which JavaScript's are nearly a superset. */
const pattern = (value: Value | undefined, flags = "u"): RegExp =>
  new RegExp(text(value).replace(/\(\?P</g, "(?<"), flags);
const escaped = (value: string): string => value.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const trimmed = (value: string, cut: string, sides: "both" | "start" | "end"): string => {
  const set = `[${cut.replace(/[\]\\^-]/g, "\\$&")}]+`;
  let result = value;
  if (cut === "") return result;
  if (sides !== "end") result = result.replace(new RegExp(`^${set}`), "");
  if (sides !== "start") result = result.replace(new RegExp(`${set}$`), "");
  return result;
};

/** The verbs of Go's fmt that cty's format takes. */
function format(template: Value | undefined, ...args: readonly Value[]): string {
  let next = 0;
  return text(template).replace(
    /%([-+ 0#]*)(\d*)(?:\.(\d+))?([vsdfqxtb%])/g,
    (_, flags: string, width: string, precision: string | undefined, verb: string) => {
      if (verb === "%") return "%";
      const value = args[next++] ?? null;
      let shown: string;
      if (verb === "d") shown = String(Math.trunc(number(value)));
      else if (verb === "f") shown = number(value).toFixed(precision === undefined ? 6 : Number(precision));
      else if (verb === "x") shown = typeof value === "string" ? hex(encode(value)) : number(value).toString(16);
      else if (verb === "b") shown = number(value).toString(2);
      else if (verb === "q") shown = JSON.stringify(text(value));
      else if (verb === "v" && (typeof value === "object" || value === null)) shown = JSON.stringify(value);
      else shown = text(value);
      const padding = flags.includes("0") && !flags.includes("-") ? "0" : " ";
      return flags.includes("-") ? shown.padEnd(Number(width)) : shown.padStart(Number(width), padding);
    },
  );
}

function matchOf(match: RegExpMatchArray): Value {
  if (match.groups !== undefined) return { ...match.groups } as Value;
  return match.length === 1 ? (match[0] ?? "") : match.slice(1).map((group) => group ?? "");
}

const flat = (value: Value): readonly Value[] => (Array.isArray(value) ? value.flatMap(flat) : [value]);
const unique = (values: readonly Value[]): readonly Value[] =>
  values.filter((value, i) => values.findIndex((other) => same(other, value)) === i);

export const functions: Readonly<Record<string, Fn>> = {
  abs: (a) => Math.abs(number(a)),
  add: (a, b) => number(a) + number(b),
  and: (a, b) => a === true && b === true,
  base64decode: (a) => new TextDecoder().decode(Uint8Array.from(atob(text(a)), (char) => char.charCodeAt(0))),
  base64encode: (a) => btoa(String.fromCharCode(...encode(a))),
  basename: (a) => text(a).replace(/\/+$/, "").split("/").at(-1) ?? "",
  ceil: (a) => Math.ceil(number(a)),
  chomp: (a) => text(a).replace(/[\r\n]+$/, ""),
  chunklist: (a, b) => {
    const [items, size] = [list(a), number(b)];
    return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
  },
  coalesce: (...args) => args.find((value) => value !== null && value !== "") ?? null,
  coalescelist: (...args) => args.find((value) => Array.isArray(value) && value.length > 0) ?? [],
  compact: (a) => list(a).filter((value) => value !== "" && value !== null),
  concat: (...args) => args.flatMap((value) => list(value)),
  contains: (a, b) => list(a).some((value) => same(value, b)),
  dirname: (a) => text(a).replace(/\/[^/]*$/, "") || ".",
  distinct: (a) => unique(list(a)),
  divide: (a, b) => number(a) / number(b),
  element: (a, b) => list(a)[number(b) % list(a).length] ?? null,
  equal: (a, b) => same(a, b),
  flatten: (a) => list(a).flatMap(flat),
  floor: (a) => Math.floor(number(a)),
  format: (a, ...rest) => format(a, ...rest),
  formatlist: (a, ...rest) => {
    const length = Math.max(0, ...rest.map((value) => (Array.isArray(value) ? value.length : 0)));
    return Array.from({ length }, (_, i) =>
      format(a, ...rest.map((value) => (Array.isArray(value) ? ((value as readonly Value[])[i] ?? null) : value))),
    );
  },
  greaterthan: (a, b) => number(a) > number(b),
  greaterthanorequalto: (a, b) => number(a) >= number(b),
  hasindex: (a, b) => (Array.isArray(a) ? number(b) < a.length : Object.hasOwn(object(a), text(b))),
  indent: (a, b) => text(b).replaceAll("\n", `\n${" ".repeat(number(a))}`),
  index: (a, b) => (Array.isArray(a) ? a[number(b)] : object(a)[text(b)]) ?? null,
  indexof: (a, b) => {
    const at = list(a).findIndex((value) => same(value, b));
    if (at < 0) throw new Error("item not found");
    return at;
  },
  int: (a) => Math.trunc(number(a)),
  join: (a, ...rest) =>
    rest
      .flatMap((value) => list(value))
      .map(text)
      .join(text(a)),
  jsondecode: (a) => JSON.parse(text(a)) as Value,
  jsonencode: (a) => JSON.stringify(a ?? null),
  keys: (a) => Object.keys(object(a)).sort(),
  length: (a) => (Array.isArray(a) ? a.length : typeof a === "string" ? [...a].length : Object.keys(object(a)).length),
  lessthan: (a, b) => number(a) < number(b),
  lessthanorequalto: (a, b) => number(a) <= number(b),
  lookup: (a, b, c) => object(a)[text(b)] ?? c ?? null,
  lower: (a) => text(a).toLowerCase(),
  max: (...args) => Math.max(...args.map(number)),
  md5: (a) => hex(md5(encode(a))),
  merge: (...args) => Object.assign({}, ...args.map((value) => object(value ?? {}))) as Value,
  min: (...args) => Math.min(...args.map(number)),
  modulo: (a, b) => number(a) % number(b),
  multiply: (a, b) => number(a) * number(b),
  negate: (a) => -number(a),
  not: (a) => a !== true,
  notequal: (a, b) => !same(a, b),
  or: (a, b) => a === true || b === true,
  parseint: (a, b) => Number.parseInt(text(a), number(b)),
  pow: (a, b) => number(a) ** number(b),
  range: (...args) => {
    const [from, to, step] =
      args.length === 1 ? [0, number(args[0]), 1] : [number(args[0]), number(args[1]), number(args[2] ?? 1)];
    const count = Math.max(0, Math.ceil((to - from) / step));
    if (!(count <= 1024)) throw new Error("more than 1024 values were generated");
    return Array.from({ length: count }, (_, i) => from + i * step);
  },
  regex: (a, b) => {
    const match = text(b).match(pattern(a));
    if (match === null) throw new Error("pattern did not match any part of the given string");
    return matchOf(match);
  },
  regex_replace: (a, b, c) => text(a).replace(pattern(b, "gu"), text(c).replace(/\$\{(\w+)\}/g, "$$$1")),
  regexall: (a, b) => [...text(b).matchAll(pattern(a, "gu"))].map(matchOf),
  replace: (a, b, c) => {
    const wrapped = /^\/(.*)\/$/s.exec(text(b));
    return wrapped === null
      ? text(a).replaceAll(text(b), () => text(c))
      : text(a).replace(new RegExp(wrapped[1] ?? "", "gu"), text(c));
  },
  reverse: (a) => [...text(a)].reverse().join(""),
  reverselist: (a) => [...list(a)].reverse(),
  sanitize: (a) => text(a).replace(/[^a-zA-Z0-9_-]+/g, "_"),
  setunion: (...args) => unique(args.flatMap((value) => list(value))),
  sha1: (a) => hex(sha1(encode(a))),
  sha256: (a) => hex(sha256(encode(a))),
  sha512: (a) => hex(sha512(encode(a))),
  signum: (a) => Math.sign(number(a)),
  slice: (a, b, c) => list(a).slice(number(b), number(c)),
  sort: (a) => list(a).map(text).sort(),
  split: (a, b) => (text(b) === "" ? [""] : text(b).split(text(a))),
  strlen: (a) => [...text(a)].length,
  substr: (a, b, c) => {
    const chars = [...text(a)];
    const from = number(b) < 0 ? chars.length + number(b) : number(b);
    return chars.slice(from, number(c) < 0 ? undefined : from + number(c)).join("");
  },
  subtract: (a, b) => number(a) - number(b),
  title: (a) => text(a).replace(/\b\p{L}/gu, (char) => char.toUpperCase()),
  trim: (a, b) => trimmed(text(a), text(b), "both"),
  trimprefix: (a, b) => text(a).replace(new RegExp(`^${escaped(text(b))}`), ""),
  trimspace: (a) => text(a).trim(),
  trimsuffix: (a, b) => text(a).replace(new RegExp(`${escaped(text(b))}$`), ""),
  upper: (a) => text(a).toUpperCase(),
  urlencode: (a) => encodeURIComponent(text(a)).replaceAll("%20", "+"),
  values: (a) =>
    Object.entries(object(a))
      .sort(([x], [y]) => (x < y ? -1 : 1))
      .map(([, value]) => value),
  zipmap: (a, b) => Object.fromEntries(list(a).map((key, i) => [text(key), list(b)[i] ?? null])),
};
