import type { Step } from "./lesson.ts";

/** A solution's lines as one shape. */
export function solutionLines(step: Step): readonly { readonly run: string; readonly why?: string | undefined }[] {
  return step.solution.map((each) => (typeof each === "string" ? { run: each } : each));
}
