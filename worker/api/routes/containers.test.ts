import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Kit, makeKit, settle } from "../../engine/containers/testing/kit.ts";
import { Router } from "../router.ts";
import type { ApiRequest, ApiResponse } from "../transport.ts";
import { containerRoutes } from "./containers.ts";
import { eventRoutes } from "./events.ts";
import { execRoutes } from "./exec.ts";

async function makeApi(): Promise<{ kit: Kit; call: (request: string, body?: unknown) => Promise<ApiResponse> }> {
  const kit = await makeKit();
  const router = new Router([
    ...containerRoutes(kit.containers),
    ...execRoutes(kit.containers),
    ...eventRoutes(kit.events, kit.clock),
  ]);
  const call = (request: string, body?: unknown): Promise<ApiResponse> => {
    const [method = "GET", path = "/"] = request.split(" ");
    return router.request({
      method: method as ApiRequest["method"],
      path,
      ...(body === undefined ? {} : { body: { kind: "json" as const, value: body } }),
    });
  };
  return { kit, call };
}
const value = (response: ApiResponse): unknown => (response.body.kind === "json" ? response.body.value : response.body);
const message = (response: ApiResponse): string => (value(response) as { message: string }).message;
/** Keys in their order, nested ones too where they are fixed. */
const keys = (of: unknown): readonly string[] => Object.keys(of as object);

describe("GET /containers/{id}/json", () => {
  it("has the fields of API 1.51 in dockerd's order", async () => {
    const { call } = await makeApi();
    await call("POST /containers/create?name=c1", {
      Image: "busybox",
      HostConfig: { Binds: ["/tmp:/t:ro", "vol:/v"] },
    });
    await call("POST /containers/c1/start");
    const view = value(await call("GET /containers/c1/json")) as Record<string, Record<string, unknown>>;
    expect(keys(view)).toEqual(
      "Id Created Path Args State Image ResolvConfPath HostnamePath HostsPath LogPath Name RestartCount Driver Platform MountLabel ProcessLabel AppArmorProfile ExecIDs HostConfig GraphDriver Mounts Config NetworkSettings".split(
        " ",
      ),
    );
    expect(keys(view.State)).toEqual(
      "Status Running Paused Restarting OOMKilled Dead Pid ExitCode Error StartedAt FinishedAt".split(" "),
    );
    expect(keys(view.HostConfig)).toEqual(
      "Binds ContainerIDFile LogConfig NetworkMode PortBindings RestartPolicy AutoRemove VolumeDriver VolumesFrom ConsoleSize CapAdd CapDrop CgroupnsMode Dns DnsOptions DnsSearch ExtraHosts GroupAdd IpcMode Cgroup Links OomScoreAdj PidMode Privileged PublishAllPorts ReadonlyRootfs SecurityOpt UTSMode UsernsMode ShmSize Runtime Isolation CpuShares Memory NanoCpus CgroupParent BlkioWeight BlkioWeightDevice BlkioDeviceReadBps BlkioDeviceWriteBps BlkioDeviceReadIOps BlkioDeviceWriteIOps CpuPeriod CpuQuota CpuRealtimePeriod CpuRealtimeRuntime CpusetCpus CpusetMems Devices DeviceCgroupRules DeviceRequests MemoryReservation MemorySwap MemorySwappiness OomKillDisable PidsLimit Ulimits CpuCount CpuPercent IOMaximumIOps IOMaximumBandwidth MaskedPaths ReadonlyPaths".split(
        " ",
      ),
    );
    expect(keys(view.Config)).toEqual(
      "Hostname Domainname User AttachStdin AttachStdout AttachStderr Tty OpenStdin StdinOnce Env Cmd Image Volumes WorkingDir Entrypoint OnBuild Labels".split(
        " ",
      ),
    );
    expect(keys(view.NetworkSettings)).toEqual(
      "Bridge SandboxID SandboxKey Ports HairpinMode LinkLocalIPv6Address LinkLocalIPv6PrefixLen SecondaryIPAddresses SecondaryIPv6Addresses EndpointID Gateway GlobalIPv6Address GlobalIPv6PrefixLen IPAddress IPPrefixLen IPv6Gateway MacAddress Networks".split(
        " ",
      ),
    );
    expect(view.Mounts).toEqual([
      { Type: "bind", Source: "/tmp", Destination: "/t", Mode: "ro", RW: false, Propagation: "rprivate" },
      {
        Type: "volume",
        Name: "vol",
        Source: "/var/lib/docker/volumes/vol/_data",
        Destination: "/v",
        Driver: "local",
        Mode: "z",
        RW: true,
        Propagation: "",
      },
    ]);
  });
});

