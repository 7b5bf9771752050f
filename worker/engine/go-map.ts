/** Go's encoding/json writes maps in the order of their keys; clients print what they are sent. */
export function inKeyOrder<T>(map: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}
