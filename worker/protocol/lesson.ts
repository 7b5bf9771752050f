/** What a check saw: it holds, something else was seen instead, or there is nothing to see yet. */
export type LessonObservation =
  | { readonly state: "passed" }
  | { readonly state: "observed"; readonly text: string }
  | { readonly state: "waiting"; readonly text: string };

/** The open step of a lesson, as its checks see the machine now. */
export interface LessonReport {
  readonly tasks: Readonly<Record<string, LessonObservation>>;
  /** Indices of the hints that apply. */
  readonly hints: readonly number[];
  /** What the last round of checks took, in milliseconds. */
  readonly cost: number;
}
