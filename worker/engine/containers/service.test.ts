import { describe, expect, it } from "vitest";
import type { ContainerId } from "../domains.ts";
import type { ByteDuplex } from "../ports/guest.ts";
import { GuestError } from "../ports/guest.ts";
import { type Kit, makeKit, settle } from "./testing/kit.ts";

interface View {
  readonly State: {
    readonly Status: string;
    readonly ExitCode: number;
    readonly OOMKilled: boolean;
    readonly Error: string;
  };
  readonly RestartCount: number;
  readonly Name: string;
}
const view = async (kit: Kit, reference: string): Promise<View> => (await kit.containers.inspect(reference)) as View;

async function running(kit: Kit, body: object = {}, name = "c1"): Promise<string> {
  const { Id } = await kit.containers.create({ Image: "busybox", ...body }, name);
  await kit.containers.start(name);
  return Id;
}
const text = async (stream: ReadableStream<Uint8Array>): Promise<string> =>
  new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).text();
/** Frames of the multiplexed stream, as "1:text". */
async function frames(stream: ReadableStream<Uint8Array>): Promise<string[]> {
  const all = new Uint8Array(await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());
  const out: string[] = [];
  for (let at = 0; at < all.length; ) {
    const size = new DataView(all.buffer, at + 4).getUint32(0);
    out.push(`${all[at]}:${new TextDecoder().decode(all.subarray(at + 8, at + 8 + size))}`);
    at += 8 + size;
  }
  return out;
}
const attachAll = (kit: Kit, name: string, more: object = {}): ByteDuplex =>
  kit.containers.attach(name, {
    stdin: true,
    stdout: true,
    stderr: true,
    stream: true,
    logs: false,
    detachKeys: "",
    signal: new AbortController().signal,
    ...more,
  }).stream;
const logLines = async (kit: Kit, name: string, more: object = {}): Promise<string[]> => {
  const { entries } = kit.containers.logs(name, {
    follow: false,
    stdout: true,
    stderr: true,
    signal: new AbortController().signal,
    ...more,
  });
  const out: string[] = [];
  for await (const entry of entries) out.push(entry.text);
  return out;
};

