/** Go's strconv: how text is quoted, and numbers and booleans are read, with its errors. */
import { refuse } from "./value-error.ts";

/** strconv.Quote. */
export function quoted(text: string, raw = false): string {
  if (raw && !text.includes("`")) return `\`${text}\``;
  let out = '"';
  for (const c of text) {
    const code = c.codePointAt(0) ?? 0;
    if (c === '"' || c === "\\") out += `\\${c}`;
    else if (c === "\n") out += "\\n";
    else if (c === "\t") out += "\\t";
    else if (c === "\r") out += "\\r";
    else if (code === 7) out += "\\a";
    else if (code === 8) out += "\\b";
    else if (code === 12) out += "\\f";
    else if (code === 11) out += "\\v";
    else if (code < 32 || code === 127) out += `\\x${code.toString(16).padStart(2, "0")}`;
    else out += c;
  }
  return `${out}"`;
}

const runeEscapes: Readonly<Record<number, string>> = { 7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r" };

/** strconv.QuoteRune of a code point. */
export function quotedRune(value: number): string {
  const letter = runeEscapes[value];
  if (letter !== undefined) return `'\\${letter}'`;
  if (value < 32 || value === 127) return `'\\x${value.toString(16).padStart(2, "0")}'`;
  const text = String.fromCodePoint(value);
  return text === "'" || text === "\\" ? `'\\${text}'` : `'${text}'`;
}

/** A NumError with ErrSyntax, of the function of that name. */
export const syntaxError = (fn: string, text: string): string =>
  `strconv.${fn}: parsing ${quoted(text)}: invalid syntax`;
/** A NumError with ErrRange. */
export const rangeError = (fn: string, text: string): string =>
  `strconv.${fn}: parsing ${quoted(text)}: value out of range`;

export function parseBool(text: string): boolean {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  if (["0", "f", "F", "FALSE", "false", "False"].includes(text)) return false;
  return refuse(syntaxError("ParseBool", text));
}

const integer = /^[+-]?(?:0[xX][\da-fA-F]+(?:_[\da-fA-F]+)*|0[bB][01]+|0[oO]?[0-7]*|[1-9]\d*(?:_\d+)*)$/;

function parseInteger(text: string, fn: string, low: bigint, high: bigint): number {
  const unsigned = fn === "ParseUint";
  if (!integer.test(text) || (unsigned && /^[+-]/.test(text))) return refuse(syntaxError(fn, text));
  const negative = text.startsWith("-");
  let body = text.replace(/^[+-]/, "").replaceAll("_", "");
  if (/^0[0-7]+$/.test(body)) body = `0o${body.slice(1)}`;
  const value = negative ? -BigInt(body) : BigInt(body);
  if (value < low || value > high) return refuse(rangeError(fn, text));
  return Number(value);
}
export const parseInt64 = (text: string): number => parseInteger(text, "ParseInt", -(2n ** 63n), 2n ** 63n - 1n);
export const parseUint = (text: string, bits: bigint): number => parseInteger(text, "ParseUint", 0n, 2n ** bits - 1n);

export function parseFloat64(text: string): number {
  const value = Number(text);
  return text.trim() === "" || Number.isNaN(value) ? refuse(syntaxError("ParseFloat", text)) : value;
}
