/** Values of a Compose file, which may stand in several forms (compose-spec). What is of no form counts as absent. */
export type Fields = Readonly<Record<string, unknown>>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
export const record = (value: unknown): Fields | undefined => (isFields(value) ? value : undefined);

export function textOf(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : undefined;
}

/** A text or a list of them. */
export function listOf(value: unknown): readonly string[] {
  const list = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
  return list.flatMap((each) => textOf(each) ?? []);
}

/** `KEY: value`, or a list of `KEY=value`. A key without a value has `undefined`. */
export function pairsOf(value: unknown): readonly (readonly [string, string | undefined])[] {
  if (isFields(value)) return Object.entries(value).map(([key, each]) => [key, textOf(each)]);
  return listOf(value).map((each) => {
    const at = each.indexOf("=");
    return at < 0 ? [each, undefined] : [each.slice(0, at), each.slice(at + 1)];
  });
}

/** `$NAME`, `${NAME}`, `${NAME:-default}` and the other forms, with no variable set; `$$` is a dollar. Keys stay as they are. */
export function interpolate(value: unknown, onUnset: (name: string) => void, depth = 0): unknown {
  if (depth > 20) throw new Error("it is nested too deeply");
  if (typeof value === "string")
    return value.replace(
      /\$(?:\$|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-?+])([^{}]*))?\})/g,
      (all, plain?: string, braced?: string, operator?: string, word = "") => {
        if (all === "$$") return "$";
        if (operator === "-" || operator === ":-") return word;
        if (operator !== "+" && operator !== ":+") onUnset(plain ?? braced ?? "");
        return "";
      },
    );
  if (Array.isArray(value)) return value.map((each) => interpolate(each, onUnset, depth + 1));
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, interpolate(each, onUnset, depth + 1)]));
}
