/** Go's fmt verbs: https://pkg.go.dev/fmt. */
import { quoted } from "../../go/strconv.ts";
import { kindOf, type Methods, numberOf, type Stringer, sortedEntries, typeOf } from "./value.ts";

export function sprint(values: readonly unknown[]): string {
  let out = "";
  values.forEach((value, i) => {
    const spaced = i > 0 && kindOf(value) !== "string" && kindOf(values[i - 1]) !== "string";
    out += (spaced ? " " : "") + formatValue(value);
  });
  return out;
}
export const sprintln = (values: readonly unknown[]): string => `${values.map((v) => formatValue(v)).join(" ")}\n`;

/** The %v form. */
export function formatValue(value: unknown, plus = false): string {
  switch (kindOf(value)) {
    case "nil":
      return "<nil>";
    case "float":
      return formatG(numberOf(value));
    case "slice":
      return `[${(value as readonly unknown[]).map((v) => formatValue(v, plus)).join(" ")}]`;
    case "map":
      return `map[${sortedEntries(value as Map<unknown, unknown>)
        .map(([k, v]) => `${formatValue(k)}:${formatValue(v, plus)}`)
        .join(" ")}]`;
    case "struct":
      return `{${Object.entries(value as object)
        .map(([k, v]) => (plus ? `${k}:${formatValue(v, plus)}` : formatValue(v)))
        .join(" ")}}`;
    case "methods":
      return `&{${(value as Methods).type}}`;
    case "stringer":
      return (value as Stringer).text;
    case "func":
      return "0x1";
    default:
      return String(value);
  }
}

function formatG(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  const exponent = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  return exponent < -4 || exponent >= 21 ? exponential(value.toExponential()) : String(value);
}
const exponential = (text: string): string => text.replace(/e([+-])(\d)$/, "e$10$2");

interface Flags {
  readonly minus: boolean;
  readonly plus: boolean;
  readonly sharp: boolean;
  readonly space: boolean;
  readonly zero: boolean;
  readonly width: number | undefined;
  readonly precision: number | undefined;
}

