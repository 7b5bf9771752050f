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
    keep: async () => {
      const { id } = await drydock.checkpoints.take({ name: "step" });
      return { back: () => drydock.checkpoints.rewind(id), forget: () => drydock.checkpoints.forget(id) };
    },
    close: () => drydock.close(),
  };
}