describe("GET /containers/json", () => {
  it("lists what runs, or all, in dockerd's shape", async () => {
    const { kit, call } = await makeApi();
    await call("POST /containers/create?name=old", { Image: "busybox", Cmd: ["sh", "-c", "a b"], Labels: { x: "1" } });
    await kit.clock.advance(1000);
    await call("POST /containers/create?name=new", {
      Image: "busybox",
      HostConfig: { PortBindings: { "80/tcp": [{ HostPort: "8080" }] } },
    });
    await call("POST /containers/new/start");
    await kit.clock.advance(90_000);
    const [only, ...none] = value(await call("GET /containers/json")) as Record<string, unknown>[];
    expect(none).toEqual([]);
    expect(only).toMatchObject({
      Names: ["/new"],
      Image: "busybox",
      Command: "sh",
      State: "running",
      Status: "Up About a minute",
      Ports: [{ IP: "", PrivatePort: 80, PublicPort: 8080, Type: "tcp" }],
      HostConfig: { NetworkMode: "bridge" },
      Labels: {},
      Mounts: [],
    });
    expect(keys(only)).toEqual(
      "Id Names Image ImageID Command Created Ports Labels State Status HostConfig NetworkSettings Mounts".split(" "),
    );
    const names = async (query: string): Promise<unknown> =>
      (value(await call(`GET /containers/json?${query}`)) as { Names: string[] }[]).map((c) => c.Names[0]);
    const filtered = (filters: object): Promise<unknown> =>
      names(`all=1&filters=${encodeURIComponent(JSON.stringify(filters))}`);
    expect(await names("all=1")).toEqual(["/new", "/old"]);
    expect(await names("limit=1")).toEqual(["/new"]);
    expect(await filtered({ label: ["x=1"] })).toEqual(["/old"]);
    expect(await filtered({ status: ["created"] })).toEqual(["/old"]);
    expect(await filtered({ name: ["^/n"] })).toEqual(["/new"]);
    expect(await filtered({ publish: ["8000-9000"] })).toEqual(["/new"]);
    expect(await filtered({ expose: ["80/tcp"] })).toEqual(["/new"]);
    expect(await filtered({ since: ["old"] })).toEqual(["/new"]);
    expect(await filtered({ before: ["new"] })).toEqual(["/old"]);
    expect(await filtered({ ancestor: ["busybox"] })).toEqual(["/new", "/old"]);
    expect(await filtered({ network: ["bridge"] })).toEqual(["/new", "/old"]);
    const bad = async (filters: object): Promise<string> =>
      message(await call(`GET /containers/json?filters=${encodeURIComponent(JSON.stringify(filters))}`));
    expect(await bad({ foo: ["x"] })).toBe("invalid filter 'foo'");
    expect(await bad({ status: ["foo"] })).toBe(
      "invalid filter 'status=foo': invalid value for state (foo): must be one of created, running, paused, restarting, removing, exited, dead",
    );
    expect(await bad({ before: ["foo"] })).toBe("No such container: foo");
  });
  it("never crashes on any filter or creation body", async () => {
    const { call } = await makeApi();
    await call("POST /containers/create?name=c1", { Image: "busybox" });
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          fc.constantFrom("name", "status", "publish", "label", "exited", "health", "volume"),
          fc.array(fc.string()),
        ),
        async (filters) => {
          const { status } = await call(
            `GET /containers/json?all=1&filters=${encodeURIComponent(JSON.stringify(filters))}`,
          );
          expect([200, 400]).toContain(status);
        },
      ),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.record(
          {
            Image: fc.constant("busybox"),
            Env: fc.anything(),
            Cmd: fc.anything(),
            Labels: fc.anything(),
            Healthcheck: fc.anything(),
            HostConfig: fc.record(
              {
                Binds: fc.array(fc.string()),
                Mounts: fc.anything(),
                PortBindings: fc.anything(),
                Memory: fc.anything(),
                Tmpfs: fc.anything(),
                Ulimits: fc.anything(),
              },
              { requiredKeys: [] },
            ),
          },
          { requiredKeys: ["Image"] },
        ),
        async (body) => {
          const response = await call("POST /containers/create", body);
          expect([201, 400, 404, 409, 500]).toContain(response.status);
          if (response.status === 500) expect(message(response)).toMatch(/invalid|volume/);
        },
      ),
    );
  });
});

it("OPTIONS is answered for every path", async () => {
  const { call } = await makeApi();
  expect((await call("OPTIONS /v1.51/any/thing")).status).toBe(200);
});