describe("docker run", () => {
  it("creates, attaches, starts, streams, waits and removes in one guest spawn, with Docker's events in order", async () => {
    const kit = await makeKit();
    kit.guest.onSpawn = (process) => {
      process.write("hi\n");
      process.write("oops\n", "stderr");
      process.end(3);
    };
    const { Id } = await kit.containers.create(
      { Image: "busybox", Cmd: ["echo", "hi"], HostConfig: { AutoRemove: true } },
      "c1",
    );
    const stream = attachAll(kit, Id);
    const output = frames(stream.readable);
    const removed = kit.containers.wait(Id, "removed");
    const before = kit.guest.batches.length;
    await kit.containers.start(Id);
    expect(await output).toEqual(["1:hi\n", "2:oops\n"]);
    expect(await removed).toEqual({ exitCode: 3, error: "" });
    expect(kit.containers.store.find("c1")).toBeUndefined();
    expect(kit.actions()).toEqual(["create", "attach", "start", "die", "destroy"]);
    expect(kit.seen.find((e) => e.Action === "die")?.Actor.Attributes).toMatchObject({
      exitCode: "3",
      execDuration: "0",
      name: "c1",
    });
    await kit.containers.idle();
    expect(kit.guest.batches.length - before).toBeLessThanOrEqual(3);
    expect(kit.guest.opsOf("removeTree").map((op) => op.path)).toContain(`/var/lib/docker/overlay2/${Id}`);
    expect(kit.guest.opsOf("rmdir").map((op) => op.path)).toContain(`/sys/fs/cgroup/docker/${Id}`);
    expect(await kit.records.list("container")).toEqual([]);
  });

  it("gives the guest one process with namespaces, root, cgroup, capabilities and filter", async () => {
    const kit = await makeKit();
    const id = await running(kit, {
      Cmd: ["sleep", "9"],
      Env: ["A=b"],
      WorkingDir: "/srv",
      User: "1000",
      Hostname: "box",
      HostConfig: {
        Memory: 64 << 20,
        NanoCpus: 5e8,
        PidsLimit: 10,
        ReadonlyRootfs: true,
        CapDrop: ["ALL"],
        CapAdd: ["NET_BIND_SERVICE"],
        Tmpfs: { "/tmp": "" },
      },
    });
    const [spec] = kit.guest.spawns;
    expect(spec).toMatchObject({
      args: ["sleep", "9"],
      cwd: "/srv",
      user: "1000",
      cgroup: `/sys/fs/cgroup/docker/${id}`,
    });
    expect(spec?.unshare).toEqual(["mount", "pid", "ipc", "uts", "cgroup"]);
    expect(spec?.joinPaths).toHaveLength(1);
    expect(spec?.env).toEqual(["PATH=/bin", "HOSTNAME=box", "A=b"]);
    expect(spec?.capabilities?.bounding).toBe(1n << 10n);
    expect(spec?.seccomp?.length).toBeGreaterThan(500);
    const writes = new Map(kit.guest.opsOf("write").map((op) => [op.path.split("/").pop(), op.data]));
    expect(writes.get("memory.max")).toBe(String(64 << 20));
    expect(writes.get("memory.swap.max")).toBe(String(64 << 20));
    expect(writes.get("cpu.max")).toBe("50000 100000");
    expect(writes.get("pids.max")).toBe("10");
    expect(spec?.setup?.at(-2)).toMatchObject({ op: "mount", flags: ["bind", "remount", "ro"] });
    expect(spec?.setup?.at(-1)).toEqual({ op: "setHostname", name: "box" });
  });

  it("says why a program cannot run, and keeps exit code and error", async () => {
    const kit = await makeKit();
    kit.guest.onSpawn = () => {
      throw new GuestError({ errno: "ENOENT", stage: "exec", operation: "exec", path: "foo" });
    };
    await kit.containers.create({ Image: "busybox", Cmd: ["foo"] }, "c1");
    await expect(kit.containers.start("c1")).rejects.toMatchObject({
      kind: "invalidParameter",
      message:
        'failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "foo": executable file not found in $PATH',
    });
    expect((await view(kit, "c1")).State).toMatchObject({ Status: "created", ExitCode: 127 });
    expect(kit.networks.open.size).toBe(0);
  });

  it("removes a container that removes itself when it cannot start", async () => {
    const kit = await makeKit();
    await kit.containers.create({ Image: "busybox", HostConfig: { AutoRemove: true, NetworkMode: "nonet" } }, "c1");
    await expect(kit.containers.start("c1")).rejects.toThrow(
      "failed to set up container networking: network nonet not found",
    );
    expect(kit.containers.store.find("c1")).toBeUndefined();
  });

  it("passes standard input, also what came before the start, and its end", async () => {
    const kit = await makeKit();
    await kit.containers.create({ Image: "busybox", OpenStdin: true, StdinOnce: true }, "c1");
    const stream = attachAll(kit, "c1");
    const writer = stream.writable.getWriter();
    const written = writer.write(new TextEncoder().encode("hello"));
    await kit.containers.start("c1");
    await written;
    await writer.close();
    const [process] = kit.guest.processes;
    expect(process?.input).toBe("hello");
    expect(process?.inputClosed).toBe(true);
  });

  it("leaves a terminal by its detach keys and goes on running", async () => {
    const kit = await makeKit();
    await running(kit, { Tty: true, OpenStdin: true });
    const stream = attachAll(kit, "c1", { detachKeys: "ctrl-a,x" });
    const writer = stream.writable.getWriter();
    await writer.write(Uint8Array.of(104, 1, 98, 1, 120));
    expect(await text(stream.readable)).toBe("");
    expect(kit.guest.processes[0]?.input).toBe("h\u0001b");
    expect(kit.actions()).toEqual(["create", "start", "attach", "detach"]);
    expect((await view(kit, "c1")).State.Status).toBe("running");
  });
});

