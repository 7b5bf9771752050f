/**
 * How checks are answered: pure decisions over a read-only {@link LessonView}. An answer is never only "no": it says what was seen
 * instead, in words that a learner understands. A check changes nothing and runs nothing.
 */
export { evaluate } from "./evaluate.ts";
export { type Observation, soonest } from "./observation.ts";
export { type CheckSources, type Interest, sourcesOf } from "./sources.ts";
export type * from "./view.ts";