describe("POST /containers/create", () => {
  it("shares the IPC namespace with who asks for it where a client is older than private ones", async () => {
    const { call } = await makeApi();
    const modeBy = async (version: string): Promise<unknown> => {
      const made = await call(`POST /${version}/containers/create`, { Image: "busybox" });
      const { Id } = value(made) as { Id: string };
      return (value(await call(`GET /containers/${Id}/json`)) as { HostConfig: object }).HostConfig;
    };
    expect(await modeBy("v1.39")).toMatchObject({ IpcMode: "shareable" });
    expect(await modeBy("v1.40")).toMatchObject({ IpcMode: "private" });
  });
  it("refuses in dockerd's words", async () => {
    const { call } = await makeApi();
    const refuse = async (body: unknown): Promise<string> => {
      const response = await call("POST /containers/create", body);
      return `${response.status} ${message(response)}`;
    };
    const host = (HostConfig: object, more: object = {}): Promise<string> =>
      refuse({ Image: "busybox", HostConfig, ...more });
    const cases: readonly (readonly [Promise<string>, string])[] = [
      [refuse({}), "400 config cannot be empty in order to create a container"],
      [refuse({ Image: "" }), "400 no command specified"],
      [refuse({ Image: "nope" }), "404 No such image: nope:latest"],
      [
        refuse({ Image: 5 }),
        "400 invalid JSON: json: cannot unmarshal number into Go struct field .Image of type string",
      ],
      [host({}, { Env: ["=x"] }), "400 invalid environment variable: =x"],
      [host({}, { WorkingDir: "abc" }), "400 the working directory 'abc' is invalid, it needs to be an absolute path"],
      [host({}, { StopSignal: "FOO" }), "400 invalid signal: FOO"],
      [host({ PortBindings: { "1;2": [{}] } }), '400 invalid port specification: "1;2"'],
      [host({ NetworkMode: "container" }), "400 invalid network mode: invalid container format container:<name|id>"],
      [host({}, { Healthcheck: { Interval: 1 } }), "400 Interval in Healthcheck cannot be less than 1ms"],
      [
        host({ Binds: ["/a:b"] }),
        "500 invalid volume specification: '/a:b': invalid mount config for type \"bind\": invalid mount path: 'b' mount path must be absolute",
      ],
      [
        host({ Binds: ["a:/"] }),
        "500 invalid volume specification: 'a:/': invalid mount config for type \"volume\": invalid specification: destination can't be '/'",
      ],
      [
        host({ Binds: ["a/b:/x"] }),
        '400 create a/b: "a/b" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path',
      ],
      [host({ Binds: ["/a:/x:zz"] }), "500 invalid mode: zz"],
      [host({ Memory: 1000 }), "400 Minimum memory limit allowed is 6MB"],
      [
        host({ MemorySwap: 10_000_000 }),
        "400 You should always set the Memory limit when using Memoryswap limit, see usage",
      ],
      [host({ NanoCpus: 99e9 }), "400 range of CPUs is from 0.01 to 1.00, as there are only 1 CPUs available"],
      [
        host({ RestartPolicy: { Name: "foo" } }),
        "400 invalid restart policy: unknown policy 'foo'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'",
      ],
      [
        host({ AutoRemove: true, RestartPolicy: { Name: "always" } }),
        "400 can't create 'AutoRemove' container with restart policy",
      ],
      [host({ CapAdd: ["FOO"] }), '400 invalid CapAdd: unknown capability: "CAP_FOO"'],
      [host({ PidMode: "foo" }), "400 invalid PID mode: foo"],
      [host({ PidMode: "container:nope" }), "400 No such container: nope"],
      [host({ SecurityOpt: ["foo"] }), '500 invalid --security-opt 1: "foo"'],
      [host({ Runtime: "foo" }), "400 unknown or invalid runtime name: foo"],
      [
        host({ LogConfig: { Type: "json-file", Config: { foo: "1" } } }),
        "400 unknown log opt 'foo' for json-file log driver",
      ],
      [
        host({ Mounts: [{ Type: "bind", Source: "/nope", Target: "/x" }] }),
        '400 invalid mount config for type "bind": bind source path does not exist: /nope',
      ],
      [
        host({ Mounts: [{ Type: "foo", Target: "/x" }] }),
        '400 invalid mount config for type "foo": mount type unknown',
      ],
      [host({ PortBindings: { "80/tcp": [{ HostPort: "abc" }] } }), '400 invalid port specification: "abc"'],
      [
        host({}, { NetworkingConfig: { EndpointsConfig: { bridge: { Aliases: {} } } } }),
        "400 invalid JSON: json: cannot unmarshal object into Go struct field .Aliases of type []string",
      ],
      [
        host({ PortBindings: { "80/tcp": [{ HostPort: {} }] } }),
        "400 invalid JSON: json: cannot unmarshal object into Go struct field .HostPort of type string",
      ],
      [
        host({ PortBindings: { "80/tcp": {} } }),
        "400 invalid JSON: json: cannot unmarshal object into Go struct field .80/tcp of type []nat.PortBinding",
      ],
      [host({ Links: ["nope:x"] }), "400 could not get container for nope: No such container: nope"],
      [host({ OomScoreAdj: 2000 }), "400 Invalid value 2000, range for oom score adj is [-1000, 1000]"],
      [host({ Tmpfs: { x: "" } }), "400 invalid mount path: 'x' mount path must be absolute"],
    ];
    for (const [got, wanted] of cases) expect(await got).toBe(wanted);
  });
});

