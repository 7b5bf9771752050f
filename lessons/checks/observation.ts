/** A check's answer: it holds, something else was seen, or there is nothing to see yet. */
export type Observation =
  | { readonly state: "passed" }
  | { readonly state: "observed"; readonly text: string }
  | { readonly state: "waiting"; readonly text: string };

export const passed: Observation = { state: "passed" };
export const observed = (text: string): Observation => ({ state: "observed", text });
export const waiting = (text: string): Observation => ({ state: "waiting", text });

/** "a, b and c". */
export function enumeration(items: readonly string[], joint = "and"): string {
  if (items.length <= 1) return items.join("");
  return `${items.slice(0, -1).join(", ")} ${joint} ${items.at(-1)}`;
}
