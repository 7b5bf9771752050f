import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { GuestProcess, Op, ProcessSpec } from "../../worker/engine/ports/guest.ts";
import { AgentClient } from "../../worker/guest/agent-client.ts";
import { type BootedMachine, bootMachine } from "./boot.ts";
import { installUserland } from "./userland.ts";

const ROOT = "/roots/busybox";
const text = (data: unknown) => new TextDecoder().decode(data as Uint8Array);
const all = (stream: ReadableStream<Uint8Array> | undefined) => new Response(stream ?? null).text();

/** A process in the machine's own namespaces, with busybox' programs. */
const plain = (args: readonly string[], more: Partial<ProcessSpec> = {}): ProcessSpec => ({
  args,
  env: [`PATH=${ROOT}/bin`],
  cwd: "/",
  user: "",
  stdio: { kind: "pipes", stdin: false },
  ...more,
});

const mounts: readonly Op[] = [
  { op: "mount", source: "", target: "/", flags: ["private", "rec"] },
  { op: "mount", source: ROOT, target: ROOT, flags: ["bind", "rec"] },
  { op: "mount", source: "proc", target: `${ROOT}/proc`, type: "proc" },
  { op: "mount", source: "tmpfs", target: `${ROOT}/dev`, type: "tmpfs", data: "mode=755" },
  { op: "mkdir", path: `${ROOT}/dev/pts` },
  {
    op: "mount",
    source: "devpts",
    target: `${ROOT}/dev/pts`,
    type: "devpts",
    data: "newinstance,ptmxmode=0666,mode=0620",
  },
  { op: "symlink", path: `${ROOT}/dev/ptmx`, target: "pts/ptmx" },
  { op: "mknod", path: `${ROOT}/dev/null`, type: "char", major: 1, minor: 3, mode: 0o666 },
  { op: "pivotRoot", path: ROOT },
];

/** A container: namespaces and a root of its own. */
const contained = (args: readonly string[], more: Partial<ProcessSpec> = {}): ProcessSpec => ({
  ...plain(args),
  env: ["PATH=/usr/bin:/bin"],
  unshare: ["mount", "pid", "uts", "ipc", "cgroup", "network"],
  setup: mounts,
  ...more,
});

const output = async (process: GuestProcess) => {
  const [stdout, stderr, status] = await Promise.all([all(process.stdout), all(process.stderr), process.exit]);
  return { stdout, stderr, ...status };
};