describe("A name", () => {
  it("belongs to one container", async () => {
    const kit = await makeKit();
    const { Id } = await kit.containers.create({ Image: "busybox" }, "web");
    await expect(kit.containers.create({ Image: "busybox" }, "web")).rejects.toMatchObject({
      kind: "conflict",
      message: `Conflict. The container name "/web" is already in use by container "${Id}". You have to remove (or rename) that container to be able to reuse that name.`,
    });
    await kit.containers.rename("web", "other");
    await kit.containers.create({ Image: "busybox" }, "web");
    await expect(kit.containers.rename("other", "web")).rejects.toMatchObject({ kind: "conflict" });
    await expect(kit.containers.rename("other", "")).rejects.toThrow("Neither old nor new names may be empty");
  });
  it("is free again when creation fails", async () => {
    const kit = await makeKit();
    await expect(
      kit.containers.create({ Image: "busybox", HostConfig: { Binds: ["/a:/x", "/b:/x"] } }, "web"),
    ).rejects.toThrow("Duplicate mount point: /x");
    await kit.containers.create({ Image: "busybox" }, "web");
  });
  it("is made up when none is given", async () => {
    const kit = await makeKit();
    await kit.containers.create({ Image: "busybox" });
    expect(kit.containers.store.all()[0]?.name).toMatch(/^[a-z]+_[a-z]+\d?$/);
  });
});

describe("docker stop, kill, restart and pause", () => {
  it("sends the stop signal, and SIGKILL when the time is up", async () => {
    const kit = await makeKit();
    await running(kit, { StopSignal: "SIGQUIT" });
    const [process] = kit.guest.processes;
    if (process) process.onSignal = (signal) => signal === 9 && process.end(137, 9);
    const stopped = kit.containers.stop("c1", { timeout: 2 });
    await settle();
    expect(process?.signals).toEqual([3]);
    await kit.clock.advance(2000);
    await stopped;
    expect(process?.signals).toEqual([3, 9]);
    expect((await view(kit, "c1")).State).toMatchObject({ Status: "exited", ExitCode: 137 });
    expect(kit.actions()).toEqual(["create", "start", "kill", "kill", "stop", "die"]);
    await expect(kit.containers.stop("c1")).rejects.toMatchObject({ kind: "notModified" });
  });
  it("kills only what runs, and knows no strange signals", async () => {
    const kit = await makeKit();
    await kit.containers.create({ Image: "busybox" }, "c1");
    await expect(kit.containers.kill("c1")).rejects.toThrow(
      /^cannot kill container: c1: container [0-9a-f]{64} is not running$/,
    );
    await kit.containers.start("c1");
    await expect(kit.containers.kill("c1", "FOO")).rejects.toThrow("cannot kill container: c1: invalid signal: FOO");
    await kit.containers.kill("c1", "HUP");
    expect(kit.guest.processes[0]?.signals).toEqual([1]);
    await kit.containers.kill("c1");
    expect((await view(kit, "c1")).State.Status).toBe("exited");
  });
  it("waits in a program's first moments until it has a handler, or they are over", async () => {
    const kit = await makeKit();
    await running(kit);
    const status = (mask: string) =>
      kit.guest.files.put(`/proc/${kit.guest.processes[0]?.pid}/status`, `SigIgn:\t0000\nSigCgt:\t${mask}\n`);
    status("0000000000000000");
    const early = kit.containers.kill("c1", "USR1");
    await kit.clock.advance(40);
    expect(kit.guest.opsOf("kill")).toEqual([]);
    status("0000000000000200");
    await kit.clock.advance(20);
    await early;
    const impatient = kit.containers.kill("c1", "USR2");
    await settle();
    await kit.clock.advance(300);
    await impatient;
    expect(kit.guest.opsOf("kill").map(({ signal }) => signal)).toEqual([10, 12]);
  });
  it("freezes and thaws by the cgroup, and stops what is frozen", async () => {
    const kit = await makeKit();
    const id = await running(kit);
    await kit.containers.pause("c1");
    expect((await view(kit, "c1")).State.Status).toBe("paused");
    await expect(kit.containers.pause("c1")).rejects.toThrow(`Container ${id} is already paused`);
    await expect(kit.containers.start("c1")).rejects.toThrow("cannot start a paused container, try unpause instead");
    await kit.containers.unpause("c1");
    await expect(kit.containers.unpause("c1")).rejects.toThrow(`Container ${id} is not paused`);
    await kit.containers.pause("c1");
    await kit.containers.stop("c1");
    expect(kit.actions()).toEqual(["create", "start", "pause", "unpause", "pause", "kill", "stop", "die"]);
  });
  it("restarts a container that removes itself without losing it", async () => {
    const kit = await makeKit();
    await running(kit, { HostConfig: { AutoRemove: true } });
    await kit.containers.restart("c1");
    expect((await view(kit, "c1")).State.Status).toBe("running");
    expect(kit.actions()).toEqual(["create", "start", "kill", "stop", "die", "start", "restart"]);
  });
});

