/** What was done, on this device. */
import { remember, remembered } from "../state/settings.ts";

export interface LessonProgress {
  readonly step: number;
  /** Tasks that have passed, as "step/task". */
  readonly done: readonly string[];
  readonly finished: boolean;
  /** Steps whose solution was asked for. */
  readonly shown?: readonly string[];
}
const none: LessonProgress = { step: 0, done: [], finished: false };
const keyOf = (name: string): string => `lesson.${name}`;

export const progressOf = (name: string): LessonProgress => ({
  ...none,
  ...remembered<Partial<LessonProgress>>(keyOf(name), {}),
});
export function saveProgress(name: string, progress: LessonProgress, steps: number): void {
  remember(keyOf(name), progress);
  for (const listener of listeners) listener({ ...progress, lesson: name, steps });
}

type Listener = (progress: LessonProgress & { readonly lesson: string; readonly steps: number }) => void;
const listeners = new Set<Listener>();

/** Told of each lesson's progress, from now on. */
export function onLessonProgress(listener: Listener): void {
  listeners.add(listener);
}
