import { performance } from "node:perf_hooks";
import type { Rehearsed } from "../../worker/lessons/index.ts";
import { openDrydock } from "../../worker/node.ts";
import { nodeClock } from "../../worker/node-platform.node.ts";

export interface LessonMachine extends Rehearsed {
  /** Milliseconds that this thread has worked for anyone but the emulator. */
  engineTime(): number;
  /** Nothing is left to do behind what was answered. */
  idle(): Promise<void>;
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
    engineTime: () => performance.eventLoopUtilization().active - drydock.machine.busyMilliseconds,
    idle: () => drydock.idle(),
    close: () => drydock.close(),
  };
}
