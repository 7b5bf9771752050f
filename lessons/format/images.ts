import type { LessonFile } from "./lesson.ts";

/** What a lesson fetches, each image once: those it says it needs, and those that a step begins with. */
export function imagesOfLesson({ needs, steps }: LessonFile): readonly string[] {
  return [...new Set([...(needs?.images ?? []), ...steps.flatMap(({ start }) => start?.images ?? [])])];
}
