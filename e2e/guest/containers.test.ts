/** The containers' domain on a booted machine: what the runtime asks for is what the kernel shows. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Containers } from "../../worker/engine/containers/index.ts";
import { FakeImages, FakeNetworks, FakeVolumes } from "../../worker/engine/containers/testing/kit.ts";
import type { ContainerId, Sandbox, SandboxRequest } from "../../worker/engine/domains.ts";
import { EventLog } from "../../worker/engine/events/index.ts";
import type { Guest } from "../../worker/engine/ports/guest.ts";
import type { Clock } from "../../worker/engine/ports/host.ts";
import { readTar } from "../../worker/engine/tar-reader.ts";
import { writeTar } from "../../worker/engine/tar-writer.ts";
import { MemoryLogStore, MemoryRecordStore } from "../../worker/engine/testing/memory-stores.ts";
import { AgentClient } from "../../worker/guest/agent-client.ts";
import { type BootedMachine, bootMachine, canBoot } from "./boot.ts";
import { installUserland } from "./userland.ts";

const layer = "/roots/busybox";

class OneLayer extends FakeImages {
  override async mountLayers(): Promise<readonly string[]> {
    return [layer];
  }
}

class BareNetworks extends FakeNetworks {
  readonly #guest: Guest;
  constructor(guest: Guest) {
    super();
    this.#guest = guest;
  }
  override async closeSandbox(container: ContainerId): Promise<void> {
    const namespace = this.sandbox(container)?.namespace;
    await super.closeSandbox(container);
    if (namespace !== undefined)
      await this.#guest.batch([
        { op: "umount", path: namespace, detach: true, ignore: ["*"] },
        { op: "unlink", path: namespace, ignore: ["*"] },
      ]);
  }
  override async openSandbox(request: SandboxRequest): Promise<Sandbox> {
    const sandbox = await super.openSandbox(request);
    if (sandbox.namespace !== undefined)
      await this.#guest.batch([{ op: "createNetworkNamespace", path: sandbox.namespace, ignore: ["EEXIST"] }]);
    return sandbox;
  }
}

/** Prints what each run cost: for whoever works on the path of a start. */
const showTimes = process.env.SHOW_TIMES !== undefined;

const clock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

