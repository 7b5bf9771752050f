/** Sizes, durations and times as docker/go-units and Go's time print them. */
const decimal = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
const binary = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"];

/** Go's %.<precision>g. */
export function significant(value: number, precision: number): string {
  if (value === 0) return "0";
  const text = value.toExponential(precision - 1);
  const exponent = Number(text.slice(text.indexOf("e") + 1));
  const trim = (t: string) => (t.includes(".") ? t.replace(/\.?0+$/, "") : t);
  if (exponent < -4 || exponent >= precision) {
    const sign = exponent < 0 ? "-" : "+";
    return `${trim(text.slice(0, text.indexOf("e")))}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  return trim(value.toFixed(Math.max(0, precision - 1 - exponent)));
}

function scaled(size: number, base: number, units: readonly string[], precision: number): string {
  let value = size;
  let i = 0;
  while (value >= base && i < units.length - 1) {
    value /= base;
    i++;
  }
  return `${significant(value, precision)}${units[i]}`;
}
/** units.HumanSizeWithPrecision: powers of 1000. */
export const humanSize = (size: number, precision = 4): string => scaled(size, 1000, decimal, precision);
/** units.BytesSize: powers of 1024. */
export const bytesSize = (size: number): string => scaled(size, 1024, binary, 4);

/** units.HumanDuration. */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < 1) return "Less than a second";
  if (seconds === 1) return "1 second";
  if (seconds < 60) return `${seconds} seconds`;
  const minutes = Math.trunc(milliseconds / 60_000);
  if (minutes === 1) return "About a minute";
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.trunc(milliseconds / 3_600_000 + 0.5);
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.trunc(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.trunc(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.trunc(hours / 24 / 30)} months`;
  return `${Math.trunc(Math.trunc(milliseconds / 3_600_000) / 24 / 365)} years`;
}

/** time.Time's String, in UTC: "2025-05-30 12:07:14 +0000 UTC". */
export function goTime(date: Date, fraction = ""): string {
  return `${date.toISOString().slice(0, 19).replace("T", " ")}${fraction} +0000 UTC`;
}
/** The String of a time that the API writes as RFC 3339, nanoseconds kept. */
export function goTimeOf(rfc3339: string): string {
  const fraction = /\.(\d+)/.exec(rfc3339)?.[1]?.replace(/0+$/, "") ?? "";
  const offset = /([+-])(\d\d):(\d\d)$/.exec(rfc3339);
  const shown = fraction === "" ? "" : `.${fraction}`;
  if (offset === null) return goTime(new Date(rfc3339), shown);
  const [, sign = "+", hours = "00", minutes = "00"] = offset;
  return `${rfc3339.slice(0, 19).replace("T", " ")}${shown} ${sign}${hours}${minutes} ${sign}${hours}${minutes}`;
}

/** time.Duration's String. */
export function goDuration(nanoseconds: number): string {
  if (nanoseconds === 0) return "0s";
  const sign = nanoseconds < 0 ? "-" : "";
  let rest = Math.abs(nanoseconds);
  if (rest < 1e3) return `${sign}${rest}ns`;
  if (rest < 1e6) return `${sign}${rest / 1e3}µs`;
  if (rest < 1e9) return `${sign}${rest / 1e6}ms`;
  const hours = Math.floor(rest / 3.6e12);
  rest -= hours * 3.6e12;
  const minutes = Math.floor(rest / 6e10);
  rest -= minutes * 6e10;
  const seconds = `${rest / 1e9}s`;
  return sign + (hours > 0 ? `${hours}h${minutes}m${seconds}` : minutes > 0 ? `${minutes}m${seconds}` : seconds);
}
