/** Go's time.Time as it prints itself. */

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