describe.skipIf(!canBoot())("containers in a booted machine", () => {
  let machine: BootedMachine;
  let guest: AgentClient;
  let containers: Containers;

  async function streams(
    readable: ReadableStream<Uint8Array>,
    raw: boolean,
  ): Promise<{ stdout: string; stderr: string }> {
    const all = new Uint8Array(await new Response(readable as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());
    const out = { stdout: "", stderr: "" };
    if (raw) return { ...out, stdout: new TextDecoder().decode(all) };
    for (let at = 0; at < all.length; ) {
      const size = new DataView(all.buffer, at + 4).getUint32(0);
      out[all[at] === 2 ? "stderr" : "stdout"] += new TextDecoder().decode(all.subarray(at + 8, at + 8 + size));
      at += 8 + size;
    }
    return out;
  }

  async function run(cmd: readonly string[], body: object = {}, host: object = {}): Promise<Ran> {
    const { Id } = await containers.create({
      Image: "busybox",
      Cmd: cmd,
      HostConfig: { AutoRemove: true, NetworkMode: "none", ...host },
      ...body,
    });
    const { stream, raw } = containers.attach(Id, {
      stdin: true,
      stdout: true,
      stderr: true,
      stream: true,
      logs: false,
      detachKeys: "",
      signal: new AbortController().signal,
    });
    const output = streams(stream.readable, raw);
    const removed = containers.wait(Id, "removed");
    await containers.start(Id);
    return { ...(await output), code: (await removed).exitCode };
  }

  async function exec(id: string, cmd: readonly string[], more: object = {}): Promise<Ran> {
    const request = {
      cmd,
      attachStdin: false,
      attachStdout: true,
      attachStderr: true,
      tty: false,
      env: [],
      user: "",
      workingDir: "",
      privileged: false,
      detachKeys: "",
      consoleSize: undefined,
      ...more,
    };
    const e = containers.executions.create(containers.get(id), id, request);
    const started = await containers.executions.start(e, { detach: false, tty: request.tty });
    const output =
      started === undefined ? { stdout: "", stderr: "" } : await streams(started.stream.readable, started.raw);
    return { ...output, code: (containers.executions.inspect(e) as { ExitCode: number }).ExitCode };
  }

  async function start(cmd: readonly string[], body: object = {}, host: object = {}): Promise<string> {
    const { Id } = await containers.create({
      Image: "busybox",
      Cmd: cmd,
      HostConfig: { NetworkMode: "none", ...host },
      ...body,
    });
    await containers.start(Id);
    return Id;
  }
  const remove = (id: string): Promise<void> => containers.remove(id, { force: true, volumes: true });

  beforeAll(async () => {
    machine = await bootMachine();
    guest = new AgentClient(machine.link);
    await guest.batch([
      { op: "mkdir", path: "/var/lib/docker", parents: true },
      { op: "mount", source: "tmpfs", target: "/var/lib/docker", type: "tmpfs" },
      { op: "mkdir", path: "/run/drydock/netns", parents: true },
    ]);
    await installUserland(guest, layer);
    containers = new Containers({
      guest,
      clock,
      randomness: { bytes: (count) => crypto.getRandomValues(new Uint8Array(count)) },
      records: new MemoryRecordStore(),
      logs: new MemoryLogStore(),
      images: new OneLayer(),
      volumes: new FakeVolumes(guest as never),
      networks: new BareNetworks(guest),
      events: new EventLog(clock),
      host: { cpus: 1, memory: 256 << 20 },
    });
    await containers.prepareMachine();
  }, 60_000);
  afterAll(() => machine?.stop());

  test("a container prints, and its exit code comes back", async () => {
    expect(await run(["echo", "hi"])).toEqual({ stdout: "hi\n", stderr: "", code: 0 });
    expect(await run(["sh", "-c", "echo no >&2; exit 7"])).toEqual({ stdout: "", stderr: "no\n", code: 7 });
  });

  test("it sees itself as process 1 with a root, a hostname, /dev and /etc of its own", async () => {
    const { stdout, stderr } = await run(
      [
        "sh",
        "-c",
        "echo $$; hostname; cat /etc/hostname /etc/hosts; ls /dev; ls -a /; echo x > /dev/null; cat /proc/self/cgroup",
      ],
      { Hostname: "box" },
    );
    expect(stderr).toBe("");
    expect(stdout).toContain("1\nbox\nbox\n127.0.0.1\tlocalhost\n");
    for (const name of [
      "core",
      "fd",
      "full",
      "mqueue",
      "null",
      "ptmx",
      "pts",
      "random",
      "shm",
      "stderr",
      "tty",
      "urandom",
      "zero",
    ])
      expect(stdout.split("\n"), name).toContain(name);
    expect(stdout).toContain(".dockerenv");
    expect(stdout).toContain("0::/\n");
  });

  test("its capabilities, filter, mounts and limits are those that runc gives", async () => {
    const { stdout } = await run(["cat", "/proc/self/status", "/proc/self/mounts"]);
    expect(stdout).toContain("CapBnd:\t00000000a80425fb");
    expect(stdout).toContain("CapEff:\t00000000a80425fb");
    expect(stdout).toContain("CapInh:\t0000000000000000");
    expect(stdout).toContain("CapAmb:\t0000000000000000");
    expect(stdout).toContain("NoNewPrivs:\t0");
    expect(stdout).toContain("Seccomp:\t2");
    expect(stdout).toMatch(/^overlay \/ overlay rw,/m);
    expect(stdout).toMatch(/^proc \/proc proc rw,nosuid,nodev,noexec/m);
    expect(stdout).toMatch(/^tmpfs \/dev tmpfs rw,nosuid,size=65536k,mode=755/m);
    expect(stdout).toMatch(/ \/sys sysfs ro,nosuid,nodev,noexec/m);
    expect(stdout).toMatch(/ \/sys\/fs\/cgroup cgroup2? ro,nosuid,nodev,noexec/m);
    expect(stdout).toMatch(/ \/proc\/sys proc ro,/m);
    expect((await run(["cat", "/proc/self/status"], { User: "1000" })).stdout).toContain("CapEff:\t0000000000000000");
  });

  test("a privileged container may do what another may not", async () => {
    const mount = ["mount", "-t", "tmpfs", "tmpfs", "/tmp"];
    expect((await run(mount)).code).not.toBe(0);
    expect(await run(mount, {}, { Privileged: true })).toEqual({ stdout: "", stderr: "", code: 0 });
    const status = (await run(["cat", "/proc/self/status"], {}, { Privileged: true })).stdout;
    expect(status).toContain("Seccomp:\t0");
    expect(status).toContain("CapEff:\t000001ffffffffff");
  });

  test("devices that Docker does not give cannot be opened, and those that are asked for can", async () => {
    const disk = ["sh", "-c", "/bin/busybox mknod /tmp/d c 1 11; cat /tmp/d"];
    expect((await run(disk)).stderr).toMatch(/Operation not permitted/);
    const { stderr, code } = await run(
      ["head", "-c1", "/dev/zz"],
      {},
      {
        Devices: [{ PathOnHost: "/dev/zero", PathInContainer: "/dev/zz", CgroupPermissions: "r" }],
      },
    );
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  });

  test("a program that is there and cannot run has been started, says why, and ends with 255", async () => {
    await guest.batch([
      { op: "mkdir", path: "/broken", parents: true },
      { op: "write", path: "/broken/script", data: "#!/bin/sh\r\necho of another system\n", mode: 0o755 },
      { op: "write", path: "/broken/foreign", data: "\x7fELF\x02 of another processor", mode: 0o755 },
    ]);
    const bind = { Binds: ["/broken:/programs"] };
    expect(await run(["/programs/script"], {}, bind)).toEqual({
      stdout: "",
      stderr: "exec /programs/script: no such file or directory\n",
      code: 255,
    });
    expect(await run(["/programs/foreign"], {}, bind)).toEqual({
      stdout: "",
      stderr: "exec /programs/foreign: exec format error\n",
      code: 255,
    });
    await expect(run(["/programs/missing"], {}, bind)).rejects.toThrow(
      "stat /programs/missing: no such file or directory",
    );
  });

  test("read-only root, tmpfs, working directory, user, sysctls and ulimits hold", async () => {
    const { stdout, stderr } = await run(
      ["sh", "-c", "touch /x; touch /tmp/y && echo made; pwd; id; cat /proc/sys/kernel/msgmax; ulimit -n"],
      { WorkingDir: "/srv/deep", User: "learner" },
      {
        ReadonlyRootfs: true,
        Tmpfs: { "/tmp": "mode=1777" },
        Sysctls: { "kernel.msgmax": "4096" },
        Ulimits: [{ Name: "nofile", Soft: 99, Hard: 100 }],
      },
    );
    expect(stderr).toMatch(/\/x: Read-only file system/);
    expect(stdout).toMatch(/^made\n\/srv\/deep\nuid=1000\(learner\) gid=1000\(learner\).*\n4096\n99\n$/);
  });

  test("bind mounts and volumes show in it, read-only where told, and never outside of its root", async () => {
    await guest.batch([
      { op: "mkdir", path: "/host/dir", parents: true },
      { op: "write", path: "/host/dir/file", data: "from the host\n" },
      { op: "mkdir", path: `${layer}/host`, parents: true },
      { op: "symlink", target: "/host", path: `${layer}/escape`, ignore: ["EEXIST"] },
    ]);
    const binds = { Binds: ["/host/dir:/data:ro", "/host/dir/file:/one/two", "vol:/v", "/host/dir:/escape/inside"] };
    const { stdout, stderr } = await run(
      ["sh", "-c", "cat /data/file /one/two; echo x > /v/x; touch /data/no; ls /host"],
      {},
      binds,
    );
    expect(stdout).toBe("from the host\nfrom the host\ninside\n");
    expect(stderr).toMatch(/Read-only file system/);
    const listed = await guest.batch([{ op: "list", path: "/host" }]);
    expect((listed[0] as readonly { name: string }[]).map((e) => e.name)).toEqual(["dir"]);
    expect((await run(["cat", "/v/x"], {}, { Binds: ["vol:/v"] })).stdout).toBe("x\n");
  });

  test("a terminal is one, of the size that was asked for", async () => {
    const { stdout } = await run(["sh", "-c", "tty; stty size; echo $TERM"], { Tty: true }, { ConsoleSize: [30, 100] });
    expect(stdout).toBe("/dev/pts/0\r\n30 100\r\nxterm\r\n");
  });

  test("what cannot start says so in Docker's words", async () => {
    const failed = (cmd: string[], body: object = {}) => run(cmd, body).catch((e: Error) => e.message);
    const prefix =
      "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: ";
    expect(await failed(["foo"])).toBe(`${prefix}exec: "foo": executable file not found in $PATH`);
    expect(await failed(["/etc"])).toBe(`${prefix}exec: "/etc": permission denied`);
    expect(await failed(["/etc/passwd"])).toBe(`${prefix}exec: "/etc/passwd": permission denied`);
    expect(await failed(["./x"])).toBe(`${prefix}exec: "./x": stat ./x: no such file or directory`);
    expect(await failed(["ls"], { User: "nouser" })).toBe(
      "unable to find user nouser: no matching entries in passwd file",
    );
    expect(await failed(["ls"], { User: "0:nogrp" })).toBe(
      "unable to find group nogrp: no matching entries in group file",
    );
    expect(await failed(["ls"], { WorkingDir: "/etc/passwd" })).toBe("Cannot mkdir: /etc/passwd is not a directory");
  });

  test("exec joins it: same processes, files and limits; its own user, directory and terminal", async () => {
    const id = await start(["sleep", "100"], { Env: ["A=1"] });
    const { stdout } = await exec(id, ["sh", "-c", "ps; id -u; pwd; echo $A $B; cat /proc/self/cgroup"], {
      user: "1000",
      workingDir: "/tmp",
      env: ["B=2"],
    });
    expect(stdout).toMatch(/ 1 .*sleep 100/);
    expect(stdout).toContain("1000\n/tmp\n1 2\n0::/\n");
    expect((await exec(id, ["tty"], { tty: true })).stdout).toBe("/dev/pts/0\r\n");
    // An attached client reads on its connection what went wrong.
    const missing = await exec(id, ["nope"]);
    expect(missing.code).toBe(127);
    expect(missing.stdout).toContain(
      'OCI runtime exec failed: exec failed: unable to start container process: exec: "nope": executable file not found in $PATH',
    );
    const nowhere = await exec(id, ["ls"], { workingDir: "/nonexist" });
    expect(nowhere.stdout).toContain(
      'OCI runtime exec failed: exec failed: unable to start container process: chdir to cwd ("/nonexist") set in config.json failed: no such file or directory',
    );
    await remove(id);
  });

  test("signals, pause and stop reach it", async () => {
    const id = await start([
      "sh",
      "-c",
      "trap 'echo hup' HUP; trap 'exit 3' TERM; echo ready; while true; do sleep 0.1; done",
    ]);
    const text = async (): Promise<string> => {
      let all = "";
      const { entries } = containers.logs(id, {
        follow: false,
        stdout: true,
        stderr: true,
        signal: new AbortController().signal,
      });
      for await (const e of entries) all += e.text;
      return all;
    };
    await expect.poll(text).toBe("ready\n");
    await containers.kill(id, "HUP");
    await expect.poll(text).toBe("ready\nhup\n");
    await containers.pause(id);
    await containers.unpause(id);
    await containers.stop(id, { timeout: 5 });
    expect(((await containers.inspect(id)) as { State: object }).State).toMatchObject({
      Status: "exited",
      ExitCode: 3,
    });
    await remove(id);
  });

  test("a memory limit kills, and the kill is told", async () => {
    const id = await start(
      ["dd", "if=/dev/zero", "of=/dev/null", "bs=64M"],
      {},
      { Memory: 8 << 20, MemorySwap: 8 << 20 },
    );
    expect((await containers.wait(id, "not-running")).exitCode).toBe(137);
    expect(((await containers.inspect(id)) as { State: object }).State).toMatchObject({
      OOMKilled: true,
      ExitCode: 137,
    });
    await remove(id);
  });

  test("a fork bomb ends at the limit of processes", async () => {
    const { stderr } = await run(
      ["sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do sleep 5 & done; exit 0"],
      {},
      { PidsLimit: 4 },
    );
    expect(stderr).toMatch(/can't fork|Resource temporarily unavailable/i);
  });

  test("files go in and out, of a running and of a stopped container, and diff tells what changed", async () => {
    const id = await start(["sleep", "100"]);
    const archive = () =>
      writeTar([
        { header: { name: "sub/", type: "directory", mode: 0o750, uid: 5, gid: 6, mtime: 1_600_000_000 } },
        {
          header: { name: "sub/a", type: "file", mode: 0o640, uid: 5, gid: 6, mtime: 1_600_000_000, size: 5 },
          body: new TextEncoder().encode("hello"),
        },
        { header: { name: "sub/l", type: "symlink", linkName: "a" } },
      ]);
    for (const state of ["running", "stopped"]) {
      if (state === "stopped") await containers.stop(id, { timeout: 0 });
      await containers.copyTo(id, "/tmp", archive(), { noOverwriteDirNonDir: true, keepOwners: false });
      const { stat, tar } = await containers.copyFrom(id, "/tmp/sub");
      expect(stat, state).toMatchObject({ name: "sub", mode: 0x80000000 + 0o750 });
      const names: string[] = [];
      for await (const { entry, body } of readTar(tar)) {
        names.push(`${entry.name} ${entry.type} ${entry.uid}`);
        if (entry.name === "sub/a")
          expect(await new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>).text()).toBe("hello");
      }
      expect(names.sort(), state).toEqual(["sub/ directory 5", "sub/a file 5", "sub/l symlink 0"]);
      await expect(containers.copyFrom(id, "/nope")).rejects.toThrow(
        `Could not find the file /nope in container ${id}`,
      );
      await expect(
        containers.copyTo(id, "/etc/passwd", archive(), { noOverwriteDirNonDir: true, keepOwners: false }),
      ).rejects.toThrow("extraction point is not a directory");
    }
    await containers.start(id);
    await exec(id, ["sh", "-c", "echo x >> /etc/passwd"]);
    expect(await containers.changes(id)).toEqual([
      { Path: "/etc", Kind: 0 },
      { Path: "/etc/passwd", Kind: 0 },
      { Path: "/tmp", Kind: 0 },
      { Path: "/tmp/sub", Kind: 1 },
      { Path: "/tmp/sub/a", Kind: 1 },
      { Path: "/tmp/sub/l", Kind: 1 },
    ]);
    const exported: string[] = [];
    for await (const { entry } of readTar(await containers.export(id))) exported.push(entry.name);
    expect(exported).toContain("bin/busybox");
    expect(exported).toContain("tmp/sub/a");
    await remove(id);
  });

  test("top and stats read the kernel", async () => {
    const id = await start(["sleep", "100"]);
    expect(await containers.top(id, "")).toMatchObject({
      Titles: ["UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD"],
      Processes: [expect.arrayContaining(["sleep 100"])],
    });
    const stats = (await containers.statsOnce(id, true)) as {
      memory_stats: { usage: number };
      pids_stats: { current: number };
    };
    expect(stats.memory_stats.usage).toBeGreaterThan(0);
    expect(stats.pids_stats.current).toBe(1);
    await remove(id);
  });

  test("namespaces are shared where asked", async () => {
    const id = await start(["sleep", "100"], {}, { IpcMode: "shareable" });
    const ps = await run(["ps"], {}, { PidMode: `container:${id}`, IpcMode: `container:${id}` });
    expect(ps.stdout).toMatch(/sleep 100/);
    const neighbour = await run(
      ["sh", "-c", "hostname; cat /etc/hostname; readlink /proc/self/ns/net"],
      {},
      { NetworkMode: `container:${id}` },
    );
    const own = await exec(id, ["sh", "-c", "hostname; cat /etc/hostname; readlink /proc/self/ns/net"]);
    expect(neighbour).toEqual(own);
    const donor = await start(["sleep", "100"]);
    await expect(run(["true"], {}, { IpcMode: `container:${donor}` })).rejects.toThrow("non-shareable IPC");
    await remove(donor);
    await exec(id, ["sh", "-c", "echo shared > /dev/shm/f"]);
    expect((await run(["cat", "/dev/shm/f"], {}, { IpcMode: `container:${id}` })).stdout).toBe("shared\n");
    await remove(id);
  });

  test("an init of one's own passes on the exit code", async (context) => {
    const [init] = await guest.batch([{ op: "stat", path: "/run/drydock/init", ignore: ["ENOENT"] }]);
    context.skip(init === undefined, "this agent has no init");
    expect((await run(["sh", "-c", "exit 9"], {}, { Init: true })).code).toBe(9);
  });

  test("many runs leave nothing behind", async () => {
    await containers.idle();
    const listing = async (): Promise<unknown> => {
      const results = await guest.batch([
        { op: "list", path: "/var/lib/docker/overlay2" },
        { op: "list", path: "/var/lib/docker/containers" },
        { op: "read", path: "/proc/self/mounts" },
      ]);
      const cgroups = (await guest.batch([{ op: "list", path: "/sys/fs/cgroup/docker" }]))[0] as readonly {
        name: string;
        type: string;
      }[];
      return [
        results[0],
        results[1],
        new TextDecoder().decode(results[2] as Uint8Array),
        cgroups.filter((e) => e.type === "directory"),
      ];
    };
    const before = await listing();
    const times: number[] = [];
    for (let i = 0; i < 30; i++) {
      const began = performance.now();
      await run(["true"]);
      times.push(performance.now() - began);
    }
    await containers.idle();
    expect(await listing()).toEqual(before);
    if (showTimes) console.log("run --rm true, ms:", times.map((t) => t.toFixed(0)).join(" "));
  });
});
