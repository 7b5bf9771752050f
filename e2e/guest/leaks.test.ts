/** Two hundred containers, one after the other: what they used is free again. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { capture } from "../../worker/cli/capture.ts";
import { type Drydock, openDrydock } from "../../worker/node.ts";

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

/** What the kernel holds, in numbers (of processes those with a program: its own threads come and go); kilobytes of memory that is in use and no cache. */
async function holdings(): Promise<Readonly<Record<string, number>>> {
  const script = `
echo mounts $(wc -l < /proc/1/mounts)
echo cgroups $(find /sys/fs/cgroup -type d | wc -l)
echo links $(ls /sys/class/net | wc -l)
echo namespaces $(ls /run/drydock/netns 2>/dev/null | wc -l)
echo agentFiles $(ls /proc/1/fd | wc -l)
echo processes $(for process in /proc/[0-9]*; do readlink $process/exe; done 2>/dev/null | wc -l)
echo containers $(ls /var/lib/docker/containers 2>/dev/null | wc -l)
echo layers $(ls /var/lib/docker/overlay2 2>/dev/null | wc -l)
echo 3 > /proc/sys/vm/drop_caches
awk '/^(MemTotal|MemFree|Buffers|Cached):/ { m[$1] = $2 } END { print "memory", m["MemTotal:"] - m["MemFree:"] - m["Buffers:"] - m["Cached:"] }' /proc/meminfo
`;
  const process = await drydock.guest.spawn({
    args: ["sh", "-c", script],
    env: ["PATH=/usr/bin:/bin:/usr/sbin:/sbin"],
    cwd: "/",
    user: "",
    stdio: { kind: "pipes", stdin: false },
  });
  const lines = (await new Response(process.stdout).text()).trim().split("\n");
  return Object.fromEntries(lines.map((line) => line.split(" ")).map(([name = "", value]) => [name, Number(value)]));
}

it("leak no mount, cgroup, link, namespace, process, file or memory", { timeout: 600_000 }, async () => {
  const run = () => docker("run", "--rm", "-v", "/tmp:/t", "--network", "bridge", "busybox", "true");
  await docker("pull", "-q", "busybox");
  // The first ones make what is kept for the next: namespaces in stock, slabs, code.
  for (let i = 0; i < 20; i++) await run();
  await drydock.idle();
  const { memory: before = Number.NaN, ...countsBefore } = await holdings();
  for (const [name, count] of Object.entries({ ...countsBefore, before }))
    expect(count, name).toBeGreaterThanOrEqual(0);
  for (let i = 0; i < times; i++) await run();
  await drydock.idle();
  // The kernel lets go of some of it a moment later, by itself.
  const counts = async () => {
    const { memory: _, ...rest } = await holdings();
    return rest;
  };
  await expect.poll(counts, { timeout: 30_000 }).toEqual(countsBefore);
  const { memory: after = 0 } = await holdings();
  // Less than four pages a container, of which slabs that the kernel keeps are a part.
  expect((after - before) / times).toBeLessThan(16);
  expect(drydock.containers.store.all()).toEqual([]);
});
