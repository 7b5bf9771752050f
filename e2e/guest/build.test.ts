/** `docker build` on the machine: the walkthrough's section 5 in small, with the client's files in a folder. */
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withBuildKit } from "../../worker/api/buildkit/index.node.ts";
import { serveConnection } from "../../worker/api/http-server.ts";
import { socketDuplex } from "../../worker/api/node-socket.node.ts";
import { type Captured, capture } from "../../worker/cli/capture.ts";
import type { CliFiles } from "../../worker/cli/invocation.ts";
import { nodeFiles } from "../../worker/cli/main.node.ts";
import type { ByteDuplex } from "../../worker/engine/ports/guest.ts";
import { type Drydock, openDrydock } from "../../worker/node.ts";
import { buildPath } from "../../worker/node-platform.node.ts";
import { keys } from "../../worker/ssh/testing/keys.ts";

/** Docker's own client with buildx, which a host may not have. */
function hasClient(): boolean {
  try {
    execFileSync("docker", ["buildx", "version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const hasDebian = existsSync(buildPath("catalogue/v2/library/debian"));
/** Asks the agent for its keys, and shows the answer (draft-miller-ssh-agent, 4.4). */
const askAgent = String.raw`perl -MIO::Socket::UNIX -e '$s=IO::Socket::UNIX->new($ENV{SSH_AUTH_SOCK}) or die $!; syswrite $s,"\0\0\0\1\x0b"; read $s,$l,4; read $s,$b,unpack("N",$l); print "keys ",unpack("H*",$l.$b)'`;
const noKeys = Uint8Array.of(0, 0, 0, 5, 12, 0, 0, 0, 0);
const agentFile = `FROM debian\nRUN --mount=type=ssh,uid=1000 ls -ln $SSH_AUTH_SOCK && ${askAgent}\nRUN echo "[$SSH_AUTH_SOCK]"\n`;
const keyAgentFile = `${agentFile}RUN --mount=type=ssh,id=mine,required=true ${askAgent}\n`;
/** The one key of the file below, without a comment. */
const oneKey = (): string => {
  const key = Buffer.from(keys.ed25519.public.split(" ")[1] ?? "", "base64").toString("hex");
  return `000000400c0000000100000033${key}00000000`;
};

describe("docker build", () => {
  let drydock: Drydock;
  const folder = mkdtempSync(join(tmpdir(), "drydock-build-"));

  beforeAll(async () => {
    drydock = await openDrydock();
  }, 120_000);
  afterAll(async () => {
    await drydock.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const write = (files: Readonly<Record<string, string>>): void => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
  };
  const docker = (args: readonly string[], stdin?: string): Promise<Captured> =>
    capture((invocation) => drydock.docker(invocation), args, {
      cwd: folder,
      files: nodeFiles,
      env: { HOME: folder, TOKEN: "hidden" },
      ...(stdin === undefined ? {} : { stdin }),
    });

  it("builds an application, again from the cache, and again from where a file changed", async () => {
    write({
      "app/Dockerfile":
        'FROM busybox\nWORKDIR /app\nCOPY . /app\nRUN echo built > log\nEXPOSE 80\nENV NAME=World\nCMD ["cat", "app.py", "log"]\n',
      "app/app.py": "print(1)\n",
      "app/secret.key": "no",
      "app/.dockerignore": "*.key\nDockerfile\n",
    });
    const first = await docker(["build", "-t", "my-app:1.0", "app"]);
    expect(first.stderr).toMatch(/#\d+ \[4\/4\] RUN echo built > log\n/);
    expect(first.stderr).toMatch(/writing image sha256:[0-9a-f]{64} done\n/);
    expect(first).toMatchObject({ code: 0, stdout: "" });
    expect((await docker(["run", "--rm", "my-app:1.0"])).stdout).toBe("print(1)\nbuilt\n");
    expect((await docker(["run", "--rm", "my-app:1.0", "ls", "-A"])).stdout).toBe(".dockerignore\napp.py\nlog\n");
    const second = await docker(["build", "-q", "app"]);
    expect(second.stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
    expect((await docker(["build", "app"])).stderr.match(/CACHED/g)).toHaveLength(4);
    write({ "app/app.py": "print(2)\n" });
    const changed = await docker(["build", "--explain", "app"]);
    expect(changed.stderr.match(/CACHED/g)).toHaveLength(2);
    expect(changed.stderr).toMatch(
      /\[3\/4\] COPY \. \/app\n {2}not cached \(\w{12}, nearest \w{12}\)\n {4}app\.py: changed\n/,
    );
    expect(changed.stderr).toContain("a step before it gave another result");
    const [record] = JSON.parse(
      `[${(await docker(["buildx", "history", "ls", "--format", "json"])).stdout.split("\n")[0]}]`,
    );
    expect(record).toMatchObject({ name: "app", status: "Completed" });
    expect((await docker(["buildx", "history", "logs", record.ref])).stdout).toMatch(/^#1 \[internal\] load build def/);
  }, 120_000);

  it("shows where a step failed, with its output", async () => {
    const { code, stderr } = await docker(["build", "-"], "FROM busybox\nRUN echo oops; exit 3\n");
    expect(code).toBe(1);
    expect(stderr).toMatch(/------\n > \[2\/2\] RUN echo oops; exit 3:\n\d\.\d+ oops\n------\n/);
    expect(stderr).toContain(
      'Dockerfile:2\n--------------------\n   1 |     FROM busybox\n   2 | >>> RUN echo oops; exit 3\n   3 |     \n--------------------\nERROR: failed to build: failed to solve: process "/bin/sh -c echo oops; exit 3" did not complete successfully: exit code: 3\n',
    );
  }, 60_000);

  it("mounts caches, secrets, tmpfs and the context into a step, and leaves no trace of them", async () => {
    write({ "m/a.txt": "A\n" });
    const dockerfile = [
      "FROM busybox AS seed",
      "RUN mkdir /o && echo seed > /o/f",
      "FROM busybox AS one",
      "RUN --mount=type=cache,target=/c --mount=type=secret,id=TOKEN --mount=type=tmpfs,target=/t --mount=source=a.txt,target=/x/a.txt <<EOF",
      "cat /run/secrets/TOKEN /x/a.txt > /seen",
      "echo kept >> /c/file; cat /c/file >> /seen",
      "EOF",
      // A cache that starts from a stage's files, and goes on with what is written into it.
      "RUN --mount=type=cache,id=begun,from=seed,source=/o,target=/s cat /s/* >> /seen; echo more > /s/g",
      "RUN --mount=type=cache,id=begun,from=seed,source=/o,target=/s,ro,sharing=locked cat /s/* >> /seen",
      "FROM one AS two",
      "RUN --mount=type=cache,target=/c cat /c/file >> /seen; ls -d /c /t /x /run/secrets 2>/dev/null >> /seen; true",
      'CMD ["cat", "/seen"]',
    ].join("\n");
    const { code, stderr } = await docker(
      ["build", "-t", "mounts", "--secret", "id=TOKEN", "-f", "-", "m"],
      dockerfile,
    );
    expect(stderr).not.toContain("ERROR");
    expect(code).toBe(0);
    expect((await docker(["run", "--rm", "mounts"])).stdout).toBe("hiddenA\nkept\nseed\nseed\nmore\nkept\n/c\n");
  }, 90_000);

  it("runs a step without a network, with all rights where the client allows it, and without devices that are not there", async () => {
    const dockerfile = [
      "FROM busybox",
      "RUN --network=none ls /sys/class/net; wget -q http://packages.drydock.internal/ || echo no way out",
      "RUN --security=sandbox grep CapEff /proc/self/status",
      "RUN --security=insecure grep CapEff /proc/self/status",
      "RUN --device=vendor.example/thing=1 echo without",
    ];
    const build = ["build", "--progress", "plain", "--no-cache", "-"];
    const refused = await docker(build, dockerfile.join("\n"));
    expect(refused.stderr).toContain("security.insecure is not allowed");
    const { code, stderr } = await docker(
      ["build", "--allow", "security.insecure", ...build.slice(1)],
      dockerfile.join("\n"),
    );
    expect(stderr).toMatch(/ [\d.]+ lo\n.* no way out\n/s);
    expect(stderr).not.toMatch(/ eth0\n/);
    expect([...stderr.matchAll(/CapEff:\s+([0-9a-f]+)/g)].map(([, value]) => value)).toEqual([
      "00000000a80425fb",
      "000001ffffffffff",
    ]);
    expect(stderr).toMatch(/ without\n/);
    expect(code).toBe(0);
  }, 60_000);

  it("builds in stages, as a user, with arguments, and writes files out", async () => {
    const dockerfile = [
      "ARG TAG=latest",
      "FROM busybox:$TAG AS builder",
      "ARG VERSION=1",
      "USER 1000:1000",
      "WORKDIR /tmp/out",
      "RUN echo $VERSION $(id -u) > result",
      "FROM scratch",
      "COPY --from=builder /tmp/out /",
    ].join("\n");
    const { code } = await docker(["build", "--build-arg", "VERSION=2", "-o", "out", "-"], dockerfile);
    expect(code).toBe(0);
    expect(new TextDecoder().decode(await nodeFiles.read(join(folder, "out/result")))).toBe("2 1000\n");
  }, 60_000);

  it("bakes targets side by side, limits their steps, and takes the steps of a cache that it wrote itself", async () => {
    write({
      "b/docker-bake.hcl":
        'group "default" { targets = ["one", "two"] }\ntarget "one" {\n  tags = ["one"]\n  target = "one"\n  cache-to = ["type=local,dest=out/cache,mode=max"]\n}\ntarget "two" {\n  tags = ["two"]\n  target = "two"\n}\n',
      "b/Dockerfile": "FROM busybox AS one\nRUN echo 1 > /n\nFROM one AS two\nRUN echo 2 >> /n\nCMD cat /n\n",
    });
    const options = { cwd: join(folder, "b"), files: nodeFiles, env: { HOME: folder } };
    const bake = await capture((invocation) => drydock.docker(invocation), ["bake", "--progress", "plain"], options);
    expect(bake).toMatchObject({ code: 0, stdout: "" });
    expect(bake.stderr).toMatch(/\[two .*\] RUN echo 2/);
    expect((await docker(["run", "--rm", "two"])).stdout).toBe("1\n2\n");
    await docker(["rmi", "-f", "one", "two"]);
    await docker(["buildx", "prune", "-af"]);
    const again = await docker(["build", "--cache-from", "type=local,src=b/out/cache", "--target", "one", "b"]);
    expect(again.stderr).toMatch(/RUN echo 1 > \/n\n#\d+ CACHED\n/);
    const limited = "FROM busybox\nRUN cat /sys/fs/cgroup/memory.max\n";
    expect((await docker(["build", "-m", "32m", "-"], limited)).stderr).toContain(` ${32 << 20}\n`);
  }, 120_000);

  it.skipIf(!hasDebian)(
    "forwards an SSH agent of the machine into the steps that mount it, and is one for the keys of a file",
    async () => {
      const path = "/run/test-agent.sock";
      const agent = await drydock.guest.listen({ kind: "unix", path });
      void (async () => {
        for await (const { readable, writable } of agent.connections as unknown as AsyncIterable<ByteDuplex>)
          void readable
            .pipeThrough(new TransformStream({ transform: (_, controller) => controller.enqueue(noKeys) }))
            .pipeTo(writable);
      })();
      const files: CliFiles = {
        ...nodeFiles,
        stat: async (name, options) => nodeFiles.stat(name === path ? "/dev/null" : name, options),
      };
      const options = { cwd: folder, files, env: { HOME: folder, SSH_AUTH_SOCK: path }, stdin: keyAgentFile };
      write({ key: keys.ed25519.file });
      const build = ["build", "--ssh", "default", "--ssh", "mine=key", "--progress", "plain", "-"];
      const { code, stderr } = await capture((invocation) => drydock.docker(invocation), build, options);
      await agent.close();
      expect(stderr).toMatch(/ srw-------\s+1 1000\s+0 .* \/run\/buildkit\/ssh_agent\.0\n/);
      expect(stderr).toContain(" keys 000000050c00000000\n");
      expect(stderr).toMatch(/ \[\]\n/);
      expect(stderr).toContain(` keys ${oneKey()}\n`);
      expect(code).toBe(0);
    },
    120_000,
  );

  it.skipIf(!hasClient())(
    "builds for the real client, by BuildKit's protocol and by the classic one",
    async () => {
      write({
        "r/Dockerfile": "FROM busybox\nCOPY . /r/\nRUN --mount=type=secret,id=TOKEN cat /run/secrets/TOKEN /r/a\n",
        "r/a": "A\n",
        "r/no": "",
        "r/.dockerignore": "no\n",
        "c/Dockerfile": "FROM busybox\nCOPY a /a\nRUN cat /a\n",
        "c/a": "C\n",
      });
      const socket = join(folder, "docker.sock");
      const api = withBuildKit(drydock.api, drydock.guest);
      const server = createServer({ allowHalfOpen: true }, (end) => void serveConnection(socketDuplex(end), api));
      await new Promise<void>((resolve) => server.listen(socket, resolve));
      const client = async (args: readonly string[], env = {}) => {
        const all = { ...process.env, DOCKER_HOST: `unix://${socket}`, TOKEN: "hidden", ...env };
        return await promisify(execFile)("docker", args, { cwd: folder, env: all });
      };
      try {
        await client(["builder", "prune", "-af"]);
        const built = await client(["build", "--progress", "plain", "--secret", "id=TOKEN", "-t", "real", "r"]);
        expect(built.stderr).toMatch(/#\d+ [\d.]+ hiddenA\n/);
        expect((await client(["run", "--rm", "real", "ls", "/r"])).stdout).toBe("Dockerfile\na\n");
        expect(
          (await client(["build", "--progress", "plain", "--secret", "id=TOKEN", "r"])).stderr.match(/CACHED/g),
        ).toHaveLength(3);
        await client(["build", "-q", "-o", "out-real", "c"]);
        expect(new TextDecoder().decode(await nodeFiles.read(join(folder, "out-real/a")))).toBe("C\n");
        await expect(client(["build", "-", "--progress", "plain", "-f", "none", "r"])).rejects.toThrow();
        if (hasDebian) {
          write({ "a/Dockerfile": keyAgentFile, key: keys.ed25519.file });
          const path = join(folder, "agent.sock");
          const agent = createServer((end) => end.on("data", () => void end.write(noKeys)));
          await new Promise<void>((resolve) => agent.listen(path, resolve));
          const forwarded = await client([
            "build",
            "--no-cache",
            "--progress",
            "plain",
            "--ssh",
            `default=${path}`,
            "--ssh",
            "mine=key",
            "a",
          ]);
          agent.close();
          expect(forwarded.stderr).toMatch(/ keys 000000050c00000000\n/);
          expect(forwarded.stderr).toContain(` keys ${oneKey()}\n`);
        }
        write({
          "bake/docker-bake.hcl": `variable "TAG" {\n  default = "dev"\n}\nfunction "tagged" {\n  params = [name]\n  result = "bake/\${name}:\${TAG}"\n}\ngroup "default" {\n  targets = ["one", "v"]\n}\ntarget "one" {\n  context = "c"\n  tags = [tagged("one")]\n}\ntarget "v" {\n  name = "v-\${n}"\n  matrix = { n = ["1", "2"] }\n  inherits = ["one"]\n  labels = { n = n }\n  tags = [tagged("v\${n}")]\n}\n`,
          "bake/compose.yaml": "services:\n  web:\n    build: ./c\n    image: composed\n",
        });
        const baked = await client(["buildx", "bake", "-f", "bake/docker-bake.hcl", "--progress", "plain"], {
          TAG: "2",
        });
        expect(baked.stderr).not.toContain("error reading preface");
        await client(["buildx", "bake", "-f", "bake/compose.yaml", "--progress", "plain"]);
        const images = (await client(["images", "--format", "{{.Repository}}:{{.Tag}}"])).stdout.split("\n");
        expect(images).toEqual(expect.arrayContaining(["bake/one:2", "bake/v1:2", "bake/v2:2", "composed:latest"]));
        const classic = await client(["build", "--no-cache", "c"], { DOCKER_BUILDKIT: "0" });
        expect(classic.stdout).toMatch(/Step 3\/3 : RUN cat \/a\n.*\nC\n.*Successfully built/s);
        expect((await client(["buildx", "history", "ls"])).stdout).toMatch(/ r +Completed /);
      } finally {
        server.close();
      }
    },
    120_000,
  );

  it("cancels a build and leaves nothing in the machine", async () => {
    const signals = new TransformStream<number, number>();
    const ended = capture(
      (invocation) => drydock.docker({ ...invocation, signals: signals.readable }),
      ["build", "-"],
      { cwd: folder, files: nodeFiles, stdin: "FROM busybox\nRUN echo started; sleep 1000\n" },
    );
    const writer = signals.writable.getWriter();
    for (;;) {
      const [list] = await drydock.guest.batch([
        { op: "list", path: "/var/lib/docker/buildkit/run", ignore: ["ENOENT"] },
      ]);
      if (Array.isArray(list) && list.length > 0) break;
    }
    await writer.write(2);
    const { code, stderr } = await ended;
    expect(stderr).toMatch(/\n#5 CANCELED\nERROR: failed to build: failed to solve: Canceled: context canceled\n$/);
    expect(code).toBe(130);
    expect((await docker(["buildx", "history", "ls", "--format", "{{.Status}}"])).stdout).toMatch(/^Canceled\n/);
    await drydock.idle();
    const [left] = await drydock.guest.batch([{ op: "list", path: "/run/drydock/build" }]);
    expect(left).toEqual([]);
  }, 60_000);
});
