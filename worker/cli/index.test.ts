import { describe, expect, test } from "vitest";
import { empty, failure, frame, json, lines, run, type Script, upgraded } from "./testing/scripted.ts";

const container = {
  Id: "a".repeat(64),
  Names: ["/web"],
  Image: "nginx:latest",
  ImageID: `sha256:${"b".repeat(64)}`,
  Command: "/docker-entrypoint.sh nginx",
  Created: 1_700_000_000,
  Ports: [{ IP: "0.0.0.0", PrivatePort: 80, PublicPort: 8080, Type: "tcp" }],
  State: "running",
  Status: "Up 2 minutes",
};

describe("docker ps", () => {
  const script: Script = ({ route }) => (route === "GET /containers/json" ? json([container]) : undefined);
  test("shows a table as wide as its cells", async () => {
    const { stdout, stderr, code, requests } = await run(["ps", "-a"], script);
    expect(stdout).toBe(
      "CONTAINER ID   IMAGE          COMMAND                  CREATED              STATUS         PORTS                  NAMES\n" +
        'aaaaaaaaaaaa   nginx:latest   "/docker-entrypoint.…"   About a minute ago   Up 2 minutes   0.0.0.0:8080->80/tcp   web\n',
    );
    expect({ stderr, code, requests }).toEqual({ stderr: "", code: 0, requests: ["GET /containers/json?all=1"] });
  });
  test("takes its format from config.json", async () => {
    const { stdout } = await run(["ps"], script, {
      files: { "/home/u/.docker/config.json": '{"psFormat":"{{.Names}}"}' },
    });
    expect(stdout).toBe("web\n");
  });
  test("asks for sizes only when the template names them", async () => {
    expect((await run(["ps", "--format", "{{.Size}}"], script)).requests).toEqual(["GET /containers/json?size=1"]);
    expect((await run(["ps", "--format", "{{.ID}}"], script)).requests).toEqual(["GET /containers/json"]);
  });
  test("says where it could not connect", async () => {
    const { stderr, code } = await run(["ps"], () => {
      throw new Error("refused");
    });
    expect(stderr).toBe(
      "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n",
    );
    expect(code).toBe(1);
  });
  test("joins its paths as Go does: an empty name leaves the collection", async () => {
    const { requests } = await run(["image", "rm", ""], script);
    expect(requests).toEqual(["DELETE /images"]);
  });
  test("falls back to the version of an older engine", async () => {
    let asked = 0;
    const { stdout } = await run(["ps", "-q"], () =>
      asked++ === 0
        ? failure(400, "client version 1.50 is too new. Maximum supported API version is 1.41")
        : json([container]),
    );
    expect(stdout).toBe(`${"a".repeat(12)}\n`);
  });
});

describe("docker system dial-stdio", () => {
  test("speaks the Engine API on stdin and stdout", async () => {
    const { stdout, code } = await run(
      ["system", "dial-stdio"],
      ({ route }) =>
        route === "GET /info" ? json({ Name: "here" }) : route === "HEAD /_ping" ? json(undefined) : undefined,
      { stdin: "GET /info HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n" },
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n\{"Name":"here"\}\n?$/);
  });
  test("is in no list of commands", async () => {
    const { stdout } = await run(["system", "--help"], () => json(undefined));
    expect(stdout).not.toContain("dial-stdio");
  });
});

describe("--help", () => {
  test("shows DOCKER_DEFAULT_PLATFORM as what --platform is by default", async () => {
    const { stdout } = await run(["import", "--help"], () => json(undefined), {
      env: { DOCKER_DEFAULT_PLATFORM: "linux/386" },
    });
    expect(stdout).toContain('capable (default "linux/386")');
  });
});

