/**
 * What has not changed stays the same object: a list that is fetched again keeps its old entries, and itself, where they say the
 * same. Views compare by identity, so a burst of events draws the rows that differ and no others.
 */
export function keptWhereEqual<T>(before: readonly T[] | undefined, after: readonly T[], key: (entry: T) => string) {
  if (before === undefined) return after;
  const known = new Map(before.map((entry) => [key(entry), entry]));
  const merged = after.map((entry) => {
    const old = known.get(key(entry));
    return old !== undefined && equal(old, entry) ? old : entry;
  });
  const unchanged = merged.length === before.length && merged.every((entry, index) => entry === before[index]);
  return unchanged ? before : merged;
}

/** Of JSON values, which is all that the Engine API answers. */
export function equal(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every(
      (name) =>
        name in other && equal((one as Record<string, unknown>)[name], (other as Record<string, unknown>)[name]),
    )
  );
}
