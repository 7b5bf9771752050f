/** The agent built for this machine with sanitizers, without a machine around it: plain processes, files and sockets. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import type { Duplex } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ProcessSpec } from "../../worker/engine/ports/guest.ts";
import { AgentClient } from "../../worker/guest/agent-client.ts";

const sources = new URL("../../guest-image/agent/", import.meta.url).pathname;
const usable = process.platform === "linux" && process.getuid?.() === 0 && spawnSync("cc", ["--version"]).status === 0;
const text = (data: unknown) => new TextDecoder().decode(data as Uint8Array);
const all = (stream: ReadableStream<Uint8Array> | undefined) => new Response(stream ?? null).text();

describe.skipIf(!usable)("the agent under sanitizers", () => {
  const directory = mkdtempSync("/tmp/agent-");
  let agent: ChildProcess;
  let guest: AgentClient;
  let complaints = "";
  const spec = (args: readonly string[], more: Partial<ProcessSpec> = {}): ProcessSpec => ({
    args,
    env: ["PATH=/usr/bin:/bin"],
    cwd: directory,
    user: "",
    stdio: { kind: "pipes", stdin: false },
    ...more,
  });

  beforeAll(async () => {
    const made = spawnSync("make", ["-s", "-C", sources, "native", `OUT=${directory}/build`], { encoding: "utf8" });
    if (made.status !== 0) throw new Error(made.stderr);
    agent = spawn(`${directory}/build/agent`, ["--channel", "3", `${directory}/calls.sock`], {
      stdio: ["ignore", "ignore", "pipe", "pipe"],
    });
    agent.stderr?.on("data", (data: Buffer) => {
      complaints += data.toString();
    });
    const channel = agent.stdio[3] as Duplex;
    guest = new AgentClient({
      send: (bytes) => void channel.write(bytes),
      onData: (callback) => {
        channel.on("data", callback);
        return () => channel.off("data", callback);
      },
    });
    // The clock of the machine that runs the tests stays as it is: 0 seconds are "none".
    await guest.renew({ now: 0, entropy: new Uint8Array() }, { fresh: true });
  }, 120_000);

  afterAll(async () => {
    const ended = new Promise((resolve) => agent.once("exit", resolve));
    (agent.stdio[3] as Duplex).end();
    const code = await ended;
    rmSync(directory, { recursive: true });
    expect(complaints).toBe("");
    expect(code).toBe(0);
  });

  test("operations leave no complaint", async () => {
    const results = await guest.batch([
      { op: "mkdir", path: `${directory}/a/b/c`, parents: true },
      { op: "write", path: `${directory}/a/b/c/file`, data: "x".repeat(100_000) },
      { op: "link", from: `${directory}/a/b/c/file`, to: `${directory}/a/hard` },
      { op: "symlink", path: `${directory}/a/soft`, target: "nowhere" },
      {
        op: "setxattr",
        path: `${directory}/a/b`,
        name: "user.test",
        value: new Uint8Array([1, 2]),
        ignore: ["EOPNOTSUPP"],
      },
      { op: "copyTree", from: `${directory}/a`, to: `${directory}/copy` },
      { op: "walk", path: `${directory}/copy` },
      { op: "removeTree", path: `${directory}/copy` },
      { op: "statfs", path: "/" },
      { op: "list", path: `${directory}/a` },
      { op: "read", path: "/proc/self/status" },
    ]);
    expect((results[6] as readonly unknown[]).length).toBe(6);
    expect(text(results[10])).toContain("Name:\tagent");
    await expect(guest.batch([{ op: "read", path: directory }])).rejects.toMatchObject({ errno: "EISDIR" });
    const [data] = await guest.batch([{ op: "read", path: "/b/c/file", limit: 3 }], { root: `${directory}/a` });
    expect(text(data)).toBe("xxx");
  });

  test("processes with pipes and terminals", async () => {
    const cat = await guest.spawn(spec(["cat"], { stdio: { kind: "pipes", stdin: true } }));
    const writer = cat.stdin?.getWriter();
    const written = (async () => {
      for (let i = 0; i < 50; i++) await writer?.write(new Uint8Array(10_000));
      await writer?.close();
    })();
    expect((await all(cat.stdout)).length).toBe(500_000);
    await written;
    expect(await cat.exit).toEqual({ code: 0 });
    const terminal = await guest.spawn(
      spec(["sh", "-c", "stty size; tty"], { stdio: { kind: "terminal", rows: 11, columns: 22 } }),
    );
    expect(await all(terminal.stdout)).toMatch(/^11 22\r\n\/dev\/pts\/\d+\r\n$/);
    await expect(guest.spawn(spec(["no-such-program"]))).rejects.toMatchObject({ stage: "exec" });
    const many = Array.from({ length: 30 }, async (_, i) => {
      const process = await guest.spawn(spec(["sh", "-c", `exit ${i}`], { unshare: ["mount", "uts", "pid"] }));
      return (await process.exit).code;
    });
    expect(await Promise.all(many)).toEqual(Array.from({ length: 30 }, (_, i) => i));
  });

  test("sockets and files as streams", async () => {
    const address = { kind: "unix", path: `${directory}/s` } as const;
    const listener = await guest.listen(address, { mode: 0o600 });
    const near = await guest.connect(address);
    const far = (await listener.connections.getReader().read()).value;
    const sent = (async () => {
      const writer = near.writable.getWriter();
      for (let i = 0; i < 40; i++) await writer.write(new Uint8Array(20_000));
      await writer.close();
    })();
    expect((await all(far?.readable)).length).toBe(800_000);
    await sent;
    await near.readable.cancel();
    await listener.close();
    await expect(guest.connect(address)).rejects.toMatchObject({ errno: "ENOENT" });
  });

  test("watches that answer, are given up, and are refused", async () => {
    const path = `${directory}/not/yet/there`;
    const reader = (await guest.watch({ files: [{ path }], processes: true })).getReader();
    await guest.batch([{ op: "mkdir", path: `${directory}/not` }]);
    expect([...((await reader.read()).value ?? [])]).toContain("files");
    for (let i = 0; i < 30; i++) await (await guest.watch({ files: [{ path }, { path: "/etc/hosts" }] })).cancel();
    await expect(guest.watch({ files: [{ path: "relative" }] })).rejects.toMatchObject({ errno: "EINVAL" });
  });

  test("calls of the stub, and a client that is replaced", async () => {
    const calls = guest.commands.getReader();
    const env = ["PATH=/usr/bin:/bin", `DRYDOCK_SOCKET=${directory}/calls.sock`];
    const process = await guest.spawn(spec([`${directory}/build/docker`, "version"], { env }));
    const call = (await calls.read()).value;
    expect(call?.args).toEqual(["version"]);
    await call?.stdout.getWriter().write(new TextEncoder().encode("v1\n"));
    await call?.exit(7);
    expect(await all(process.stdout)).toBe("v1\n");
    expect(await all(process.stderr)).toBe("");
    expect((await process.exit).code).toBe(7);
    const sleeper = await guest.spawn(spec(["sleep", "1000"]));
    await guest.renew({ now: 0, entropy: new Uint8Array() }, { fresh: true });
    await guest.batch([{ op: "kill", pid: sleeper.pid, signal: 9 }]);
  });
});
