/** Filters of lists and prunes, as moby's filters and timestamp packages read them. */
import { durationOf } from "../../go/duration.ts";
import { quoted } from "../../go/strconv.ts";
import { EngineError } from "../errors.ts";
import type { Clock } from "../ports/host.ts";
import { familiarName, familiarString, type Reference } from "./reference.ts";

export type Filters = Readonly<Record<string, readonly string[]>>;

export function checkFilters(filters: Filters, accepted: readonly string[]): void {
  for (const name of Object.keys(filters))
    if (!accepted.includes(name)) throw new EngineError("invalidParameter", `invalid filter '${name}'`);
}

/** filters.GetBoolOrDefault. */
export function booleanFilter(filters: Filters, name: string, absent: boolean): boolean {
  const values = filters[name];
  if (values === undefined || values.length === 0) return absent;
  const isTrue = values.includes("1") || values.includes("true");
  const isFalse = values.includes("0") || values.includes("false");
  if (isTrue === isFalse) throw new EngineError("invalidParameter", `invalid filter '${name}=[${values.join(" ")}]'`);
  return isTrue;
}

/** Every `key` or `key=value` must be among the labels. */
export function matchesLabels(
  wanted: readonly string[] | undefined,
  labels: Readonly<Record<string, string>> | undefined | null,
): boolean {
  return (wanted ?? []).every((text) => {
    const equals = text.indexOf("=");
    const key = equals < 0 ? text : text.slice(0, equals);
    if (labels === undefined || labels === null || !Object.hasOwn(labels, key)) return false;
    return equals < 0 || labels[key] === text.slice(equals + 1);
  });
}

/** `label` must match, `label!` must not. */
export function matchesPruneLabels(
  filters: Filters,
  labels: Readonly<Record<string, string>> | undefined | null,
): boolean {
  if (!matchesLabels(filters.label, labels)) return false;
  const unwanted = filters["label!"];
  return unwanted === undefined || unwanted.length === 0 || !matchesLabels(unwanted, labels);
}

/** The moment of `until`, which is given once. */
export function untilFilter(filters: Filters, clock: Clock): number | undefined {
  const moments = untilFilters(filters, clock);
  if (moments.length > 1) throw new EngineError("invalidParameter", "more than one until filter specified");
  return moments[0];
}

/** The moments of `until`: each a Go duration before now, a Unix time, or RFC 3339 with less precision allowed. */
export function untilFilters(filters: Filters, clock: Clock): readonly number[] {
  return (filters.until ?? []).map((text) => momentOf(text, clock));
}

function momentOf(text: string, clock: Clock): number {
  const duration = durationOf(text);
  if (duration !== undefined) return clock.now().getTime() - duration / 1e6;
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(hasZone(text) ? text : zoneless(text)) : Number.NaN;
  if (Number.isNaN(time)) throw new EngineError("system", `failed to parse value as time or duration: ${quoted(text)}`);
  return time;
}

const hasZone = (text: string): boolean => /(Z|[+-]\d{2}:\d{2})$/.test(text);
const zoneless = (text: string): string => {
  const [date = "", time = ""] = text.split("T");
  if (time === "") return `${date}T00:00:00Z`;
  return `${date}T${/^\d{2}$/.test(time) ? `${time}:00` : time}Z`;
};

/** reference.FamiliarMatch: Go's path.Match over the familiar string, or the name alone. */
export function matchesReference(pattern: string, reference: Reference): boolean {
  const expression = globExpression(pattern);
  return expression.test(familiarString(reference)) || expression.test(familiarName(reference));
}

function globExpression(pattern: string): RegExp {
  let source = "";
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i] ?? "";
    if (char === "*") source += "[^/]*";
    else if (char === "?") source += "[^/]";
    else if (char === "[") {
      const end = pattern.indexOf("]", i + 1);
      if (end < 0) throw new EngineError("invalidParameter", "syntax error in pattern");
      source += pattern.slice(i, end + 1).replaceAll("\\", "\\\\");
      i = end;
    } else {
      const literal = char === "\\" ? (pattern[++i] ?? "") : char;
      source += literal.replace(/[.*+?^$()|[\]{}\\/]/g, "\\$&");
    }
  }
  try {
    return new RegExp(`^${source}$`);
  } catch (cause) {
    throw new EngineError("invalidParameter", "syntax error in pattern", { cause });
  }
}
