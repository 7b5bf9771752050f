/** A lesson's step in its middle: the first task has passed, of the second something else was seen, the others wait. */
import type { LessonObservation, LessonReport } from "../../worker/protocol/index.ts";

const observations: readonly LessonObservation[] = [
  { state: "passed" },
  { state: "observed", text: "web runs, but publishes no port." },
];
const waiting: LessonObservation = { state: "waiting", text: "Nothing to see yet." };

export const fakeLessons = {
  async watch(step: unknown): Promise<ReadableStream<LessonReport>> {
    const { tasks = [] } = step as { readonly tasks?: readonly { readonly id: string }[] };
    const report: LessonReport = {
      tasks: Object.fromEntries(tasks.map(({ id }, index) => [id, observations[index] ?? waiting])),
      hints: [0],
      cost: 1,
    };
    return new ReadableStream({ start: (controller) => controller.enqueue(report) });
  },
  async play(): Promise<void> {},
};