describe("docker run", () => {
  const engine = (output: Uint8Array, exit: number): { readonly script: Script; readonly written: Promise<string> } => {
    const { response, written } = upgraded(output);
    let pulled = false;
    const script: Script = ({ route }) => {
      switch (route) {
        case "POST /containers/create":
          return pulled
            ? json({ Id: "c1", Warnings: ["careful"] }, 201)
            : failure(404, "No such image: busybox:latest");
        case "POST /images/create":
          pulled = true;
          return lines(
            { status: "Pulling from library/busybox", id: "latest" },
            { status: "Downloading", progressDetail: { current: 1, total: 2 }, id: "x" },
          );
        case "POST /containers/c1/attach":
          return response;
        case "POST /containers/c1/start":
          return empty();
        case "POST /containers/c1/wait":
          return json({ StatusCode: exit });
      }
      return undefined;
    };
    return { script, written };
  };
  test("pulls what is missing, shows both streams and answers the exit code", async () => {
    const output = new Uint8Array([...frame(1, "hi\n"), ...frame(2, "oops\n")]);
    const { script, written } = engine(output, 3);
    const { stdout, stderr, code, requests } = await run(["run", "-i", "--rm", "busybox", "cat", "-n"], script, {
      stdin: "input",
    });
    expect(stdout).toBe("hi\n");
    expect(stderr).toBe(
      "Unable to find image 'busybox:latest' locally\nlatest: Pulling from library/busybox\nWARNING: careful\noops\n",
    );
    expect(code).toBe(3);
    expect(await written).toBe("input");
    expect(requests).toContain("POST /images/create?fromImage=busybox&tag=latest");
    expect(requests).toContain("POST /containers/c1/wait?condition=removed");
  });
  test("sends options and command apart", async () => {
    const { script } = engine(new Uint8Array(), 0);
    const { bodies } = await run(
      ["run", "-it=false", "-e", "A", "-e", "B=2", "-p", "8080-8081:80-81/udp", "-v", "./x:/y:ro", "busybox", "-v"],
      script,
      {
        env: { A: "1" },
      },
    );
    expect(bodies[0]).toMatchObject({
      Image: "busybox",
      Cmd: ["-v"],
      Env: ["A=1", "B=2"],
      ExposedPorts: { "80/udp": {}, "81/udp": {} },
      HostConfig: {
        Binds: ["/project/x:/y:ro"],
        PortBindings: { "80/udp": [{ HostIp: "", HostPort: "8080" }], "81/udp": [{ HostIp: "", HostPort: "8081" }] },
      },
    });
  });
  test.each([
    ["exec: nosuch: executable file not found in $PATH", 127],
    ["exec: /etc: permission denied", 126],
    ["driver failed programming external connectivity", 125],
  ])("a start that fails with %s exits with %d", async (message, expected) => {
    const { response } = upgraded(new Uint8Array());
    const { code, stderr } = await run(["run", "x"], ({ route }) =>
      route === "POST /containers/create"
        ? json({ Id: "c1", Warnings: null }, 201)
        : route === "POST /containers/c1/attach"
          ? response
          : route === "POST /containers/c1/wait"
            ? json({ StatusCode: 127 })
            : failure(500, message),
    );
    expect(code).toBe(expected);
    expect(stderr).toBe(
      `docker: Error response from daemon: ${message}\n\nRun 'docker run --help' for more information\n`,
    );
  });
});

