/**
 * Lessons as the page's bridge offers them. The page has read each lesson by the format's schema before it sends it, its own when the site was
 * built: here it counts as what its type says, and the schema's code stays out of the Worker. Nothing in a lesson is code in any case.
 */
import type { Lesson } from "../../lessons/format/index.ts";
import type { Drydock } from "../drydock-model.ts";
import type { Clock } from "../engine/ports/host.ts";
import type { LessonReport } from "../protocol/index.ts";
import { listenFor } from "./signals.ts";
import { playStart, playTo } from "./stage.ts";
import { viewOf } from "./view.ts";
import { StepWatch, type WatchedStep } from "./watch.ts";

/** Reports from now on, until the reader cancels. */
export function watchStep(drydock: Drydock, clock: Clock, step: unknown): ReadableStream<LessonReport> {
  let watch: StepWatch | undefined;
  return new ReadableStream<LessonReport>({
    start(controller) {
      watch = new StepWatch(
        step as WatchedStep,
        {
          clock,
          view: (events) => viewOf({ api: drydock.api, guest: drydock.guest, clock }, events),
          subscribe: (listener) => drydock.events.subscribe(listener),
          listen: (interests) => listenFor(drydock, interests),
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
  const played = lesson as Lesson;
  const stage = { api: drydock.api, guest: drydock.guest };
  if (fromNothing) await playTo(stage, played, step);
  else await playStart(stage, played.steps[step]?.start);
}
