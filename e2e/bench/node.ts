/** The benchmark in Node: the machine from the build, restored once for the first runs, then warm. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { capture } from "../../worker/cli/capture.ts";
import type { Guest } from "../../worker/engine/ports/guest.ts";
import { type Drydock, openDrydock } from "../../worker/node.ts";
import { buildPath, repository } from "../../worker/node-platform.node.ts";
import { benchBuilds, buildNames } from "./builds.ts";
import { benchCheckpoints } from "./checkpoints.ts";
import { benchEngine, engineNames } from "./engine.ts";
import { type Sample, spawnSamples } from "./result.ts";

const host = "node" as const;

export interface Bench {
  readonly names: readonly string[];
  readonly run: (drydock: Drydock) => Promise<readonly Sample[]>;
}

export async function benchNode(wanted: (name: string) => boolean): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  if (wanted("snapshot_bytes")) samples.push(await snapshotBytes());
  const start = performance.now();
  const drydock = await openDrydock({ onMessage: (text) => process.stderr.write(`bench: ${text}\n`) });
  samples.push(sample("restore_ms", "first", [performance.now() - start]));
  try {
    for (const { names, run } of benches) if (names.some(wanted)) samples.push(...(await run(drydock)));
  } finally {
    await drydock.close();
  }
  return samples.filter(({ name }) => wanted(name));
}

function sample(
  name: string,
  phase: Sample["phase"],
  values: readonly number[],
  floor?: string,
  unit: Sample["unit"] = "ms",
): Sample {
  return { name, unit, host, phase, values, ...(floor === undefined ? {} : { floor }) };
}

async function timed(
  times: number,
  work: () => Promise<unknown>,
  between: () => Promise<unknown> = rest,
): Promise<number[]> {
  const values: number[] = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await work();
    values.push(performance.now() - start);
    await between();
  }
  return values;
}

/** The engine makes its next network namespace when nothing happens; people leave it that time. */
const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 120));