describe("the command line", () => {
  const silent: Script = () => json([]);
  test.each([
    [["foo"], 1, "docker: unknown command: docker foo\n\nRun 'docker --help' for more information\n"],
    [
      ["rm"],
      1,
      "docker: 'docker rm' requires at least 1 argument\n\nUsage:  docker rm [OPTIONS] CONTAINER [CONTAINER...]\n\nSee 'docker rm --help' for more information\n",
    ],
    [
      ["run", "--x"],
      125,
      "unknown flag: --x\n\nUsage:  docker run [OPTIONS] IMAGE [COMMAND] [ARG...]\n\nRun 'docker run --help' for more information\n",
    ],
    [
      ["run", "-m", "x", "y"],
      125,
      "invalid argument \"x\" for \"-m, --memory\" flag: invalid size: 'x'\n\nUsage:  docker run [OPTIONS] IMAGE [COMMAND] [ARG...]\n\nRun 'docker run --help' for more information\n",
    ],
    [
      ["container", "foo"],
      1,
      "docker: unknown command: docker container foo\n\nUsage:  docker container\n\nRun 'docker container --help' for more information\n",
    ],
  ])("%j is refused in Docker's words", async (args, code, stderr) => {
    expect(await run(args, silent)).toMatchObject({ code, stderr, stdout: "" });
  });
  test("a prune asks first, and no is no", async () => {
    const { stdout, code, requests } = await run(["container", "prune"], silent, { stdin: "n\n" });
    expect(stdout).toBe("WARNING! This will remove all stopped containers.\nAre you sure you want to continue? [y/N] ");
    expect({ code, requests }).toEqual({ code: 0, requests: [] });
  });
  test("SIGINT ends a command with 130, without a word", async () => {
    let send: (signal: number) => void = () => undefined;
    const signals = new ReadableStream<number>({
      start(controller) {
        send = (signal) => controller.enqueue(signal);
      },
    });
    const script: Script = ({ signal }) => ({
      status: 200,
      headers: {},
      body: {
        kind: "jsonLines",
        values: (async function* () {
          queueMicrotask(() => send(2));
          yield await new Promise<never>((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
        })(),
      },
    });
    expect(await run(["events"], script, { signals })).toMatchObject({ code: 130, stdout: "", stderr: "" });
  });
  test("login keeps credentials, pull sends them, logout forgets them", async () => {
    const engine: Script = ({ route }) =>
      route === "POST /auth" ? json({ Status: "Login Succeeded" }) : lines({ status: "ok" });
    const login = await run(["login", "-u", "ann", "--password-stdin", "localhost:5000"], engine, {
      stdin: "secret\n",
    });
    expect(login.stdout).toBe("Login Succeeded\n");
    const config = login.files.get("/home/u/.docker/config.json") ?? "";
    expect(JSON.parse(config)).toEqual({ auths: { "localhost:5000": { auth: btoa("ann:secret") } } });
    let header = "";
    await run(
      ["pull", "-q", "localhost:5000/x"],
      (request) => {
        header = request.headers?.["x-registry-auth"] ?? "";
        return engine(request);
      },
      { files: { "/home/u/.docker/config.json": config } },
    );
    expect(JSON.parse(atob(header))).toEqual({ username: "ann", password: "secret", serveraddress: "localhost:5000" });
    const logout = await run(["logout", "localhost:5000"], engine, {
      files: { "/home/u/.docker/config.json": config },
    });
    expect(JSON.parse(logout.files.get("/home/u/.docker/config.json") ?? "")).toEqual({ auths: {} });
  });
});

describe("an empty name", () => {
  const asked: string[] = [];
  const script: Script = ({ route }) => {
    asked.push(route);
    return empty();
  };
  test.each([
    [["stop", ""], "invalid container name or ID: value is empty\n"],
    [["exec", "", "true"], "invalid container name or ID: value is empty\n"],
    [["commit", "", "x"], "invalid container name or ID: value is empty\n"],
    [["network", "connect", "net", ""], "invalid container name or ID: value is empty\n"],
    [["volume", "rm", ""], "invalid volume name or ID: value is empty\n"],
    [["node", "demote", ""], "invalid node name or ID: value is empty\n"],
  ])("is refused before the engine is asked: %j", async (args, stderr) => {
    expect(await run(args, script)).toMatchObject({ code: 1, stderr });
    expect(asked).toEqual([]);
  });
});

describe("completion", () => {
  test("offers commands, flags and what the engine has", async () => {
    const script: Script = ({ route }) => (route === "GET /containers/json" ? json([container]) : json([]));
    expect((await run(["__complete", "container", "st"], script)).stdout).toBe(
      "start\tStart one or more stopped containers\nstats\tDisplay a live stream of container(s) resource usage statistics\nstop\tStop one or more running containers\n:4\n",
    );
    expect((await run(["__complete", "ps", "--fo"], script)).stdout).toBe(
      "--format\tFormat output using a custom template:\n:4\n",
    );
    expect((await run(["__complete", "stop", ""], script)).stdout).toBe("web\n:4\n");
    expect((await run(["__complete", "run", "--restart", ""], script)).stdout).toBe(
      "no\nalways\non-failure\nunless-stopped\n:4\n",
    );
  });
});
