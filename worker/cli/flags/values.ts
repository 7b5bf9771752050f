/** Parsers for the types of flags that docker/cli's opts and go-units add to Go's own. */
import { syntaxError } from "../../go/strconv.ts";
import { refuse } from "../../go/value-error.ts";

/** opts.ParseCPUs: an exact rational, in billionths. */
export function parseCpus(text: string): number {
  if (!/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
    const fraction = /^([+-]?\d+)\/(\d+)$/.exec(text);
    if (fraction === null) return refuse(`failed to parse ${text} as a rational number`);
    const nano = (Number(fraction[1]) * 1e9) / Number(fraction[2]);
    return Number.isInteger(nano) ? nano : refuse("value is too precise");
  }
  const [, mantissa = "0", exponent = "0"] = /^([^eE]+)(?:[eE](.+))?$/.exec(text) ?? [];
  const [whole = "", decimals = ""] = mantissa.split(".");
  const shift = 9 + Number(exponent) - decimals.length;
  const digits = BigInt(`${whole}${decimals}`.replace(/^\+/, "") || "0");
  if (shift >= 0) return Number(digits * 10n ** BigInt(shift));
  const divisor = 10n ** BigInt(-shift);
  return digits % divisor === 0n ? Number(digits / divisor) : refuse("value is too precise");
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
  if (!ok) return refuse(`invalid ulimit argument: ${text}`);
  const [softText, hardText] = cut(limits, ":");
  if (!ulimits.includes(name)) return refuse(`invalid ulimit type: ${name}`);
  const soft = Number(softText);
  if (!/^[+-]?\d+$/.test(softText)) return refuse(syntaxError("ParseInt", softText));
  if (hardText === "") return { Name: name, Soft: soft, Hard: soft };
  if (!/^[+-]?\d+$/.test(hardText)) return refuse(syntaxError("ParseInt", hardText));
  const hard = Number(hardText);
  if (hard !== -1 && (soft === -1 || soft > hard))
    return refuse(
      soft === -1
        ? `ulimit soft limit must be less than or equal to hard limit: soft: -1 (unlimited), hard: ${hard}`
        : `ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`,
    );
  return { Name: name, Soft: soft, Hard: hard };
}
