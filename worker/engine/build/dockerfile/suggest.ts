/** "did you mean X?", as BuildKit's util/suggest: the nearest option that is less than three edits away. */

export function nearest(value: string, options: readonly string[], caseSensitive: boolean): string | undefined {
  const wanted = caseSensitive ? value : value.toLowerCase();
  let best: string | undefined;
  let distance = 3;
  for (const option of options) {
    const candidate = caseSensitive ? option : option.toLowerCase();
    if (candidate === wanted) return undefined;
    const edits = editDistance(wanted, candidate);
    if (edits < distance) {
      distance = edits;
      best = caseSensitive ? option : inCaseOf(option, value);
    }
  }
  return best;
}

export function withSuggestion(
  message: string,
  value: string,
  options: readonly string[],
  caseSensitive = true,
): string {
  const match = nearest(value, options, caseSensitive);
  return match === undefined ? message : `${message} (did you mean ${match}?)`;
}

function inCaseOf(option: string, model: string): string {
  if (model === model.toLowerCase()) return option.toLowerCase();
  if (model === model.toUpperCase()) return option.toUpperCase();
  return option;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length] ?? 0;
}
