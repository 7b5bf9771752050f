import type { LineRange } from "../dockerfile/index.ts";
import type { StepReport } from "../model.ts";

/** A step that failed: the title of it goes with the error. */
export class StepError extends Error {
  override readonly name = "StepError";
  readonly step: string;
  readonly range: LineRange | undefined;
  /** What was done before it. */
  readonly done: readonly StepReport[];
  constructor(cause: unknown, step: string, range: LineRange | undefined, done: readonly StepReport[]) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.step = step;
    this.range = range;
    this.done = done;
  }
}
