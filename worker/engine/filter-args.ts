/** The `filters` of list and prune operations, as moby's filters.Args reads them. */
import { EngineError } from "./errors.ts";

export type Filters = Readonly<Record<string, readonly string[]>>;

export function checkFilters(filters: Filters, accepted: readonly string[]): void {
  for (const name of Object.keys(filters))
    if (!accepted.includes(name)) throw new EngineError("invalidParameter", `invalid filter '${name}'`);
}

/** Docker's Args.Match: any of the values as a regular expression, or as text where it is none. */
export function matches(values: readonly string[] | undefined, text: string): boolean {
  if (values === undefined || values.length === 0) return true;
  return values.some((value) => {
    try {
      return new RegExp(value).test(text);
    } catch {
      return value === text;
    }
  });
}

export const isAny = (values: readonly string[] | undefined, text: string): boolean =>
  values === undefined || values.length === 0 || values.includes(text);

/** Every `label` value, "key" or "key=value", must be there. */
export function matchesLabels(
  values: readonly string[] | undefined,
  labels: Readonly<Record<string, string>>,
): boolean {
  return (values ?? []).every((value) => {
    const at = value.indexOf("=");
    return at < 0 ? value in labels : labels[value.slice(0, at)] === value.slice(at + 1);
  });
}

/** `refusal`: where moby has words of its own for what is neither true nor false. */
export function booleanFilter(filters: Filters, name: string, refusal?: string): boolean | undefined {
  const values = filters[name];
  if (values === undefined || values.length === 0) return undefined;
  const read = values.map((value) =>
    ["1", "true"].includes(value) ? true : ["0", "false"].includes(value) ? false : undefined,
  );
  const [first] = read;
  if (first === undefined || read.some((value) => value !== first))
    throw new EngineError("invalidParameter", refusal ?? `invalid filter '${name}=[${values.join(" ")}]'`);
  return first;
}

const durationUnits = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

/** A time, seconds since 1970, or a duration before now such as "1h30m". */
export function untilOf(filters: Filters, now: Date): number | undefined {
  const values = filters.until ?? [];
  const [value] = values;
  if (value === undefined) return undefined;
  if (values.length > 1) throw new EngineError("invalidParameter", "more than one until filter specified");
  if (/^(\d+(\.\d+)?(h|ms|m|s))+$/.test(value)) {
    let ms = 0;
    for (const [, count, unit] of value.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g))
      ms += Number(count) * durationUnits[unit as keyof typeof durationUnits];
    return now.getTime() - ms;
  }
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const time = Date.parse(value);
  if (Number.isNaN(time))
    throw new EngineError("invalidParameter", `failed to parse value as time or duration: ${JSON.stringify(value)}`);
  return time;
}