describe("the agent in a booted machine", () => {
  let machine: BootedMachine;
  let guest: AgentClient;
  const run = async (spec: ProcessSpec) => output(await guest.spawn(spec));

  beforeAll(async () => {
    const disk = new Uint8Array(1 << 20);
    disk.set(new TextEncoder().encode("at4096"), 4096);
    machine = await bootMachine({ disk });
    guest = new AgentClient(machine.link);
    await guest.renew({ now: Date.now(), entropy: new Uint8Array(64), hostname: "drydock" }, { fresh: true });
    await installUserland(guest, ROOT);
  }, 60_000);
  afterAll(() => machine?.stop());

  describe("batches", () => {
    test("run in order and answer each operation", async () => {
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
      expect(results[8]).toBeUndefined();
    });

    test("stop at the first failure and say which it was", async () => {
      const failed = guest.batch([{ op: "sync" }, { op: "rmdir", path: "/tmp/none" }]);
      await expect(failed).rejects.toMatchObject({
        errno: "ENOENT",
        stage: "batch",
        index: 1,
        message: "rmdir /tmp/none: no such file or directory",
      });
    });

    test("resolve their paths inside a root", async () => {
      await guest.batch([{ op: "symlink", path: `${ROOT}/tmp/out`, target: "/etc/passwd" }]);
      const [data] = await guest.batch([{ op: "read", path: "/tmp/out" }], { root: ROOT });
      expect(text(data)).toContain("learner");
      expect(await guest.batch([{ op: "stat", path: ROOT }])).toMatchObject([{ type: "directory" }]);
    });

    test("copy and remove whole trees", async () => {
      await guest.batch([
        { op: "mkdir", path: "/tmp/tree/deep/er", parents: true },
        { op: "write", path: "/tmp/tree/deep/file", data: "x", mode: 0o4711, uid: 7 },
        { op: "link", from: "/tmp/tree/deep/file", to: "/tmp/tree/hard" },
        { op: "symlink", path: "/tmp/tree/soft", target: "deep/file" },
        { op: "mknod", path: "/tmp/tree/null", type: "char", major: 1, minor: 3, mode: 0o600 },
        { op: "utimes", path: "/tmp/tree/deep/file", mtime: 1234.5 },
        { op: "copyTree", from: "/tmp/tree", to: "/tmp/copy" },
        { op: "removeTree", path: "/tmp/tree" },
        { op: "removeTree", path: "/tmp/tree" },
      ]);
      const [file, hard, soft, device] = await guest.batch([
        { op: "stat", path: "/tmp/copy/deep/file" },
        { op: "stat", path: "/tmp/copy/hard" },
        { op: "readlink", path: "/tmp/copy/soft" },
        { op: "stat", path: "/tmp/copy/null" },
      ]);
      expect(file).toMatchObject({ mode: 0o4711, uid: 7, links: 2, mtime: 1234.5 });
      expect(hard).toMatchObject({ links: 2 });
      expect(soft).toBe("deep/file");
      expect(device).toMatchObject({ type: "char", major: 1, minor: 3 });
      await expect(guest.batch([{ op: "stat", path: "/tmp/tree" }])).rejects.toMatchObject({ errno: "ENOENT" });
    });
  });

  describe("processes", () => {
    test("write, and report their exit code", async () => {
      expect(await run(plain(["sh", "-c", "echo out; echo err >&2; exit 3"]))).toEqual({
        stdout: "out\n",
        stderr: "err\n",
        code: 3,
      });
    });

    test("killed by a signal they report 128 and the signal", async () => {
      const process = await guest.spawn(plain(["sleep", "100"]));
      await guest.batch([{ op: "kill", pid: process.pid, signal: 9 }]);
      expect(await process.exit).toEqual({ code: 137, signal: 9 });
    });

    test("read their input to its end", async () => {
      const process = await guest.spawn(plain(["wc", "-c"], { stdio: { kind: "pipes", stdin: true } }));
      const writer = process.stdin?.getWriter();
      for (let i = 0; i < 30; i++) await writer?.write(new Uint8Array(10_000));
      await writer?.close();
      expect((await output(process)).stdout.trim()).toBe("300000");
    });

    test("a flood of output waits for its reader and blocks nobody else", async () => {
      const flood = await guest.spawn(plain(["yes"]));
      const reader = flood.stdout?.getReader();
      await reader?.read();
      expect((await run(plain(["echo", "through"]))).stdout).toBe("through\n");
      let got = 0;
      while (got < 2_000_000) got += (await reader?.read())?.value?.length ?? 0;
      await guest.batch([{ op: "kill", pid: flood.pid, signal: 9 }]);
      await reader?.cancel();
      await flood.exit;
    });

    test("a program that is not there fails with Docker's reason", async () => {
      await expect(guest.spawn(plain(["nope"]))).rejects.toMatchObject({
        stage: "exec",
        errno: "ENOENT",
        message: "exec nope: executable file not found in $PATH",
      });
      await expect(guest.spawn(plain(["/nope"]))).rejects.toMatchObject({
        stage: "exec",
        message: "exec /nope: no such file or directory",
      });
      await expect(guest.spawn(plain(["true"], { cwd: "/nowhere" }))).rejects.toMatchObject({ stage: "cwd" });
    });

    test("run as the user that the root's passwd names", async () => {
      expect((await run(contained(["id"], { user: "learner" }))).stdout).toBe(
        "uid=1000(learner) gid=1000(learner) groups=999(docker),1000(learner)\n",
      );
      expect((await run(contained(["sh", "-c", "echo $HOME; id -G"], { user: "learner:extra" }))).stdout).toBe(
        "/home/learner\n50\n",
      );
      expect((await run(contained(["id", "-u"], { user: "4711" }))).stdout).toBe("4711\n");
      await expect(guest.spawn(contained(["id"], { user: "nobody" }))).rejects.toMatchObject({
        stage: "user",
        message: "user nobody: unable to find user nobody: no matching entries in passwd file",
      });
    });

    test("see a root, a process id, a host name and a network of their own", async () => {
      const setup: readonly Op[] = [...mounts, { op: "setHostname", name: "inside" }];
      const script = "hostname; echo $$; ls /; ls /proc/sys/net/ipv4/conf; cat /proc/1/cgroup";
      const { stdout } = await run(contained(["sh", "-c", script], { setup }));
      expect(stdout.split("\n")).toEqual(
        "inside 1 bin dev etc home proc root sys tmp all default lo 0::/".split(" ").concat(""),
      );
    });

    test("have a terminal of their own devpts with its size", async () => {
      const stdio = { kind: "terminal", rows: 30, columns: 100, inside: true } as const;
      const process = await guest.spawn(
        contained(["sh", "-c", "tty; stty size; ls -l /dev/console | cut -c1"], { stdio }),
      );
      const { stdout } = await output(process);
      expect(stdout).toContain("/dev/pts/0\r\n30 100\r\n");
    });

    test("a terminal can be resized and echoes", async () => {
      const stdio = { kind: "terminal", rows: 24, columns: 80 } as const;
      const process = await guest.spawn(plain(["sh", "-c", "read line; stty size"], { stdio }));
      await process.resize(50, 132);
      const writer = process.stdin?.getWriter();
      await writer?.write(new TextEncoder().encode("go\n"));
      expect(await all(process.stdout)).toContain("50 132");
      expect(await process.exit).toEqual({ code: 0 });
    });

    test("are created in their cgroup, with limits, capabilities and no new privileges", async () => {
      await guest.batch([{ op: "mkdir", path: "/sys/fs/cgroup/box" }]);
      const script =
        "cat /proc/self/cgroup; ulimit -n; grep -E 'Cap|NoNew' /proc/self/status; umask; cat /proc/self/oom_score_adj";
      const { stdout } = await run(
        plain(
          [
            `${ROOT}/bin/sh`,
            "-c",
            script.replaceAll("cat", `${ROOT}/bin/busybox cat`).replace("grep", `${ROOT}/bin/busybox grep`),
          ],
          {
            cgroup: "/sys/fs/cgroup/box",
            user: "1000",
            capabilities: { bounding: 0xffn, effective: 0xfn, permitted: 0xfn, inheritable: 0xfn, ambient: 0x3n },
            noNewPrivileges: true,
            umask: 0o027,
            oomScoreAdj: 500,
            rlimits: [{ type: "nofile", soft: 100, hard: 200 }],
          },
        ),
      );
      expect(stdout.split("\n").map((line) => line.replace(/\t/, " "))).toEqual([
        "0::/box",
        "100",
        "CapInh: 000000000000000f",
        "CapPrm: 0000000000000003",
        "CapEff: 0000000000000003",
        "CapBnd: 00000000000000ff",
        "CapAmb: 0000000000000003",
        "NoNewPrivs: 1",
        "0027",
        "500",
        "",
      ]);
      await guest.batch([{ op: "rmdir", path: "/sys/fs/cgroup/box" }]);
    });

    test("a failed start leaves no process in its cgroup", async () => {
      await guest.batch([{ op: "mkdir", path: "/sys/fs/cgroup/failed" }]);
      const setup: readonly Op[] = [{ op: "sync" }, { op: "mount", source: "/none", target: "/tmp", flags: ["bind"] }];
      await expect(
        guest.spawn(plain(["true"], { cgroup: "/sys/fs/cgroup/failed", unshare: ["mount"], setup })),
      ).rejects.toMatchObject({ stage: "setup", operation: "mount", path: "/tmp", index: 1, errno: "ENOENT" });
      await guest.batch([{ op: "rmdir", path: "/sys/fs/cgroup/failed" }]);
    });

    test("join the namespaces of another process", async () => {
      const first = await guest.spawn(contained(["sleep", "100"]));
      const join = [{ pid: first.pid, namespaces: ["mount", "pid", "network", "uts", "ipc", "cgroup"] as const }];
      const { stdout } = await run({ ...plain(["sh", "-c", "ps | head -2; echo $$"]), env: ["PATH=/bin"], join });
      expect(stdout).toMatch(/1 root .*sleep 100/);
      expect(Number(stdout.trim().split("\n").at(-1))).toBeLessThan(20);
      const [data] = await guest.batch([{ op: "read", path: "/proc/1/comm" }], { pid: first.pid });
      expect(text(data)).toBe("sleep\n");
      await guest.batch([{ op: "kill", pid: first.pid, signal: 9 }]);
      await first.exit;
      expect((await run(plain(["echo", "still here"]))).stdout).toBe("still here\n");
    });

    test("get user and time namespaces, mapped", async () => {
      const { stdout } = await run(
        plain([`${ROOT}/bin/sh`, "-c", "id -u; cat /proc/self/uid_map"], {
          unshare: ["user", "time"],
          uidMap: "0 100000 65536",
          gidMap: "0 100000 65536",
        }),
      );
      expect(stdout.replace(/ +/g, " ")).toBe("0\n 0 100000 65536\n");
    });

    test("obey a seccomp filter", async () => {
      // Every getuid (199 of i386: getuid32) fails with EPERM: ld nr; jeq 199; ret errno 1; ret allow.
      const instructions: readonly (readonly [number, number, number, number])[] = [
        [0x20, 0, 0, 0],
        [0x15, 0, 1, 199],
        [0x06, 0, 0, 0x00050001],
        [0x06, 0, 0, 0x7fff0000],
      ];
      const seccomp = new Uint8Array(32);
      const view = new DataView(seccomp.buffer);
      instructions.forEach(([code, jt, jf, k], i) => {
        view.setUint16(8 * i, code, true);
        view.setUint8(8 * i + 2, jt);
        view.setUint8(8 * i + 3, jf);
        view.setUint32(8 * i + 4, k, true);
      });
      const { stdout } = await run(
        plain(["sh", "-c", `${ROOT}/bin/busybox grep Seccomp: /proc/self/status`], { seccomp }),
      );
      expect(stdout).toBe("Seccomp:\t2\n");
    });
  });

  describe("files and sockets", () => {
    test("a file of any size streams in and out", async () => {
      const data = Uint8Array.from({ length: 1_500_000 }, (_, i) => (i * 7) & 0xff);
      const writer = guest.writeFile("/tmp/big", { mode: 0o640 }).getWriter();
      await writer.write(data);
      await writer.close();
      const back = new Uint8Array(await new Response(guest.readFile("/tmp/big")).arrayBuffer());
      expect(back.length).toBe(data.length);
      expect(back.every((byte, i) => byte === data[i])).toBe(true);
      expect((await all(guest.readFile("/tmp/big", {}, 1_499_990))).length).toBeLessThanOrEqual(10);
      await expect(all(guest.readFile("/tmp/none"))).rejects.toMatchObject({ errno: "ENOENT" });
    });

    test("a full file system is an error of the writer", async () => {
      await guest.batch([
        { op: "mkdir", path: "/tmp/small" },
        { op: "mount", source: "tmpfs", target: "/tmp/small", type: "tmpfs", data: "size=64k" },
      ]);
      const writer = guest.writeFile("/tmp/small/file").getWriter();
      const written = (async () => {
        for (let i = 0; i < 10; i++) await writer.write(new Uint8Array(60_000));
        await writer.close();
      })();
      await expect(written).rejects.toMatchObject({ errno: "ENOSPC" });
      writer.closed.catch(() => {});
      await guest.batch([{ op: "umount", path: "/tmp/small", detach: true }]);
    });

    test("sockets connect, listen and accept in a network namespace", async () => {
      await guest.batch([
        { op: "mkdir", path: "/run/netns", parents: true },
        { op: "createNetworkNamespace", path: "/run/netns/a" },
      ]);
      const namespace = "/run/netns/a";
      const listener = await guest.listen({ kind: "tcp", host: "127.0.0.1", port: 80 }, { namespace });
      await expect(guest.connect({ kind: "tcp", host: "127.0.0.1", port: 80 })).rejects.toMatchObject({
        errno: "ECONNREFUSED",
        stage: "socket",
      });
      const near = await guest.connect({ kind: "tcp", host: "127.0.0.1", port: 80 }, namespace);
      const far = (await listener.connections.getReader().read()).value;
      const writer = near.writable.getWriter();
      await writer.write(new TextEncoder().encode("ping"));
      await writer.close();
      expect(await all(far?.readable)).toBe("ping");
      await far?.writable.getWriter().write(new TextEncoder().encode("pong"));
      expect(text((await near.readable.getReader().read()).value)).toBe("pong");
      await listener.close();
    });

    test("datagrams come and go", async () => {
      const a = await guest.openDatagram("127.0.0.1", 5353);
      const b = await guest.openDatagram("127.0.0.1", 5454);
      await a.writable.getWriter().write({ host: "127.0.0.1", port: 5454, data: new TextEncoder().encode("hi") });
      const got = (await b.readable.getReader().read()).value;
      expect(got).toMatchObject({ host: "127.0.0.1", port: 5353 });
      expect(text(got?.data)).toBe("hi");
      await a.close();
      await b.close();
    });

    test("netlink messages are answered in the namespace", async () => {
      // RTM_GETLINK (18), NLM_F_REQUEST | NLM_F_DUMP.
      const messages = new Uint8Array(32);
      const view = new DataView(messages.buffer);
      view.setUint32(0, 32, true);
      view.setUint16(4, 18, true);
      view.setUint16(6, 0x301, true);
      const [answer] = await guest.batch([{ op: "netlink", protocol: "route", messages, namespace: "/run/netns/a" }]);
      expect(text(answer)).toContain("lo\0");
      view.setUint16(4, 0x7fff, true);
      view.setUint16(6, 5, true);
      await expect(guest.batch([{ op: "netlink", protocol: "route", messages }])).rejects.toMatchObject({
        errno: "EOPNOTSUPP",
      });
    });
  });

  describe("the docker stub", () => {
    test("hands over its arguments, directory, environment, descriptors and exit code", async () => {
      const calls = guest.commands.getReader();
      const process = await guest.spawn(
        plain(["/bin/docker", "ps", "-a"], {
          env: ["A=b"],
          cwd: "/tmp",
          user: "1000:50",
          stdio: { kind: "pipes", stdin: true },
        }),
      );
      const call = (await calls.read()).value;
      expect(call).toMatchObject({
        program: "docker",
        args: ["ps", "-a"],
        cwd: "/tmp",
        uid: 1000,
        gid: 50,
        pid: process.pid,
        terminal: { stdin: false, stdout: false, stderr: false },
      });
      expect(call?.env).toMatchObject({ A: "b" });
      const writer = process.stdin?.getWriter();
      await writer?.write(new TextEncoder().encode("input"));
      await writer?.close();
      expect(await all(call?.stdin)).toBe("input");
      await call?.stdout.getWriter().write(new TextEncoder().encode("answer\n"));
      await call?.stderr.getWriter().write(new TextEncoder().encode("warning\n"));
      await call?.exit(42);
      expect(await output(process)).toEqual({ stdout: "answer\n", stderr: "warning\n", code: 42 });
      calls.releaseLock();
    });

    test("passes signals on, and tells when it was killed", async () => {
      const calls = guest.commands.getReader();
      const process = await guest.spawn(plain(["/bin/docker", "run"]));
      const call = (await calls.read()).value;
      const signals = call?.signals.getReader();
      await guest.batch([{ op: "kill", pid: process.pid, signal: 15 }]);
      expect(await signals?.read()).toEqual({ done: false, value: 15 });
      await guest.batch([{ op: "kill", pid: process.pid, signal: 9 }]);
      expect(await signals?.read()).toEqual({ done: false, value: 1 });
      expect(await signals?.read()).toEqual({ done: true, value: undefined });
      expect((await process.exit).signal).toBe(9);
      calls.releaseLock();
    });

    test("its terminal goes raw and comes back, and has a size", async () => {
      const calls = guest.commands.getReader();
      const stdio = { kind: "terminal", rows: 20, columns: 70 } as const;
      const process = await guest.spawn(plain(["sh", "-c", "/bin/docker attach; stty"], { stdio }));
      const call = (await calls.read()).value;
      expect(call?.terminal).toEqual({ stdin: true, stdout: true, stderr: true });
      expect(call?.size).toEqual({ rows: 20, columns: 70 });
      await process.resize(21, 71);
      expect(await call?.currentSize()).toEqual({ rows: 21, columns: 71 });
      await call?.setRaw(true);
      await process.stdin?.getWriter().write(new TextEncoder().encode("\x03x"));
      expect(text((await call?.stdin.getReader().read())?.value)).toBe("\x03x");
      await call?.exit(0);
      const { stdout } = await output(process);
      expect(stdout).not.toMatch(/-icanon|-echo/);
      calls.releaseLock();
    });
  });

  describe("the machine", () => {
    test("a setup operation with a root resolves its path in it, links of an image never lead out", async () => {
      const evil = "/roots/evil";
      await guest.batch([
        { op: "mkdir", path: `${evil}/real`, parents: true },
        { op: "symlink", path: `${evil}/tmp`, target: "/real" },
        { op: "write", path: "/roots/source", data: "from outside" },
      ]);
      const setup: readonly Op[] = [
        { op: "mount", source: "", target: "/", flags: ["private", "rec"] },
        { op: "write", path: "/tmp/file", data: "", root: evil },
        { op: "mount", source: "/roots/source", target: "/tmp/file", flags: ["bind"], root: evil },
      ];
      const script = `${ROOT}/bin/busybox cat ${evil}/real/file`;
      const { stdout } = await run(plain(["sh", "-c", script], { unshare: ["mount"], setup }));
      expect(stdout).toBe("from outside");
      expect(await guest.batch([{ op: "stat", path: `${evil}/real/file` }])).toMatchObject([{ size: 0 }]);
    });

    test("a device program of a cgroup forbids devices", async () => {
      const program = Uint8Array.from([0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]);
      await guest.batch([
        { op: "mkdir", path: "/sys/fs/cgroup/closed" },
        { op: "attachDeviceProgram", path: "/sys/fs/cgroup/closed", program },
      ]);
      const { stderr } = await run(plain(["sh", "-c", "echo x > /dev/null"], { cgroup: "/sys/fs/cgroup/closed" }));
      expect(stderr).toContain("Operation not permitted");
    });

    test("a part of the disk becomes a partition", async () => {
      await guest.batch([{ op: "addPartition", device: "/dev/sda", number: 7, start: 4096, length: 8192 }]);
      const [data] = await guest.batch([{ op: "read", path: "/dev/sda7" }]);
      expect((data as Uint8Array).length).toBe(8192);
      expect(text((data as Uint8Array).subarray(0, 6))).toBe("at4096");
      await guest.batch([{ op: "removePartition", device: "/dev/sda", number: 7 }]);
      await expect(guest.batch([{ op: "stat", path: "/dev/sda7" }])).rejects.toMatchObject({ errno: "ENOENT" });
    });

    test("its clock and its name are what it was told", async () => {
      const now = Date.UTC(2031, 1, 2, 3, 4, 5);
      const machineId = "0123456789abcdef0123456789abcdef";
      await guest.renew({ now, entropy: new Uint8Array(64), machineId, hostname: "renewed" }, { fresh: false });
      const { stdout } = await run(
        plain([
          "sh",
          "-c",
          `${ROOT}/bin/busybox date -u +%Y-%m-%dT%H; hostname; ${ROOT}/bin/busybox cat /etc/machine-id`,
        ]),
      );
      expect(stdout).toBe(`2031-02-02T03\nrenewed\n${machineId}\n`);
    });

    test("free memory is left zero for the snapshot", async () => {
      await guest.zeroFreeMemory();
      expect((await run(plain(["echo", "alive"]))).stdout).toBe("alive\n");
    });

    test("its root can be pivoted to a userland, and batches find back to it", async () => {
      await guest.batch([
        { op: "mount", source: ROOT, target: ROOT, flags: ["bind"] },
        ...["proc", "sys", "dev"].map(
          (name) => ({ op: "mount", source: `/${name}`, target: `${ROOT}/${name}`, flags: ["move"] }) as const,
        ),
        { op: "mkdir", path: `${ROOT}/run` },
        { op: "mount", source: "/run", target: `${ROOT}/run`, flags: ["move"] },
        { op: "pivotRoot", path: ROOT },
      ]);
      const inner = await guest.spawn({ ...plain(["sleep", "100"]), env: ["PATH=/bin"], unshare: ["mount"] });
      const read = [{ op: "read", path: "/etc/passwd" }] as const;
      for (const context of [{}, { root: "/" }, { pid: inner.pid }, { pid: inner.pid, root: "/" }, {}]) {
        expect(text((await guest.batch(read, context))[0])).toContain("learner");
      }
      await guest.batch([{ op: "kill", pid: inner.pid, signal: 9 }]);
      expect((await run({ ...plain(["ls", "/"]), env: ["PATH=/bin"] })).stdout).toContain("run\n");
    });
  });
});
