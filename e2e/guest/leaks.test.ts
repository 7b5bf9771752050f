/** Two hundred containers, one after the other: what they used is free again. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { capture } from "../../worker/cli/capture.ts";
import { type Drydock, openDrydock } from "../../worker/node.ts";
import { holdings } from "./holdings.ts";

let drydock: Drydock;
beforeAll(async () => {
  drydock = await openDrydock();
});
afterAll(() => drydock.close());

const times = 200;

async function docker(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await capture((invocation) => drydock.docker(invocation), args);
  if (code !== 0) throw new Error(`docker ${args.join(" ")} ended with ${code}: ${stderr}`);
}

it("leak no mount, cgroup, link, namespace, process, file or memory", { timeout: 600_000 }, async () => {
  const run = () => docker("run", "--rm", "-v", "/tmp:/t", "--network", "bridge", "busybox", "true");
  await docker("pull", "-q", "busybox");
  // The first ones make what is kept for the next: namespaces in stock, slabs, code.
  for (let i = 0; i < 20; i++) await run();
  await drydock.idle();
  const { memory: before = Number.NaN, ...countsBefore } = await holdings(drydock);
  for (const [name, count] of Object.entries({ ...countsBefore, before }))
    expect(count, name).toBeGreaterThanOrEqual(0);
  for (let i = 0; i < times; i++) await run();
  await drydock.idle();
  // The kernel lets go of some of it a moment later, by itself.
  const counts = async () => {
    const { memory: _, ...rest } = await holdings(drydock);
    return rest;
  };
  await expect.poll(counts, { timeout: 30_000 }).toEqual(countsBefore);
  const { memory: after = 0 } = await holdings(drydock);
  // Less than four pages a container, of which slabs that the kernel keeps are a part.
  expect((after - before) / times).toBeLessThan(16);
  expect(drydock.containers.store.all()).toEqual([]);
});
