/**
 * A container that runs counts as running only once it has done so for a moment: a program that ends at once, or that a restart policy
 * starts again and again, is not what a learner wanted.
 */
import type { ContainerFacts } from "./view.ts";

/** Longer than it takes a shell to see that it has nothing to do. */
const steadyMs = 1000;

/** How many milliseconds are missing until it counts; 0 when it does. */
export function untilSteady({ State }: ContainerFacts, now: number): number {
  if (State.Status !== "running" || State.StartedAt === undefined) return 0;
  const started = Date.parse(State.StartedAt);
  // A start in the future tells of a clock that was set back, and nothing of the container.
  if (Number.isNaN(started) || started > now) return 0;
  return Math.max(0, started + steadyMs - now);
}
