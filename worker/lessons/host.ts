/** Lessons as the page's bridge offers them. What the page sends may come from somebody else's lesson, so it is checked here again. */
import { z } from "zod";
import { checkSchema, lessonSchema } from "../../lessons/format/index.ts";
import type { Drydock } from "../drydock.ts";
import { EngineError } from "../engine/errors.ts";
import type { Clock } from "../engine/ports/host.ts";
import type { LessonReport } from "../protocol/index.ts";
import { playStart, playTo } from "./stage.ts";
import { viewOf } from "./view.ts";
import { StepWatch } from "./watch.ts";

const id = z.string().max(60);
const watchedSchema = z.object({
  tasks: z.array(z.object({ id, check: checkSchema })).max(20),
  hints: z.array(z.object({ when: checkSchema, task: id.optional() })).max(40),
});

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new EngineError(
    "invalidParameter",
    `This lesson does not keep to the format: ${z.prettifyError(result.error)}`,
  );
}

/** Reports from now on, until the reader cancels. */
export function watchStep(drydock: Drydock, clock: Clock, step: unknown): ReadableStream<LessonReport> {
  const watched = parse(watchedSchema, step);
  let watch: StepWatch | undefined;
  return new ReadableStream<LessonReport>({
    start(controller) {
      watch = new StepWatch(
        watched,
        {
          clock,
          view: (events) => viewOf({ api: drydock.api, guest: drydock.guest, clock }, events),
          subscribe: (listener) => drydock.events.subscribe(listener),
        },
        { onReport: (report) => controller.enqueue(report) },
      );
    },
    cancel: () => watch?.dispose(),
  });
}

/** Makes the start of a step: from nothing, or where the step before has just ended. */
export async function playLesson(
  drydock: Drydock,
  lesson: unknown,
  { step, fromNothing }: { readonly step: number; readonly fromNothing: boolean },
): Promise<void> {
  const parsed = { ...parse(lessonSchema, lesson), texts: {} };
  const stage = { api: drydock.api, guest: drydock.guest };
  if (fromNothing) await playTo(stage, parsed, step);
  else await playStart(stage, parsed.steps[step]?.start);
}
