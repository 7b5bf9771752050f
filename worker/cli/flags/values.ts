/** Parsers for the types of flags, with the error texts of pflag, strconv, time and docker/cli's opts. */
import { quoted } from "../template/print.ts";

export class FlagValueError extends Error {}

const fail = (message: string): never => {
  throw new FlagValueError(message);
};

export function parseBool(text: string): boolean {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  if (["0", "f", "F", "FALSE", "false", "False"].includes(text)) return false;
  return fail(`strconv.ParseBool: parsing ${quoted(text)}: invalid syntax`);
}

const integer = /^[+-]?(?:0[xX][\da-fA-F]+(?:_[\da-fA-F]+)*|0[bB][01]+|0[oO]?[0-7]*|[1-9]\d*(?:_\d+)*)$/;

function parseInteger(text: string, fn: string, low: bigint, high: bigint): number {
  const unsigned = fn === "ParseUint";
  if (!integer.test(text) || (unsigned && /^[+-]/.test(text)))
    return fail(`strconv.${fn}: parsing ${quoted(text)}: invalid syntax`);
  const negative = text.startsWith("-");
  let body = text.replace(/^[+-]/, "").replaceAll("_", "");
  if (/^0[0-7]+$/.test(body)) body = `0o${body.slice(1)}`;
  const value = negative ? -BigInt(body) : BigInt(body);
  if (value < low || value > high) return fail(`strconv.${fn}: parsing ${quoted(text)}: value out of range`);
  return Number(value);
}
export const parseInt64 = (text: string): number => parseInteger(text, "ParseInt", -(2n ** 63n), 2n ** 63n - 1n);
export const parseUint = (text: string, bits: bigint): number => parseInteger(text, "ParseUint", 0n, 2n ** bits - 1n);

export function parseFloat64(text: string): number {
  const value = Number(text);
  return text.trim() === "" || Number.isNaN(value)
    ? fail(`strconv.ParseFloat: parsing ${quoted(text)}: invalid syntax`)
    : value;
}

const units: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 6e10,
  h: 3.6e12,
};

/** time.ParseDuration, in nanoseconds. */
export function parseDuration(text: string): number {
  const negative = text.startsWith("-");
  let rest = text.replace(/^[+-]/, "");
  if (rest === "0") return 0;
  if (rest === "") return fail(`time: invalid duration ${quoted(text)}`);
  let total = 0;
  while (rest !== "") {
    const number = /^(?:\d+\.?\d*|\.\d+)/.exec(rest)?.[0];
    if (number === undefined) return fail(`time: invalid duration ${quoted(text)}`);
    rest = rest.slice(number.length);
    const unit = /^[^\d.]+/.exec(rest)?.[0];
    if (unit === undefined) return fail(`time: missing unit in duration ${quoted(text)}`);
    const scale = units[unit];
    if (scale === undefined) return fail(`time: unknown unit ${quoted(unit)} in duration ${quoted(text)}`);
    total += Math.round(Number(number) * scale);
    rest = rest.slice(unit.length);
  }
  return negative ? -total : total;
}

/** units.RAMInBytes: 1024-based, "512m", "1.5GiB", "2 gb". */
export function parseBytes(text: string): number {
  const match = /^(\d+(?:\.\d+)*) ?([kKmMgGtTpP])?[iI]?[bB]?$/.exec(text);
  const separator = text.search(/[\d. ](?=[^\d. ]*$)/);
  if (separator === -1) return fail(`invalid size: '${text}'`);
  const numberText = text.slice(0, separator + 1).replace(/ $/, "");
  const value = Number(numberText);
  if (numberText === "" || Number.isNaN(value)) return fail(`invalid size: '${text}'`);
  if (value < 0) return fail(`invalid size: '${text}'`);
  const suffix = text.slice(separator + 1).toLowerCase();
  if (suffix === "") return Math.trunc(value);
  if (match === null && !/^(b|[kmgtp](?:i?b)?)$/.test(suffix)) return fail(`invalid suffix: '${suffix}'`);
  const power = "bkmgtp".indexOf(suffix[0] ?? "b");
  return Math.trunc(value * 1024 ** Math.max(0, power));
}