describe("Restart policies", () => {
  it("on-failure tries as often as it may, with growing delays", async () => {
    const kit = await makeKit();
    kit.guest.onSpawn = (process) => process.end(1);
    await running(kit, { HostConfig: { RestartPolicy: { Name: "on-failure", MaximumRetryCount: 2 } } });
    await settle();
    expect((await view(kit, "c1")).State.Status).toBe("restarting");
    await kit.clock.advance(100);
    expect(kit.actions().filter((a) => a === "start")).toHaveLength(2);
    await kit.clock.advance(200);
    expect(kit.actions().filter((a) => a === "start")).toHaveLength(3);
    await kit.clock.advance(60_000);
    expect(await view(kit, "c1")).toMatchObject({ RestartCount: 2, State: { Status: "exited", ExitCode: 1 } });
  });
  it("always does not fight a person's stop", async () => {
    const kit = await makeKit();
    await running(kit, { HostConfig: { RestartPolicy: { Name: "always" } } });
    await kit.containers.stop("c1");
    await kit.clock.advance(60_000);
    expect((await view(kit, "c1")).State.Status).toBe("exited");
  });
  it("decide what runs again after the machine was lost", async () => {
    const kit = await makeKit();
    await running(kit, {}, "plain");
    await running(kit, { HostConfig: { RestartPolicy: { Name: "unless-stopped" } } }, "kept");
    await running(kit, { HostConfig: { RestartPolicy: { Name: "unless-stopped" } } }, "stopped");
    await running(kit, { HostConfig: { AutoRemove: true } }, "gone");
    await kit.containers.stop("stopped");
    await kit.containers.idle();
    const after = await makeKit(kit.records);
    await after.containers.open();
    expect((await view(after, "plain")).State).toMatchObject({ Status: "exited", ExitCode: 255 });
    expect((await view(after, "kept")).State.Status).toBe("running");
    expect((await view(after, "stopped")).State.Status).toBe("exited");
    expect(after.containers.store.find("gone")).toBeUndefined();
  });
});

describe("docker rm", () => {
  it("refuses what runs, unless forced", async () => {
    const kit = await makeKit();
    await running(kit);
    await expect(kit.containers.remove("c1", { force: false, volumes: false })).rejects.toThrow(
      'cannot remove container "c1": container is running: stop the container before removing or force remove',
    );
    await kit.containers.remove("c1", { force: true, volumes: false });
    expect(kit.actions()).toEqual(["create", "start", "kill", "die", "destroy"]);
    await expect(kit.containers.inspect("c1")).rejects.toThrow("No such container: c1");
  });
  it("takes anonymous volumes along with -v, named ones never", async () => {
    const kit = await makeKit();
    await kit.containers.create({ Image: "busybox", Volumes: { "/a": {} }, HostConfig: { Binds: ["named:/b"] } }, "c1");
    expect(kit.volumes.names.size).toBe(2);
    await kit.containers.remove("c1", { force: false, volumes: true });
    expect([...kit.volumes.names]).toEqual(["named"]);
  });
});

describe("Layers of an image that was removed by force", () => {
  it("are let go with the last container that had them, and asked for by no other removal", async () => {
    const kit = await makeKit();
    let released = 0;
    kit.images.releaseUnused = async () => void released++;
    await kit.containers.create({ Image: "busybox" }, "one");
    await kit.containers.create({ Image: "busybox" }, "two");
    await kit.containers.remove("one", { force: false, volumes: false });
    await kit.containers.idle();
    expect(released).toBe(0);
    kit.images.byName.clear();
    await kit.containers.remove("two", { force: false, volumes: false });
    await kit.containers.idle();
    expect(released).toBe(1);
  });
});

describe("Out of memory", () => {
  it("is told by an event and by inspect", async () => {
    const kit = await makeKit();
    const id = await running(kit, { HostConfig: { Memory: 16 << 20 } });
    const cgroup = `/sys/fs/cgroup/docker/${id}`;
    kit.guest.files.run({ op: "write", path: `${cgroup}/memory.events`, data: "low 0\noom 1\noom_kill 1\n" }, (p) => p);
    kit.guest.processes[0]?.end(137, 9);
    await settle();
    expect((await view(kit, "c1")).State).toMatchObject({ Status: "exited", ExitCode: 137, OOMKilled: true });
    expect(kit.actions()).toEqual(["create", "start", "oom", "die"]);
  });
});

