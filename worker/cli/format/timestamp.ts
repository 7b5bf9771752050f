/** `--since` and `--until`: a duration back from now, a date, or seconds since 1970. docker's timestamp.GetTimestamp. */
import { parseDuration } from "../../go/duration.ts";

export function apiTimestamp(value: string, now: number): string {
  try {
    // Whole seconds, as docker's client sends them.
    const at = BigInt(Math.round(now)) * 1_000_000n - BigInt(parseDuration(value));
    return String(at / 1_000_000_000n);
  } catch {
    // No duration: a date or a number.
  }
  if (/^-?\d+(\.\d+)?$/.test(value)) return value;
  const match = /^(\d{4}-\d\d-\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(\.\d{1,9})?)?)?)?(Z|[+-]\d\d:\d\d)?$/.exec(value);
  if (match === null) throw new Error(`failed to parse value as time or duration: ${JSON.stringify(value)}`);
  const [, day, hours = "00", minutes = "00", seconds = "00", fraction = "", zone = "Z"] = match;
  const at = Date.parse(`${day}T${hours}:${minutes}:${seconds}${zone}`);
  if (Number.isNaN(at)) throw new Error(`failed to parse value as time or duration: ${JSON.stringify(value)}`);
  return `${Math.floor(at / 1000)}.${fraction.slice(1).padEnd(9, "0")}`;
}