/** opts.ParseCPUs: an exact rational, in billionths. */
export function parseCpus(text: string): number {
  if (!/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
    const fraction = /^([+-]?\d+)\/(\d+)$/.exec(text);
    if (fraction === null) return fail(`failed to parse ${text} as a rational number`);
    const nano = (Number(fraction[1]) * 1e9) / Number(fraction[2]);
    return Number.isInteger(nano) ? nano : fail("value is too precise");
  }
  const [, mantissa = "0", exponent = "0"] = /^([^eE]+)(?:[eE](.+))?$/.exec(text) ?? [];
  const [whole = "", decimals = ""] = mantissa.split(".");
  const shift = 9 + Number(exponent) - decimals.length;
  const digits = BigInt(`${whole}${decimals}`.replace(/^\+/, "") || "0");
  if (shift >= 0) return Number(digits * 10n ** BigInt(shift));
  const divisor = 10n ** BigInt(-shift);
  return digits % divisor === 0n ? Number(digits / divisor) : fail("value is too precise");
}

/** One record of encoding/csv. */
export function parseCsv(text: string): readonly string[] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (text[at] === '"') {
      let field = "";
      let from = at + 1;
      for (;;) {
        const end = text.indexOf('"', from);
        if (end < 0)
          return fail(`record on line 1; parse error on line 2, column 0: extraneous or missing " in quoted-field`);
        field += text.slice(from, end);
        if (text[end + 1] === '"') {
          field += '"';
          from = end + 2;
          continue;
        }
        at = end + 1;
        break;
      }
      fields.push(field);
      if (at < text.length && text[at] !== ",")
        return fail(`parse error on line 1, column ${at + 1}: extraneous or missing " in quoted-field`);
    } else {
      const end = text.indexOf(",", at);
      const field = text.slice(at, end < 0 ? text.length : end);
      const quote = field.indexOf('"');
      if (quote >= 0) return fail(`parse error on line 1, column ${at + quote + 1}: bare " in non-quoted-field`);
      fields.push(field);
      at = end < 0 ? text.length : end;
    }
    if (at >= text.length) break;
    at++;
  }
  if (text === "") return fail("EOF");
  return fields;
}

/** strings.Cut. */
export function cut(text: string, separator: string): readonly [string, string, boolean] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, "", false] : [text.slice(0, at), text.slice(at + separator.length), true];
}

export interface Ulimit {
  readonly Name: string;
  readonly Soft: number;
  readonly Hard: number;
}
const ulimits = [
  "as",
  "core",
  "cpu",
  "data",
  "fsize",
  "locks",
  "memlock",
  "msgqueue",
  "nice",
  "nofile",
  "nproc",
  "rss",
  "rtprio",
  "rttime",
  "sigpending",
  "stack",
];

/** units.ParseUlimit: name=soft[:hard], -1 for unlimited. */
export function parseUlimit(text: string): Ulimit {
  const [name, limits, ok] = cut(text, "=");
  if (!ok) return fail(`invalid ulimit argument: ${text}`);
  const [softText, hardText] = cut(limits, ":");
  if (!ulimits.includes(name)) return fail(`invalid ulimit type: ${name}`);
  const soft = Number(softText);
  if (!/^[+-]?\d+$/.test(softText)) return fail(`strconv.ParseInt: parsing ${quoted(softText)}: invalid syntax`);
  if (hardText === "") return { Name: name, Soft: soft, Hard: soft };
  if (!/^[+-]?\d+$/.test(hardText)) return fail(`strconv.ParseInt: parsing ${quoted(hardText)}: invalid syntax`);
  const hard = Number(hardText);
  if (hard !== -1 && (soft === -1 || soft > hard))
    return fail(
      soft === -1
        ? `ulimit soft limit must be less than or equal to hard limit: soft: -1 (unlimited), hard: ${hard}`
        : `ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`,
    );
  return { Name: name, Soft: soft, Hard: hard };
}