describe("docker logs", () => {
  it("gives lines back, by tail and time, of both streams", async () => {
    const kit = await makeKit();
    await running(kit);
    const [process] = kit.guest.processes;
    process?.write("one\ntwo\nthr");
    await settle();
    await kit.clock.advance(5000);
    process?.write("ee\n");
    process?.write("err\n", "stderr");
    await settle();
    expect(await logLines(kit, "c1")).toEqual(["one\n", "two\n", "three\n", "err\n"]);
    expect(await logLines(kit, "c1", { tail: 2 })).toEqual(["three\n", "err\n"]);
    expect(await logLines(kit, "c1", { stderr: false, tail: 1 })).toEqual([]);
    expect(await logLines(kit, "c1", { since: kit.clock.now().getTime() - 1000 })).toEqual(["three\n", "err\n"]);
    expect(await logLines(kit, "c1", { until: kit.clock.now().getTime() - 1000 })).toEqual(["one\n", "two\n"]);
  });
  it("follows until the container ends", async () => {
    const kit = await makeKit();
    await running(kit);
    const [process] = kit.guest.processes;
    process?.write("one\n");
    await settle();
    const followed = logLines(kit, "c1", { follow: true });
    await settle();
    process?.write("two\nrest");
    await settle();
    process?.end(0);
    expect(await followed).toEqual(["one\n", "two\n", "rest"]);
  });
  it("rotates by size and reads across files", async () => {
    const kit = await makeKit();
    await running(kit, {
      HostConfig: { LogConfig: { Type: "json-file", Config: { "max-size": "200", "max-file": "2" } } },
    });
    for (let i = 0; i < 10; i++) {
      kit.guest.processes[0]?.write(`line ${i}\n`);
      await settle();
    }
    const kept = await logLines(kit, "c1");
    expect(kept.at(-1)).toBe("line 9\n");
    expect(kept.length).toBeLessThan(10);
    expect(await logLines(kit, "c1", { tail: 3 })).toEqual(["line 7\n", "line 8\n", "line 9\n"]);
  });
  it("of the driver none cannot be read", async () => {
    const kit = await makeKit();
    await running(kit, { HostConfig: { LogConfig: { Type: "none", Config: {} } } });
    await expect(logLines(kit, "c1")).rejects.toThrow("configured logging driver does not support reading");
  });
});

describe("The end of a run", () => {
  it("waits for output, but not for ever when something else holds the pipe", async () => {
    const kit = await makeKit();
    let end = (): void => {};
    const exit = new Promise<{ code: number }>((resolve) => {
      end = () => resolve({ code: 0 });
    });
    const stdout = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode("last words\n")),
    });
    kit.guest.spawn = async () => ({
      pid: 7,
      stdin: undefined,
      stdout,
      stderr: undefined,
      exit,
      resize: async () => {},
    });
    await running(kit);
    const ended = kit.containers.wait("c1", "not-running");
    end();
    await settle();
    expect((await view(kit, "c1")).State.Status).toBe("running");
    await kit.clock.advance(2000);
    await kit.clock.advance(2000);
    expect(await ended).toEqual({ exitCode: 0, error: "" });
    expect(await logLines(kit, "c1")).toEqual(["last words\n"]);
  });
  it("finds a removal that came while it started", async () => {
    const kit = await makeKit();
    await kit.containers.create({ Image: "busybox" }, "c1");
    const started = kit.containers.start("c1");
    await kit.containers.remove("c1", { force: true, volumes: false });
    await started;
    expect(kit.guest.processes[0]?.running).toBe(false);
    expect(kit.containers.store.find("c1")).toBeUndefined();
  });
});

