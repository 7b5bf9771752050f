/** What was done, on this device. */
import { remember, remembered } from "../state/settings.ts";

export interface LessonProgress {
  readonly step: number;
  /** Tasks that have passed, as "step/task". */
  readonly done: readonly string[];
  readonly finished: boolean;
}
const none: LessonProgress = { step: 0, done: [], finished: false };
const keyOf = (name: string): string => `lesson.${name}`;

export const progressOf = (name: string): LessonProgress => ({
  ...none,
  ...remembered<Partial<LessonProgress>>(keyOf(name), {}),
});
export const saveProgress = (name: string, progress: LessonProgress): void => remember(keyOf(name), progress);