const directive = /%([-+# 0]*)(\*|\d+)?(?:(\.)(\*|\d*))?(?:\[(\d+)\])?([\s\S])?/gu;

export function sprintf(format: string, args: readonly unknown[]): string {
  let next = 0;
  let reordered = false;
  const star = (text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    if (text === "*") return Number(args[next++]);
    return Number(text);
  };
  const out = format.replace(directive, (_, flags: string, width, dot, precision, index, verb: string | undefined) => {
    if (verb === undefined) return "%!(NOVERB)";
    let w = star(width);
    const p = dot === undefined ? undefined : (star(precision === "" ? "0" : precision) ?? 0);
    let minus = flags.includes("-");
    if (w !== undefined && w < 0) {
      minus = true;
      w = -w;
    }
    if (verb === "%") return "%";
    if (index !== undefined) {
      next = Number(index) - 1;
      reordered = true;
    }
    if (next >= args.length) return `%!${verb}(${index === undefined ? "MISSING" : "BADINDEX"})`;
    return verbatim(verb, args[next++], {
      minus,
      plus: flags.includes("+"),
      sharp: flags.includes("#"),
      space: flags.includes(" "),
      zero: flags.includes("0") && !minus,
      width: w,
      precision: p,
    });
  });
  if (reordered || next >= args.length) return out;
  const extra = args.slice(next).map((a) => (kindOf(a) === "nil" ? "<nil>" : `${typeOf(a)}=${formatValue(a)}`));
  return `${out}%!(EXTRA ${extra.join(", ")})`;
}

function pad(text: string, flags: Flags): string {
  if (flags.width === undefined) return text;
  const missing = flags.width - [...text].length;
  if (missing <= 0) return text;
  if (flags.minus) return text + " ".repeat(missing);
  if (!flags.zero) return " ".repeat(missing) + text;
  const sign = /^[+-]/.exec(text)?.[0] ?? "";
  return sign + "0".repeat(missing) + text.slice(sign.length);
}

function verbatim(verb: string, value: unknown, flags: Flags): string {
  const kind = kindOf(value);
  if (verb === "T") return pad(typeOf(value), flags);
  if (verb === "v") {
    if (flags.sharp) return pad(goSyntax(value), { ...flags, zero: false });
    if (kind === "int") return integer(value, 10, flags);
    if (kind === "float" && flags.precision !== undefined) return pad(float("g", numberOf(value), flags), flags);
    return pad(formatValue(value, flags.plus), flags);
  }
  if (kind === "slice" && !"sqxX".includes(verb))
    return `[${(value as readonly unknown[]).map((v) => verbatim(verb, v, flags)).join(" ")}]`;
  switch (kind) {
    case "bool":
      if (verb === "t") return pad(String(value), flags);
      break;
    case "int":
      switch (verb) {
        case "d":
          return integer(value, 10, flags);
        case "b":
          return integer(value, 2, flags);
        case "o":
          return integer(value, 8, flags);
        case "O":
          return `0o${integer(value, 8, flags)}`;
        case "x":
          return integer(value, 16, flags);
        case "X":
          return integer(value, 16, flags).toUpperCase();
        case "c":
          return pad(String.fromCodePoint(Number(value)), flags);
        case "q":
          return pad(`'${String.fromCodePoint(Number(value))}'`, flags);
        case "U":
          return pad(`U+${Number(value).toString(16).toUpperCase().padStart(4, "0")}`, flags);
      }
      break;
    case "float":
      if ("eEfFgG".includes(verb)) return pad(float(verb, numberOf(value), flags), flags);
      break;
    case "string":
      switch (verb) {
        case "s":
          return pad(clip(value as string, flags), { ...flags, zero: flags.zero });
        case "q":
          return pad(quoted(clip(value as string, flags), flags.sharp), flags);
        case "x":
        case "X": {
          const hex = [...new TextEncoder().encode(value as string)].map((b) => b.toString(16).padStart(2, "0"));
          const text = hex.join(flags.space ? " " : "");
          return pad(verb === "X" ? text.toUpperCase() : text, flags);
        }
      }
      break;
    case "slice":
      if (verb === "s" || verb === "q")
        return `[${(value as readonly unknown[]).map((v) => verbatim(verb, v, flags)).join(" ")}]`;
      break;
    case "nil":
      return `%!${verb}(<nil>)`;
    case "map":
    case "stringer":
    case "struct":
      if (verb === "s") return pad(formatValue(value), flags);
  }
  return `%!${verb}(${typeOf(value)}=${formatValue(value)})`;
}

const clip = (text: string, { precision }: Flags): string =>
  precision === undefined ? text : [...text].slice(0, precision).join("");

function integer(value: unknown, base: number, flags: Flags): string {
  const number = BigInt(value as number | bigint);
  let digits = (number < 0n ? -number : number).toString(base);
  if (flags.precision !== undefined) digits = digits.padStart(flags.precision, "0");
  const prefix = flags.sharp ? ({ 2: "0b", 8: "0", 16: "0x" }[base] ?? "") : "";
  const sign = number < 0n ? "-" : flags.plus ? "+" : flags.space ? " " : "";
  return pad(sign + prefix + digits, flags);
}

function float(verb: string, value: number, flags: Flags): string {
  const sign = flags.plus && value >= 0 ? "+" : flags.space && value >= 0 ? " " : "";
  switch (verb) {
    case "f":
    case "F":
      return sign + value.toFixed(flags.precision ?? 6);
    case "e":
      return sign + exponential(value.toExponential(flags.precision ?? 6));
    case "E":
      return (sign + exponential(value.toExponential(flags.precision ?? 6))).toUpperCase();
    default:
      return (
        sign +
        (flags.precision === undefined ? formatG(value) : String(Number(value.toPrecision(flags.precision || 1))))
      );
  }
}

function goSyntax(value: unknown): string {
  switch (kindOf(value)) {
    case "string":
      return quoted(value as string);
    case "slice":
      return `${typeOf(value)}{${(value as readonly unknown[]).map(goSyntax).join(", ")}}`;
    case "map":
      return `${typeOf(value)}{${sortedEntries(value as Map<unknown, unknown>)
        .map(([k, v]) => `${goSyntax(k)}:${goSyntax(v)}`)
        .join(", ")}}`;
    case "struct":
      return `${typeOf(value)}{${Object.entries(value as object)
        .map(([k, v]) => `${k}:${goSyntax(v)}`)
        .join(", ")}}`;
    default:
      return formatValue(value);
  }
}