describe("docker ps", () => {
  const listed = async (kit: Kit, filters: Record<string, string[]> = {}, all = false) =>
    (await kit.containers.list({ all, size: false, filters })) as { Names: string[]; Image: string }[];
  const names = async (...of: Parameters<typeof listed>) => (await listed(...of)).map(({ Names }) => Names[0]);

  it("has the newest first to the millisecond, and a bound for what runs unless all are asked for", async () => {
    const kit = await makeKit();
    await running(kit, {}, "c1");
    await kit.clock.advance(100);
    await running(kit, {}, "c2");
    await kit.clock.advance(20);
    await kit.containers.create({ Image: "busybox" }, "c3");
    expect(await names(kit, {}, true)).toEqual(["/c3", "/c2", "/c1"]);
    expect(await names(kit, { since: ["c1"] })).toEqual(["/c2"]);
    expect(await names(kit, { since: ["c1"] }, true)).toEqual(["/c3", "/c2"]);
    expect(await names(kit, { before: ["c3"] })).toEqual(["/c2", "/c1"]);
  });
  it("tells an image by its id once its name means another", async () => {
    const kit = await makeKit();
    const { id } = kit.images.add("app", { Cmd: ["old"] });
    await running(kit, { Image: "app" });
    expect(await listed(kit)).toMatchObject([{ Image: "app" }]);
    kit.images.add("app", { Cmd: ["new"] });
    expect(await listed(kit)).toMatchObject([{ Image: id }]);
  });
});

describe("docker rename", () => {
  it("tells the networks", async () => {
    const kit = await makeKit();
    const id = await running(kit);
    await kit.containers.rename("c1", "c2");
    expect(kit.networks.open.get(id as ContainerId)?.name).toBe("c2");
  });
});

describe("docker exec", () => {
  const exec = (kit: Kit, more: object = {}): string =>
    kit.containers.executions.create(kit.containers.get("c1"), "c1", {
      cmd: ["ls", "-l"],
      attachStdin: false,
      attachStdout: true,
      attachStderr: true,
      tty: false,
      env: ["X=1"],
      user: "",
      workingDir: "",
      privileged: false,
      detachKeys: "",
      consoleSize: undefined,
      ...more,
    });
  it("joins the container's namespaces and cgroup, streams and remembers the exit code", async () => {
    const kit = await makeKit();
    const id = await running(kit, { User: "7", WorkingDir: "/w" });
    const e = exec(kit);
    const started = await kit.containers.executions.start(e, { detach: false, tty: false });
    const process = kit.guest.processes[1];
    expect(process?.spec).toMatchObject({ cwd: "/w", user: "7", cgroup: `/sys/fs/cgroup/docker/${id}` });
    expect(process?.spec.join?.[0]?.pid).toBe(kit.guest.processes[0]?.pid);
    expect(process?.spec.env).toContain("X=1");
    process?.write("out\n");
    process?.end(5);
    expect(started && (await frames(started.stream.readable))).toEqual(["1:out\n"]);
    expect(kit.containers.executions.inspect(e)).toMatchObject({ Running: false, ExitCode: 5, ContainerID: id });
    expect(kit.actions()).toEqual(["create", "start", "exec_create: ls -l", "exec_start: ls -l", "exec_die"]);
    await expect(kit.containers.executions.start(e, { detach: true, tty: false })).rejects.toThrow(
      `exec command ${e} has already run`,
    );
  });
  it("says what cannot be executed", async () => {
    const kit = await makeKit();
    await running(kit);
    kit.guest.onSpawn = () => {
      throw new GuestError({ errno: "ENOENT", stage: "exec", operation: "exec", path: "nope" });
    };
    const e = exec(kit, { cmd: ["nope"] });
    const message =
      'OCI runtime exec failed: exec failed: unable to start container process: exec: "nope": executable file not found in $PATH';
    const started = await kit.containers.executions.start(e, { detach: false, tty: false });
    expect(await new Response(started?.stream.readable as ReadableStream<BufferSource>).text()).toContain(
      `${message}\r\n`,
    );
    expect(kit.containers.executions.inspect(e)).toMatchObject({ ExitCode: 127 });
    const detached = exec(kit, { cmd: ["nope"] });
    await expect(kit.containers.executions.start(detached, { detach: true, tty: false })).rejects.toThrow(message);
  });
  it("has the container's limits, and goes with a container that is removed", async () => {
    const kit = await makeKit();
    await running(kit, { HostConfig: { Ulimits: [{ Name: "nofile", Soft: 5, Hard: 6 }], OomScoreAdj: 7 } });
    const e = exec(kit);
    await kit.containers.executions.start(e, { detach: true, tty: false });
    expect(kit.guest.processes[1]?.spec).toMatchObject({
      rlimits: [{ type: "nofile", soft: 5, hard: 6 }],
      oomScoreAdj: 7,
    });
    await kit.containers.remove("c1", { force: true, volumes: false });
    expect(() => kit.containers.executions.inspect(e)).toThrow(`No such exec instance: ${e}`);
  });
  it("is refused where nothing runs", async () => {
    const kit = await makeKit();
    const { Id } = await kit.containers.create({ Image: "busybox" }, "c1");
    expect(() => exec(kit)).toThrow(`container ${Id} is not running`);
    expect(() => kit.containers.executions.inspect("nope")).toThrow("No such exec instance: nope");
  });
});

