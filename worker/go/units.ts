/** docker/go-units: sizes and durations as people read and write them. */
import { refuse } from "./value-error.ts";

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

function parse(text: string, base: number): number {
  const match = /^(\d+(?:\.\d+)*) ?([kKmMgGtTpP])?[iI]?[bB]?$/.exec(text);
  const separator = text.search(/[\d. ](?=[^\d. ]*$)/);
  if (separator === -1) return refuse(`invalid size: '${text}'`);
  const numberText = text.slice(0, separator + 1).replace(/ $/, "");
  const value = Number(numberText);
  if (numberText === "" || Number.isNaN(value)) return refuse(`invalid size: '${text}'`);
  if (value < 0) return refuse(`invalid size: '${text}'`);
  const suffix = text.slice(separator + 1).toLowerCase();
  if (suffix === "") return Math.trunc(value);
  if (match === null && !/^(b|[kmgtp](?:i?b)?)$/.test(suffix)) return refuse(`invalid suffix: '${suffix}'`);
  const power = "bkmgtp".indexOf(suffix[0] ?? "b");
  return Math.trunc(value * base ** Math.max(0, power));
}
/** units.RAMInBytes: powers of 1024, "512m", "1.5GiB", "2 gb". */
export const parseBytes = (text: string): number => parse(text, 1024);
/** units.FromHumanSize: the same in powers of 1000. */
export const parseSize = (text: string): number => parse(text, 1000);
