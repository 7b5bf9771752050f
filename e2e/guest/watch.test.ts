/** What the kernel tells of by itself, on a machine that was booted. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ProcessSpec, WatchSpec } from "../../worker/engine/ports/guest.ts";
import { AgentClient } from "../../worker/guest/agent-client.ts";
import { type BootedMachine, bootMachine } from "./boot.ts";
import { installUserland } from "./userland.ts";

const ROOT = "/roots/busybox";
const busybox = (line: string, more: Partial<ProcessSpec> = {}): ProcessSpec => ({
  args: ["sh", "-c", line],
  env: [`PATH=${ROOT}/bin`],
  cwd: "/",
  user: "",
  stdio: { kind: "null" },
  ...more,
});

describe("a watch", () => {
  let machine: BootedMachine;
  let guest: AgentClient;
  beforeAll(async () => {
    machine = await bootMachine();
    guest = new AgentClient(machine.link);
    await guest.renew({ now: Date.now(), entropy: new Uint8Array(64) }, { fresh: true });
    await installUserland(guest, ROOT);
    await guest.batch([{ op: "mkdir", path: "/tmp/seen", parents: true }]);
  });
  afterAll(async () => {
    await machine?.stop();
  });

  const run = async (line: string): Promise<void> => void (await (await guest.spawn(busybox(line))).exit);
  async function told(spec: WatchSpec, act: () => Promise<unknown>): Promise<readonly string[]> {
    const reader = (await guest.watch(spec)).getReader();
    const [{ value }] = await Promise.all([reader.read(), act()]);
    expect((await reader.read()).done).toBe(true);
    return [...(value ?? [])];
  }
  const file = (path: string): WatchSpec => ({ files: [{ path }] });

  test("tells of a file that is made, below directories that were not there", async () => {
    const path = "/tmp/seen/a/b/note";
    expect(await told(file(path), () => guest.batch([{ op: "mkdir", path: "/tmp/seen/a" }]))).toEqual(["files"]);
    expect(await told(file(path), () => guest.batch([{ op: "mkdir", path: "/tmp/seen/a/b" }]))).toEqual(["files"]);
    expect(await told(file(path), () => guest.batch([{ op: "write", path, data: "x" }]))).toEqual(["files"]);
  });

  test("tells of a file that is written to, and of one that goes", async () => {
    const path = "/tmp/seen/log";
    await guest.batch([{ op: "write", path, data: "x" }]);
    expect(await told(file(path), () => guest.batch([{ op: "write", path, data: "y", append: true }]))).toEqual([
      "files",
    ]);
    expect(await told(file(path), () => guest.batch([{ op: "chmod", path, mode: 0o600 }]))).toEqual(["files"]);
    expect(await told(file(path), () => guest.batch([{ op: "unlink", path }]))).toEqual(["files"]);
  });

  test("tells of a mount that covers a file", async () => {
    await guest.batch([{ op: "mkdir", path: "/tmp/seen/over" }]);
    const mount = () => guest.batch([{ op: "mount", source: "t", target: "/tmp/seen/over", type: "tmpfs" }]);
    expect(await told(file("/tmp/seen/over/x"), mount)).toEqual(["files"]);
    await guest.batch([{ op: "umount", path: "/tmp/seen/over", detach: true }]);
  });

  test("sees the files of a process with mounts of its own", async () => {
    const sleeper = await guest.spawn(
      busybox("sleep 1000", {
        unshare: ["mount"],
        setup: [
          { op: "mount", source: "", target: "/", flags: ["private", "rec"] },
          { op: "mount", source: "t", target: "/tmp", type: "tmpfs" },
        ],
      }),
    );
    const context = { pid: sleeper.pid };
    const seen = await told({ files: [{ path: "/tmp/inside", context }] }, () =>
      guest.batch([{ op: "write", path: "/tmp/inside", data: "x" }], context),
    );
    expect(seen).toEqual(["files"]);
    await guest.batch([{ op: "kill", pid: sleeper.pid, signal: 9 }]);
    await sleeper.exit;
    await expect(guest.watch({ files: [{ path: "/x", context }] })).rejects.toMatchObject({ errno: "ESRCH" });
  });

  test("tells of processes that begin and end, and not of other watches", async () => {
    expect(await told({ processes: true }, () => run("true"))).toContain("processes");
    const first = (await guest.watch({ processes: true })).getReader();
    const second = await guest.watch({ processes: true });
    await second.cancel();
    await guest.watch({ processes: true }).then((third) => third.cancel());
    const answer = first.read();
    expect(await Promise.race([answer, guest.batch([{ op: "sync" }])])).toEqual([undefined]);
    await run("true");
    expect([...((await answer).value ?? [])]).toEqual(["processes"]);
  });

  test("tells of a socket that begins to listen, in any network namespace", async () => {
    await guest.batch([
      { op: "mkdir", path: "/run/netns", parents: true },
      { op: "createNetworkNamespace", path: "/run/netns/seen" },
    ]);
    for (const namespace of ["", "/run/netns/seen"]) {
      const seen = await told({ listening: true }, async () => {
        const listener = await guest.listen({ kind: "tcp", host: "127.0.0.1", port: 81 }, { namespace });
        await listener.close();
      });
      expect(seen).toEqual(["listening"]);
    }
  });

  test("costs nothing when nobody reads any more", async () => {
    const open = async () => {
      // The end of a pipe is seen after the frame that closed it.
      await guest.batch([{ op: "sync" }]);
      return (await guest.batch([{ op: "list", path: "/proc/1/fd" }]))[0] as readonly unknown[];
    };
    const before = await open();
    for (let i = 0; i < 20; i++)
      await (await guest.watch({ ...file("/tmp/seen/x"), processes: true, listening: true })).cancel();
    expect((await open()).length).toBe(before.length);
    await guest.watch({ ...file("/tmp/seen/x"), processes: true, listening: true });
    await guest.renew({ now: 0, entropy: new Uint8Array() }, { fresh: true });
    expect((await open()).length).toBe(before.length);
  });

  test("refuses what cannot be watched", async () => {
    await expect(guest.watch(file("relative"))).rejects.toMatchObject({ errno: "EINVAL" });
    const files = Array.from({ length: 65 }, (_, i) => ({ path: `/tmp/${i}` }));
    await expect(guest.watch({ files })).rejects.toMatchObject({ errno: "EINVAL" });
  });
});
