import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GuestProcess, Op, ProcessSpec } from "../../worker/engine/ports/guest.ts";
import { AgentClient } from "../../worker/guest/agent-client.ts";
import { type BootedMachine, bootMachine, canBoot } from "./boot.ts";

const text = (data: unknown) => new TextDecoder().decode(data as Uint8Array);
const all = (stream: ReadableStream<Uint8Array> | undefined) => new Response(stream ?? null).text();
const spec = (args: readonly string[], more: Partial<ProcessSpec> = {}): ProcessSpec => ({
  args,
  env: ["PATH=/bin"],
  cwd: "/",
  user: "",
  stdio: { kind: "pipes", stdin: false },
  ...more,
});
const output = async (process: GuestProcess) => ({
  stdout: await all(process.stdout),
  stderr: await all(process.stderr),
  ...(await process.exit),
});

describe.skipIf(!canBoot())("the agent in a booted machine", () => {
  let machine: BootedMachine;
  let guest: AgentClient;

  beforeAll(async () => {
    machine = await bootMachine();
    guest = new AgentClient(machine.link);
    await guest.renew({ now: Date.now(), entropy: new Uint8Array(64), hostname: "drydock" }, { fresh: true });
  }, 60_000);
  afterAll(() => machine?.stop());

  test("a batch runs in order and answers each operation", async () => {
    const results = await guest.batch([
      { op: "mkdir", path: "/tmp/a/b", parents: true },
      { op: "write", path: "/tmp/a/b/file", data: "hello\n", mode: 0o600, uid: 5, gid: 6 },
      { op: "symlink", path: "/tmp/a/link", target: "b/file" },
      { op: "read", path: "/tmp/a/link" },
      { op: "stat", path: "/tmp/a/b/file" },
      { op: "list", path: "/tmp/a" },
      { op: "walk", path: "/tmp/a" },
      { op: "readlink", path: "/tmp/a/link" },
      { op: "unlink", path: "/tmp/none", ignore: ["ENOENT"] },
    ]);
    expect(text(results[3])).toBe("hello\n");
    expect(results[4]).toMatchObject({ type: "file", mode: 0o600, uid: 5, gid: 6, size: 6 });
    expect(results[5]).toEqual(expect.arrayContaining([{ name: "link", type: "symlink" }]));
    const walked = results[6] as readonly { path: string }[];
    expect(walked.map((entry) => entry.path).sort()).toEqual(["", "b", "b/file", "link"]);
    expect(results[7]).toBe("b/file");
  });

  test("a process runs, writes and exits", async () => {
    const started = performance.now();
    const process = await guest.spawn(spec(["docker"], { env: ["PATH=/bin", "DRYDOCK_SOCKET=/tmp/none"] }));
    const ended = await output(process);
    expect(ended.stderr).toContain("Cannot connect to the Docker daemon");
    expect(ended.code).toBe(1);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
