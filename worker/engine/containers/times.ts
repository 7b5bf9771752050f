/** Points in time as the Engine API writes and reads them. */
import { durationOf } from "../../go/duration.ts";
import { quoted } from "../../go/strconv.ts";
import { EngineError } from "../errors.ts";

/** RFC 3339 in UTC without trailing zeros, as Go's RFC3339Nano. */
export function formatTime(date: Date): string {
  return date.toISOString().replace(/\.?0+Z$/, "Z");
}

/** RFC 3339 with exactly nine digits, as log lines carry it. */
export function formatLogTime(date: Date): string {
  return date.toISOString().replace(/(\.\d+)Z$/, (_, fraction: string) => `${fraction.padEnd(10, "0")}Z`);
}

/**
 * `since` and `until`: seconds since 1970 with an optional fraction, RFC 3339 (also without zone or time), or a duration before now.
 * Answers milliseconds since 1970.
 */
export function parseTimestamp(text: string, now: Date): number {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const duration = durationOf(text);
  if (duration !== undefined) return now.getTime() - duration / 1e6;
  if (/^\d{4}-\d{2}-\d{2}/.test(text)) {
    const zoned = /(Z|[+-]\d{2}:?\d{2})$/.test(text) ? text : `${text.length === 10 ? `${text}T00:00:00` : text}Z`;
    const at = Date.parse(zoned);
    if (!Number.isNaN(at)) return at;
  }
  throw new EngineError("invalidParameter", `failed to parse value as time or duration: ${quoted(text)}`);
}
