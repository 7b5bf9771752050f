/** Checkpoints of the machine as a whole: taking one after a container has run, its size as a file, going back in place. */

import type { Drydock } from "../../worker/node.ts";
import { Checkpoints } from "../../worker/vm/checkpoint.ts";
import { writeCheckpoint } from "../../worker/vm/checkpoint-file.ts";
import type { Sample } from "./result.ts";

const ROUNDS = 5;

export interface CheckpointWork {
  /** `docker run --rm` of something small. */
  readonly container: () => Promise<unknown>;
  /** Milliseconds of each of a hundred process starts. */
  readonly spawns: () => Promise<readonly number[]>;
}

export async function benchCheckpoints({ machine, idle }: Drydock, work: CheckpointWork): Promise<readonly Sample[]> {
  // Of the machine alone: the client that is kept stays right, because nothing is said to it between the two instants.
  const checkpoints = new Checkpoints(machine, {
    disk: { freeze: () => 0, rewind: () => {}, forget: () => {} },
    layers: () => [],
    captureHost: () => null,
  });
  await work.spawns();
  const before = await work.spawns();
  const taken: number[] = [];
  const sizes: number[] = [];
  const back: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await work.container();
    await idle();
    // The guest's last answers are in before the instant, or they would come twice.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const checkpoint = await measured(taken, () => checkpoints.take());
    await measured(back, () => checkpoints.rewind(checkpoint));
    machine.run();
    if (machine.baseline !== undefined)
      sizes.push(
        await length(await writeCheckpoint(machine, checkpoints, checkpoint, { host: null, disk: [], blobs: [] })),
      );
    checkpoints.forget(checkpoint);
  }
  const after = await work.spawns();
  const common = { host: "node", phase: "warm" } as const;
  return [
    { name: "spawn_before_rewind", unit: "ms", ...common, values: before },
    { name: "checkpoint_ms", unit: "ms", ...common, values: taken },
    { name: "checkpoint_bytes", unit: "bytes", ...common, values: sizes },
    { name: "rewind_ms", unit: "ms", ...common, values: back },
    { name: "spawn_after_rewind", unit: "ms", ...common, values: after, floor: "spawn_before_rewind" },
  ];
}

async function measured<Result>(into: number[], work: () => Promise<Result>): Promise<Result> {
  const start = performance.now();
  const result = await work();
  into.push(performance.now() - start);
  return result;
}

async function length(stream: ReadableStream<Uint8Array>): Promise<number> {
  return (await new Response(stream as ReadableStream<BufferSource>).arrayBuffer()).byteLength;
}
