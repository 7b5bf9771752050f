/** `docker build` on the machine: the walkthrough's section 5 in small, with the client's files in a folder. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Captured, capture } from "../../worker/cli/capture.ts";
import { nodeFiles } from "../../worker/cli/main.node.ts";
import { type Drydock, openDrydock } from "../../worker/node.ts";

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
    expect((await docker(["build", "app"])).stderr.match(/CACHED/g)).toHaveLength(3);
    write({ "app/app.py": "print(2)\n" });
    const changed = await docker(["build", "--explain", "app"]);
    expect(changed.stderr.match(/CACHED/g)).toHaveLength(1);
    expect(changed.stderr).toContain("not cached: app.py: changed");
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
      "FROM busybox AS one",
      "RUN --mount=type=cache,target=/c --mount=type=secret,id=TOKEN --mount=type=tmpfs,target=/t --mount=source=a.txt,target=/x/a.txt <<EOF",
      "cat /run/secrets/TOKEN /x/a.txt > /seen",
      "echo kept >> /c/file; cat /c/file >> /seen",
      "EOF",
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
    expect((await docker(["run", "--rm", "mounts"])).stdout).toBe("hiddenA\nkept\nkept\n/c\n");
  }, 90_000);

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
    expect((await ended).code).not.toBe(0);
    await drydock.idle();
    const [left] = await drydock.guest.batch([{ op: "list", path: "/run/drydock/build" }]);
    expect(left).toEqual([]);
  }, 60_000);
});
