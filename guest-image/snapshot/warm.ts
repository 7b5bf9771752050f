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
const containers = 150;

/** `forgetCode`: drops the code that was generated so far, that of booting and preparing, so that only what is hot comes back. */
export async function warm(guest: Guest, engine: Engine, forgetCode: () => Promise<void>): Promise<void> {
  await startProcesses(guest);
  const docker = async (...args: readonly string[]): Promise<void> => {
    const { code, stderr } = await capture((invocation) => engine.docker(invocation), args);
    if (code !== 0) throw new Error(`docker ${args.join(" ")}: ${stderr}`);
  };
  await docker("pull", "-q", "busybox");
  await docker("run", "--rm", "busybox", "echo", "hi");
  await forgetCode();
  for (let i = 0; i < containers; i++) await docker("run", "--rm", "busybox", "echo", "hi");
  await docker("run", "-d", "--name", "warm", "busybox", "sleep", "1000");
  for (let i = 0; i < 40; i++) await docker("exec", "warm", "true");
  for (let i = 0; i < 10; i++) {
    await docker("ps");
    await docker("run", "-d", "--name", "short", "busybox", "sleep", "1000");
    await docker("rm", "-f", "short");
  }
  await docker("rm", "-f", "warm");
  await engine.idle();
  await docker("rmi", "-f", "busybox");
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
