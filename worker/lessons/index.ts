/**
 * The Worker's side of lessons: a read-only view for checks, a watch over the open step, and the stage that steps are played on.
 * It decides nothing about lessons; what a check means is in lessons/checks, what a lesson is in lessons/format.
 */
export { type RehearsalOptions, type Rehearsed, rehearse, Watched } from "./rehearse.ts";
export { runShell, type ShellResult } from "./shell.ts";
export { listenFor, type Signal, type SignalSource } from "./signals.ts";
export { clear, playSolution, playStart, playTo, type Stage, StageError } from "./stage.ts";
export { type ViewSource, viewOf, workspaceRoot } from "./view.ts";
export { type StepReport, StepWatch, type WatchedStep, type WatchSources } from "./watch.ts";
