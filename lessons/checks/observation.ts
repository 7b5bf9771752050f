/** A check's answer: it holds, something else was seen, or there is nothing to see yet. */
export type Observation =
  | { readonly state: "passed" }
  | { readonly state: "observed"; readonly text: string }
  | {
      readonly state: "waiting";
      readonly text: string;
      /** The answer can change by time alone: ask again after so many milliseconds. */
      readonly again?: number;
    };

export const passed: Observation = { state: "passed" };
export const observed = (text: string): Observation => ({ state: "observed", text });
export const waiting = (text: string, again?: number): Observation => ({
  state: "waiting",
  text,
  ...(again === undefined ? {} : { again }),
});

/** When to ask again of several answers: as soon as the first of them can change. */
export function soonest(answers: readonly (Observation | undefined)[]): number | undefined {
  const times = answers.flatMap((answer) => (answer?.state === "waiting" ? (answer.again ?? []) : []));
  return times.length === 0 ? undefined : Math.min(...times);
}

/** "a, b and c". */
export function enumeration(items: readonly string[], joint = "and"): string {
  if (items.length <= 1) return items.join("");
  return `${items.slice(0, -1).join(", ")} ${joint} ${items.at(-1)}`;
}