const docker =
  (drydock: Drydock, ...args: readonly string[]) =>
  async (): Promise<string> => {
    const { code, stdout, stderr } = await capture((invocation) => drydock.docker(invocation), args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")} ended with ${code}: ${stderr}`);
    return stdout;
  };

/** Runs a program of the guest and answers what it printed. */
async function guestRun(guest: Guest, args: readonly string[]): Promise<string> {
  const process = await guest.spawn({
    args,
    env: ["PATH=/usr/bin:/bin:/usr/sbin:/sbin"],
    cwd: "/",
    user: "",
    stdio: { kind: "pipes", stdin: false },
  });
  const [out, error, { code }] = await Promise.all([
    new Response(process.stdout).text(),
    new Response(process.stderr).text(),
    process.exit,
  ]);
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${error}`);
  return out;
}

const numbers = (text: string): number[] => text.trim().split("\n").map(Number);

async function install(guest: Guest, name: string): Promise<string> {
  const path = `/run/bench-${name}`;
  const writer = guest.writeFile(path, { mode: 0o755 }).getWriter();
  await writer.write(new Uint8Array(await readFile(join(repository, "guest-image/prebuilt", name))));
  await writer.close();
  return path;
}

const benches: readonly Bench[] = [
  {
    // First of all: what a person does right after the machine is there.
    names: ["spawn_first_2", "spawn_first_30", "spawn_first_100", "spawn_warm"],
    run: async ({ guest }) => {
      const [floor, nop] = [await install(guest, "floor"), await install(guest, "nop")];
      const first = numbers(await guestRun(guest, [floor, "exec", "100", nop]));
      for (let i = 0; i < 5; i++) await guestRun(guest, [floor, "exec", "100", nop]);
      const warm = numbers(await guestRun(guest, [floor, "exec", "100", nop]));
      return spawnSamples(host, first, warm);
    },
  },
  {
    names: ["run_rm_echo"],
    run: async (drydock) => {
      await docker(drydock, "pull", "-q", "busybox")();
      const run = docker(drydock, "run", "--rm", "busybox", "echo", "hi");
      const first = await timed(1, run);
      await timed(60, run);
      return [
        sample("run_rm_echo", "first", first, "floor_container"),
        sample("run_rm_echo", "warm", await timed(40, run), "floor_container"),
      ];
    },
  },
  {
    names: ["floor_exec", "floor_nsenter", "floor_container", "floor_container_ready"],
    run: async (drydock) => {
      const { guest } = drydock;
      const [floor, nop] = [await install(guest, "floor"), await install(guest, "nop")];
      await docker(drydock, "pull", "-q", "busybox")();
      await docker(drydock, "run", "-d", "--name", "bench-floor", "busybox", "sleep", "100000")();
      const pid = (await docker(drydock, "inspect", "-f", "{{.State.Pid}}", "bench-floor")()).trim();
      const namespace = "/run/bench-netns";
      await guest.batch([
        { op: "mkdir", path: "/run/bench-lower", parents: true },
        { op: "link", from: nop, to: "/run/bench-lower/nop", ignore: ["EEXIST"] },
        { op: "createNetworkNamespace", path: namespace },
      ]);
      const several = async (args: readonly string[]): Promise<number[]> => {
        await guestRun(guest, args);
        return numbers(await guestRun(guest, args));
      };
      const samples = [
        sample("floor_exec", "warm", await several([floor, "exec", "100", nop])),
        sample("floor_nsenter", "warm", await several([floor, "nsenter", "40", pid, "/bin/true"])),
        sample(
          "floor_container",
          "warm",
          await several([floor, "container", "40", "/run/bench-lower", "/run/bench-scratch", "/nop"]),
        ),
        sample(
          "floor_container_ready",
          "warm",
          await several([floor, "ready", "40", "/run/bench-lower", "/run/bench-scratch", "/nop", namespace]),
        ),
      ];
      await docker(drydock, "rm", "-f", "bench-floor")();
      await guest.batch([
        { op: "umount", path: namespace, detach: true, ignore: ["*"] },
        { op: "removeTree", path: "/run/bench-scratch" },
      ]);
      return samples;
    },
  },
  {
    names: ["ps", "exec_true"],
    run: async (drydock) => {
      await docker(drydock, "pull", "-q", "busybox")();
      await docker(drydock, "run", "-d", "--name", "bench-exec", "busybox", "sleep", "100000")();
      const ps = docker(drydock, "ps");
      const exec = docker(drydock, "exec", "bench-exec", "true");
      await timed(20, exec);
      const samples = [
        sample("ps", "warm", await timed(40, ps), "floor_exec"),
        sample("exec_true", "warm", await timed(40, exec), "floor_nsenter"),
      ];
      await docker(drydock, "rm", "-f", "bench-exec")();
      return samples;
    },
  },
  {
    names: engineNames,
    run: (drydock) =>
      benchEngine(drydock, { sample: (name, values, ...more) => sample(name, "warm", values, ...more), timed }),
  },
  {
    names: ["run_d_rm_f"],
    run: async (drydock) => {
      await docker(drydock, "pull", "-q", "busybox")();
      const pair = async (): Promise<void> => {
        await docker(drydock, "run", "-d", "--name", "bench-d", "busybox", "sleep", "100000")();
        await docker(drydock, "rm", "-f", "bench-d")();
      };
      await timed(15, pair);
      return [sample("run_d_rm_f", "warm", await timed(25, pair), "floor_container")];
    },
  },
  {
    names: ["containers_50"],
    run: async (drydock) => {
      await docker(drydock, "pull", "-q", "busybox")();
      const values: number[] = [];
      for (let i = 0; i < 50; i++)
        values.push(
          ...(await timed(1, docker(drydock, "run", "-d", "--name", `bench-50-${i}`, "busybox", "sleep", "100000"))),
        );
      await docker(drydock, "rm", "-f", ...values.map((_, i) => `bench-50-${i}`))();
      const few = (from: number): number => values.slice(from, from + 5).reduce((a, b) => a + b, 0) / 5;
      // The last five against the first five: how much slower starting gets with fifty of them running.
      return [sample("containers_50", "warm", [few(45) / few(0)], undefined, "ratio")];
    },
  },
  {
    names: ["build_run_step", ...buildNames],
    run: (drydock) =>
      benchBuilds(drydock, { sample: (name, values, floor) => sample(name, "warm", values, floor), timed }),
  },
  {
    names: ["guest_sha256_4m", "guest_loop_20k"],
    run: async ({ guest }) => {
      await guestRun(guest, ["sh", "-c", "head -c 4194304 /dev/zero > /run/bench-4m"]);
      const sha = () => guestRun(guest, ["sha256sum", "/run/bench-4m"]);
      const loop = () => guestRun(guest, ["bash", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"]);
      await timed(3, sha);
      await timed(3, loop);
      return [
        sample("guest_sha256_4m", "warm", await timed(5, sha)),
        sample("guest_loop_20k", "warm", await timed(5, loop)),
      ];
    },
  },
  {
    names: ["checkpoint_ms", "checkpoint_bytes", "rewind_ms", "spawn_before_rewind", "spawn_after_rewind"],
    run: async () => {
      // On a machine of its own: the caches that other measurements have filled are no part of "after a docker run".
      const drydock = await openDrydock();
      try {
        const { guest } = drydock;
        const [floor, nop] = [await install(guest, "floor"), await install(guest, "nop")];
        await docker(drydock, "pull", "-q", "busybox")();
        return await benchCheckpoints(drydock, {
          container: docker(drydock, "run", "--rm", "busybox", "echo", "hi"),
          spawns: async () => numbers(await guestRun(guest, [floor, "exec", "100", nop])),
        });
      } finally {
        await drydock.close();
      }
    },
  },
  {
    names: ["engine_guest_rss"],
    run: async ({ guest }) => {
      const status = await guestRun(guest, ["cat", "/proc/1/status"]);
      const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
      return [sample("engine_guest_rss", "warm", [kilobytes * 1024], undefined, "bytes")];
    },
  },
];

/** What a page downloads of the machine: the packed state, and WebAssembly as static hosts send it (gzip). */
async function snapshotBytes(): Promise<Sample> {
  const manifest = JSON.parse(await readFile(buildPath("snapshot/manifest.json"), "utf8"));
  const [snapshot] = manifest.snapshots;
  const size = async (file: string): Promise<number> => (await stat(buildPath("snapshot", file))).size;
  const gzip = async (file: string): Promise<number> =>
    gzipSync(await readFile(buildPath("snapshot", file)), { level: 9 }).length;
  const bytes =
    (await size(snapshot.state.file)) + (await gzip(snapshot.code.file)) + (await gzip(manifest.emulator.file));
  return sample("snapshot_bytes", "warm", [bytes], undefined, "bytes");
}