describe("Health checks", () => {
  it("make a container healthy, and unhealthy after as many failures as it may have", async () => {
    const kit = await makeKit();
    let code = 0;
    kit.guest.onSpawn = (process) => {
      if (process.spec.args[0] === "/bin/sh") process.end(code);
    };
    await running(kit, {
      Healthcheck: { Test: ["CMD-SHELL", "true"], Interval: 1e9, Retries: 2 },
      Cmd: ["sleep", "9"],
    });
    const health = async (): Promise<unknown> =>
      ((await kit.containers.inspect("c1")) as { State: { Health: { Status: string } } }).State.Health.Status;
    expect(await health()).toBe("starting");
    await kit.clock.advance(1000);
    expect(await health()).toBe("healthy");
    code = 1;
    await kit.containers.pause("c1");
    await kit.clock.advance(9000);
    await kit.containers.unpause("c1");
    expect(await health()).toBe("healthy");
    await kit.clock.advance(1000);
    expect(await health()).toBe("healthy");
    await kit.clock.advance(1000);
    expect(await health()).toBe("unhealthy");
    expect(kit.actions().filter((a) => a.startsWith("health_status"))).toEqual([
      "health_status: healthy",
      "health_status: unhealthy",
    ]);
  });
});

describe("docker wait", () => {
  it("knows its conditions", async () => {
    const kit = await makeKit();
    await kit.containers.create({ Image: "busybox" }, "c1");
    expect(() => kit.containers.wait("c1", "foo")).toThrow('invalid condition: "foo"');
    expect(await kit.containers.wait("c1", "")).toEqual({ exitCode: 0, error: "" });
    const next = kit.containers.wait("c1", "next-exit");
    await kit.containers.start("c1");
    kit.guest.processes[0]?.end(4);
    expect(await next).toEqual({ exitCode: 4, error: "" });
  });
});

describe("docker update and prune", () => {
  it("changes limits of what runs", async () => {
    const kit = await makeKit();
    const id = await running(kit);
    const cgroup = `/sys/fs/cgroup/docker/${id}`;
    expect(await kit.containers.update("c1", { Memory: 64 << 20, MemorySwap: 64 << 20 })).toEqual({ Warnings: null });
    expect(kit.guest.opsOf("write").at(-2)).toMatchObject({ path: `${cgroup}/memory.max`, data: String(64 << 20) });
    await expect(kit.containers.update("c1", { Memory: 128 << 20 })).rejects.toThrow(
      `Cannot update container ${id}: Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time`,
    );
    await expect(kit.containers.update("c1", { Memory: 5 })).rejects.toThrow("Minimum memory limit allowed is 6MB");
    await expect(kit.containers.update("c1", { MemorySwap: 32 << 20 })).rejects.toThrow(
      "memory+swap limit should be >= memory limit",
    );
    await kit.containers.update("c1", { PidsLimit: 32 });
    await kit.containers.update("c1", { PidsLimit: 0 });
    const limits = kit.guest.opsOf("write").filter(({ path }) => path === `${cgroup}/pids.max`);
    expect(limits.map(({ data }) => data)).toEqual(["32", "max"]);
  });
  it("removes what has ended and says so", async () => {
    const kit = await makeKit();
    const { Id } = await kit.containers.create({ Image: "busybox", Labels: { a: "b" } }, "c1");
    await running(kit, {}, "c2");
    expect(await kit.containers.prune({ label: ["a=c"] })).toEqual({ ContainersDeleted: null, SpaceReclaimed: 0 });
    expect(await kit.containers.prune({})).toEqual({ ContainersDeleted: [Id], SpaceReclaimed: 0 });
    await expect(kit.containers.prune({ foo: ["x"] })).rejects.toThrow("invalid filter 'foo'");
  });
});
