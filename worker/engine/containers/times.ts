/** Points in time as the Engine API writes and reads them. */
import { EngineError } from "../errors.ts";

/** RFC 3339 in UTC without trailing zeros, as Go's RFC3339Nano. */
export function formatTime(date: Date): string {
  return date.toISOString().replace(/\.?0+Z$/, "Z");
}

/** RFC 3339 with exactly nine digits, as log lines carry it. */
export function formatLogTime(date: Date): string {
  return date.toISOString().replace(/(\.\d+)Z$/, (_, fraction: string) => `${fraction.padEnd(10, "0")}Z`);
}

const durationUnits: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 36e5,
};

/** "1h30m", "1.5s", "-10s": Go's duration syntax in milliseconds. */
export function parseDuration(text: string): number | undefined {
  const match = /^([+-]?)((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.exec(text);
  if (text === "0") return 0;
  if (match === null) return undefined;
  let total = 0;
  for (const [, number = "0", unit = "s"] of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g))
    total += Number(number) * (durationUnits[unit] ?? 0);
  return text.startsWith("-") ? -total : total;
}

/**
 * `since` and `until`: seconds since 1970 with an optional fraction, RFC 3339 (also without zone or time), or a duration before now.
 * Answers milliseconds since 1970.
 */
export function parseTimestamp(text: string, now: Date): number {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const duration = parseDuration(text);
  if (duration !== undefined) return now.getTime() - duration;
  if (/^\d{4}-\d{2}-\d{2}/.test(text)) {
    const zoned = /(Z|[+-]\d{2}:?\d{2})$/.test(text) ? text : `${text.length === 10 ? `${text}T00:00:00` : text}Z`;
    const at = Date.parse(zoned);
    if (!Number.isNaN(at)) return at;
  }
  throw new EngineError("invalidParameter", `failed to parse value as time or duration: ${JSON.stringify(text)}`);
}

/** go-units HumanDuration: "Less than a second", "5 minutes", "About an hour", "3 days" … */
export function humanDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 1) return "Less than a second";
  if (seconds === 1) return "1 second";
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / 60);
  if (minutes === 1) return "About a minute";
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.round(seconds / 3600);
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.floor(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(hours / 24 / 30)} months`;
  return `${Math.floor(hours / 24 / 365)} years`;
}
