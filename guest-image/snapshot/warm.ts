/**
 * What the machine does before its snapshot is taken, so that the code for it is in there: the engine's own hot paths, often
 * enough that the emulator compiles them (a page of guest code after some 200,000 instructions).
 */
import { readFile } from "node:fs/promises";
import type { Engine } from "../../worker/assembly.ts";
import { capture } from "../../worker/cli/capture.ts";
import type { Guest } from "../../worker/engine/ports/guest.ts";

const program = "/run/warm";
const starts = 300;
const containers = 120;
const SIGKILL = 9;

const docker = async (engine: Engine, ...args: readonly string[]): Promise<void> => {
  const { code, stderr } = await capture((invocation) => engine.docker(invocation), args);
  if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${stderr}`);
};

/** What the page brings with it: its layers stay mounted in the snapshot, and their programs in the page cache. */
export async function prepareImages(engine: Engine): Promise<void> {
  await docker(engine, "run", "--rm", "busybox", "true");
  await docker(engine, "run", "--rm", "hello-world");
  await engine.idle();
}

export async function warm(guest: Guest, engine: Engine): Promise<void> {
  await startProcesses(guest);
  for (let i = 0; i < containers; i++) await docker(engine, "run", "--rm", "busybox", "echo", "hi");
  for (let i = 0; i < 10; i++) await docker(engine, "run", "--rm", "hello-world");
  await docker(engine, "run", "-d", "--name", "warm", "busybox", "sleep", "1000");
  for (let i = 0; i < 40; i++) await docker(engine, "exec", "warm", "true");
  for (let i = 0; i < 10; i++) {
    await docker(engine, "ps");
    await docker(engine, "run", "-d", "--name", "short", "busybox", "sleep", "1000");
    await docker(engine, "rm", "-f", "short");
  }
  await docker(engine, "rm", "-f", "warm");
  await engine.idle();
}

/**
 * Drops what the page cache holds and nobody has mapped. For that moment the programs of the first minute run and wait (a container,
 * the `docker` command), so that the parts of them that are used stay where they are, with the code that was generated for them.
 */
export async function dropUnusedPages(guest: Guest, engine: Engine): Promise<void> {
  await docker(engine, "run", "-d", "--name", "kept", "busybox", "sleep", "1000");
  // Nobody answers it here.
  const command = await guest.spawn({
    args: ["/usr/local/bin/docker", "ps"],
    env: [],
    cwd: "/",
    user: "",
    stdio: { kind: "pipes", stdin: false },
  });
  const calls = guest.commands.getReader();
  await calls.read();
  calls.releaseLock();
  await guest.batch([
    { op: "sync" },
    { op: "write", path: "/proc/sys/vm/drop_caches", data: "1", create: false },
    { op: "kill", pid: command.pid, signal: SIGKILL },
  ]);
  await command.exit;
  await docker(engine, "rm", "-f", "kept");
  // What the first commands read of the images, they then find in memory, with code for it.
  for (let i = 0; i < 20; i++) await docker(engine, "run", "--rm", "busybox", "echo", "hi");
  for (let i = 0; i < 3; i++) await docker(engine, "run", "--rm", "hello-world");
}

/** Small programs, started plainly and in namespaces, and the agent's commonest operations. */
async function startProcesses(guest: Guest): Promise<void> {
  const bytes = new Uint8Array(await readFile(new URL("../prebuilt/nop", import.meta.url)));
  const writer = guest.writeFile(program, { mode: 0o755 }).getWriter();
  await writer.write(bytes);
  await writer.close();
  for (let start = 0; start < starts; start++) {
    const { exit } = await guest.spawn({
      args: [program],
      env: [],
      cwd: "/",
      user: "",
      stdio: { kind: "pipes", stdin: false },
      ...(start % 2 === 0 ? {} : { unshare: ["mount", "pid", "network", "uts", "ipc", "cgroup"] as const }),
    });
    await exit;
  }
  await guest.batch([{ op: "unlink", path: program }]);
}
