import type { Rehearsed } from "../../worker/lessons/index.ts";
import { openDrydock } from "../../worker/node.ts";
import { nodeClock } from "../../worker/node-platform.node.ts";

export interface LessonMachine extends Rehearsed {
  close(): Promise<void>;
}

/** A machine in Node that lessons are played on. */
export async function openLessonMachine(): Promise<LessonMachine> {
  const drydock = await openDrydock();
  return {
    api: drydock.api,
    guest: drydock.guest,
    workspace: drydock.workspace,
    clock: nodeClock,
    subscribe: (listener) => drydock.events.subscribe(listener),
    close: () => drydock.close(),
  };
}
