import { expect, test } from "vitest";
import { GuestError } from "../ports/guest.ts";
import { FakeGuest } from "./fake-guest.ts";

const pipes = { kind: "pipes", stdin: false } as const;

test("a batch stops at the first operation that fails and names it", async () => {
  const guest = new FakeGuest();
  const failed = guest.batch([
    { op: "mkdir", path: "/a" },
    { op: "write", path: "/none/b", data: "x" },
    { op: "mkdir", path: "/c" },
  ]);
  await expect(failed).rejects.toMatchObject({ errno: "ENOENT", index: 1, stage: "batch" });
  expect(guest.files.exists("/a")).toBe(true);
  expect(guest.files.exists("/c")).toBe(false);
});

test("ignored errors count as success", async () => {
  const guest = new FakeGuest();
  expect(await guest.batch([{ op: "unlink", path: "/none", ignore: ["ENOENT"] }])).toEqual([undefined]);
});

test("a process runs until its test ends it, and reads and writes on the way", async () => {
  const guest = new FakeGuest();
  guest.onSpawn = (process) => {
    process.write("hello\n");
    process.end(3);
  };
  const process = await guest.spawn({ args: ["x"], env: [], cwd: "/", user: "", stdio: pipes });
  expect(await new Response(process.stdout).text()).toBe("hello\n");
  expect(await process.exit).toEqual({ code: 3 });
});

test("a batch with a process's id sees the root that its setup moved to", async () => {
  const guest = new FakeGuest();
  guest.files.put("/merged/etc/hostname", "web");
  const setup = [{ op: "pivotRoot", path: "/merged" }] as const;
  const { pid } = await guest.spawn({ args: ["x"], env: [], cwd: "/", user: "", stdio: pipes, setup });
  const [data] = await guest.batch([{ op: "read", path: "/etc/hostname" }], { pid });
  expect(new TextDecoder().decode(data as Uint8Array)).toBe("web");
});

test("kill ends a process as the signal's default action would", async () => {
  const guest = new FakeGuest();
  const process = await guest.spawn({ args: ["x"], env: [], cwd: "/", user: "", stdio: pipes });
  await guest.batch([{ op: "kill", pid: process.pid, signal: 9 }]);
  expect(await process.exit).toEqual({ code: 137, signal: 9 });
  await expect(guest.batch([{ op: "kill", pid: process.pid, signal: 9 }])).rejects.toBeInstanceOf(GuestError);
});

test("a failing setup operation rejects the spawn with its stage and index", async () => {
  const guest = new FakeGuest();
  guest.failOp((op) => op.op === "mount", "EPERM");
  const setup = [{ op: "mount", source: "proc", target: "/proc", type: "proc" }] as const;
  const spawned = guest.spawn({ args: ["x"], env: [], cwd: "/", user: "", stdio: pipes, setup });
  await expect(spawned).rejects.toMatchObject({ errno: "EPERM", stage: "setup", operation: "mount", index: 0 });
});
