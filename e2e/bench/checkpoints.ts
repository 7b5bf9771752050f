/** Checkpoints: taking one after a container has run, going back in place until the engine answers again, and the machine's size as a file. */

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

export async function benchCheckpoints(
  { machine, idle, checkpoints }: Drydock,
  work: CheckpointWork,
): Promise<readonly Sample[]> {
  // The size is that of the machine's part: blocks of the disk and images come on top of it, as they are.
  const ofMachine = new Checkpoints(machine, {
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
    const { id } = await measured(taken, () => checkpoints.take({ name: "bench" }));
    await measured(back, () => checkpoints.rewind(id));
    await checkpoints.forget(id);
    if (machine.baseline === undefined) continue;
    const checkpoint = await ofMachine.take();
    sizes.push(
      await length(await writeCheckpoint(machine, ofMachine, checkpoint, { host: null, disk: [], blobs: [] })),
    );
    ofMachine.forget(checkpoint);
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