describe("The other operations", () => {
  it("answer with dockerd's status codes", async () => {
    const { kit, call } = await makeApi();
    const status = async (request: string, body?: unknown): Promise<number> => (await call(request, body)).status;
    expect(await status("POST /containers/create?name=c1", { Image: "busybox", Tty: true })).toBe(201);
    expect(await status("POST /containers/c1/stop")).toBe(304);
    expect(await status("POST /containers/c1/kill")).toBe(409);
    expect(await status("POST /containers/c1/start")).toBe(204);
    expect(await status("POST /containers/c1/start")).toBe(304);
    expect(message(await call("POST /containers/c1/resize?h=1"))).toBe('invalid resize width "": invalid syntax');
    expect(await status("POST /containers/c1/resize?h=10&w=20")).toBe(200);
    expect(kit.guest.processes[0]?.sizes).toEqual([{ rows: 10, columns: 20 }]);
    expect(message(await call("GET /containers/c1/logs"))).toBe("Bad parameters: you must choose at least one stream");
    expect(message(await call("GET /containers/c1/archive"))).toBe("bad parameter: pathcannot be empty");
    expect(message(await call("GET /containers/c1/archive?path=/nope"))).toBe(
      "Could not find the file /nope in container c1",
    );
    expect(message(await call("POST /containers/c1/exec", {}))).toBe("No exec command specified");
    expect(message(await call("POST /exec/nope/start", {}))).toBe("No such exec instance: nope");
    expect(message(await call("DELETE /containers/c1"))).toBe(
      'cannot remove container "c1": container is running: stop the container before removing or force remove',
    );
    expect(await status("POST /containers/c1/unpause")).toBe(500);
    expect(await status("POST /containers/c1/restart?t=0")).toBe(204);
    expect(await status("DELETE /containers/c1?force=1")).toBe(204);
    expect(await status("GET /containers/c1/json")).toBe(404);
  });
  it("attach answers an upgrade, raw with a terminal and multiplexed without", async () => {
    const { call } = await makeApi();
    await call("POST /containers/create?name=raw", { Image: "busybox", Tty: true });
    await call("POST /containers/create?name=framed", { Image: "busybox" });
    const type = async (name: string): Promise<unknown> =>
      (await call(`POST /containers/${name}/attach?stream=1&stdout=1`)).headers["content-type"];
    expect(await type("raw")).toBe("application/vnd.docker.raw-stream");
    expect(await type("framed")).toBe("application/vnd.docker.multiplexed-stream");
  });
  it("wait answers at once, and tells the code when the container has ended", async () => {
    const { kit, call } = await makeApi();
    await call("POST /containers/create?name=c1", { Image: "busybox" });
    const waiting = await call("POST /containers/c1/wait?condition=next-exit");
    await call("POST /containers/c1/start");
    kit.guest.processes[0]?.end(6);
    if (waiting.body.kind !== "jsonLines") throw new Error(waiting.body.kind);
    for await (const line of waiting.body.values) expect(line).toEqual({ StatusCode: 6 });
  });
  it("logs carry time stamps and frames", async () => {
    const { kit, call } = await makeApi();
    await call("POST /containers/create?name=c1", { Image: "busybox" });
    await call("POST /containers/c1/start");
    kit.guest.processes[0]?.write("a\n");
    await settle();
    const { body } = await call("GET /containers/c1/logs?stdout=1&timestamps=1&tail=all");
    if (body.kind !== "stream") throw new Error(body.kind);
    const bytes = await new Response(body.stream as ReadableStream<Uint8Array<ArrayBuffer>>).text();
    expect(bytes.slice(8)).toBe("2026-01-02T03:04:05.000000000Z a\n");
  });
  it("events carry the older fields too", async () => {
    const { kit, call } = await makeApi();
    await call("POST /containers/create?name=c1", { Image: "busybox" });
    const until = kit.clock.now().getTime() / 1000;
    const { body } = await call(`GET /events?since=0&until=${until}`);
    if (body.kind !== "jsonLines") throw new Error(body.kind);
    for await (const event of body.values)
      expect(event).toMatchObject({
        status: "create",
        from: "busybox",
        Type: "container",
        Action: "create",
        scope: "local",
      });
  });
});
