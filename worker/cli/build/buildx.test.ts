import { beforeAll, describe, expect, it } from "vitest";
import { keys } from "../../ssh/testing/keys.ts";
import { empty, json, lines, run, type Script } from "../testing/scripted.ts";
import { buildxCommands } from "./buildx.ts";
import { registerBuildCommands } from "./register.ts";
import { buildxPaths, nodeAt } from "./tree.ts";

beforeAll(registerBuildCommands);

const created = "2023-11-14T22:14:50.000Z";
const record = {
  ref: "0123456789abcdefghijklmno",
  name: "app",
  status: "completed",
  created,
  completed: "2023-11-14T22:14:51.500Z",
  context: ".",
  dockerfile: "Dockerfile",
  buildArgs: { V: "1" },
  labels: {},
  noCache: false,
  tags: ["app"],
  image: `sha256:${"a".repeat(64)}`,
  materials: [{ uri: "pkg:docker/busybox@latest?platform=linux%2F386", digest: `sha256:${"b".repeat(64)}` }],
};
const whole = {
  ...record,
  vertexes: [
    { digest: "d", name: "[1/1] RUN echo hi", started: created, completed: "2023-11-14T22:14:51.000Z", cached: false },
  ],
  statuses: [],
  logs: [{ vertex: "d", data: btoa("hi\n"), timestamp: "2023-11-14T22:14:50.250Z" }],
  warnings: [],
  steps: [],
};
const cache = [
  {
    ID: "i1",
    Parents: null,
    Type: "regular",
    Description: "RUN x",
    InUse: false,
    Shared: true,
    Size: 2048,
    CreatedAt: created,
    LastUsedAt: created,
    UsageCount: 3,
  },
];

const engine: Script = ({ route }) => {
  switch (route) {
    case `GET /drydock/builds/${record.ref}`:
      return json(whole);
    case `DELETE /drydock/builds/${record.ref}`:
      return empty();
    case "GET /drydock/builds":
      return json([{ ...record, completedSteps: 1, totalSteps: 1, cachedSteps: 0 }]);
    case "GET /system/df":
      return json({ BuildCache: cache });
    case "POST /build/prune":
      return json({ CachesDeleted: ["i1"], SpaceReclaimed: 2048 });
    case "GET /version":
      return json({ Version: "28.5.2" });
    case "GET /info":
      return json({ MemTotal: 512 << 20 });
  }
  return undefined;
};
const docker = (line: string, settings = {}) => run(line.split(" "), engine, settings);

describe("docker buildx", () => {
  it("has every command of 0.29.1 with every flag, each with its help", async () => {
    const missing = buildxPaths.filter((path) => nodeAt(path).commands.length === 0 && !buildxCommands.has(path));
    expect(missing).toEqual([]);
    expect(buildxPaths).toHaveLength(25);
    expect(buildxPaths.flatMap((path) => nodeAt(path).flags.filter(({ hidden }) => !hidden))).toHaveLength(150);
    for (const path of buildxPaths) {
      const { code, stdout } = await docker(`${path} --help`);
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage:  ${nodeAt(path).usage}\n`);
      for (const { name, hidden } of nodeAt(path).flags) if (!hidden) expect(stdout).toContain(`--${name}`);
    }
  });

  it("answers to docker build, docker builder and docker bake too", async () => {
    expect((await docker("build --help")).stdout).toMatch(/^Usage: {2}docker buildx build /);
    expect((await docker("builder ls")).stdout).toBe((await docker("buildx ls")).stdout);
    expect((await docker("bake --help")).stdout).toMatch(/^Usage: {2}docker buildx bake /);
    expect((await docker("--help")).stdout).not.toMatch(/builder\*|bake\*/);
  });

  it("refuses as the plugin does", async () => {
    const error = async (line: string) => {
      const { code, stderr } = await docker(line);
      return `${code} ${stderr}`;
    };
    expect(await error("buildx nope")).toBe('1 ERROR: unknown command: "nope"\n');
    expect(await error("buildx du --nope")).toMatch(/^125 unknown flag: --nope\n\nUsage: {2}docker buildx du\n/);
    expect(await error("build")).toMatch(/^1 ERROR: docker: 'docker buildx build' requires 1 argument\n/);
    expect(await error("buildx --builder other ls")).toBe('1 ERROR: no builder "other" found\n');
    expect(await error("buildx rm default")).toContain("context builder cannot be removed");
    expect(await error("build -q --platform a,b .")).toMatch(/^1 ERROR: failed to build: Multi-platform build is not/);
    expect(await error("build -q --provenance=true .")).toMatch(/^1 ERROR: failed to build: Attestation is not/);
    expect(await error("build -q --attest foo .")).toBe("1 ERROR: invalid value foo\n");
    expect(await error("build -q --annotation foo .")).toBe(
      '1 ERROR: failed to build: parse annotations: invalid annotation "foo", expected key=value\n',
    );
    expect(await error("build -q --annotation index:a=b .")).toContain("index annotations not supported for single");
    expect(await error("build -q --annotation x:a=b .")).toContain('unknown annotation type "x"');
    expect(await error("build -q --platform a/b/c/d .")).toContain('"a/b/c/d": cannot parse platform specifier');
    expect(await error("build -q --secret x .")).toBe("1 ERROR: invalid field 'x' must be a key=value pair\n");
    expect(await error("build -q --build-context x=nope .")).toContain("failed to get build context x: stat nope: no");
    expect(await error("build -q --cache-to type=x .")).toMatch(/Cache export is not supported for the docker driver/);
    expect(await error("build -q --push .")).toBe("1 ERROR: failed to build: tag is needed when pushing to registry\n");
    expect(await error("build -q -o type=local .")).toBe(
      "1 ERROR: failed to build: dest is required for local exporter\n",
    );
    expect(await error("build -q -t UPPER .")).toContain('invalid tag "UPPER": repository name must be lowercase');
    expect(await error("build --ulimit foo=1 .")).toMatch(/^125 invalid argument "foo=1" for "--ulimit" flag/);
    expect(await error("buildx history inspect nope")).toBe('1 ERROR: no record found for ref "nope"\n');
    expect(await error("buildx imagetools create -t x")).toBe("1 ERROR: no sources specified\n");
  });

  it("takes keys for its agents, and says what is wrong with them", async () => {
    const files = { "/project/Dockerfile": "FROM scratch\n", "/project/key": keys.ecdsa.file, "/project/junk": "x" };
    const build = async (...args: string[]) => await run(["build", "-q", ...args, "."], engine, { files });
    const { bodies } = await build("--ssh", "mine=key,key");
    expect(bodies[0]).toMatchObject({ ssh: { mine: { keys: [keys.ecdsa.file, keys.ecdsa.file] } } });
    const error = async (...args: string[]) => (await build(...args)).stderr;
    const start = "ERROR: failed to build: failed to convert agent config";
    expect(await error("--ssh", "default")).toBe(
      `${start} {default [] false}: invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set\n`,
    );
    expect(await error("--ssh", "a=junk")).toBe(
      `${start} {a [junk] false}: failed to convert agent config for ID: "a": failed to parse junk: ssh: no key found\n`,
    );
    expect(await error("--ssh", "a=nope,key")).toBe(
      `${start} {a [nope key] false}: failed to convert agent config for ID: "a": stat nope: no such file or directory\n`,
    );
    expect(await error("--ssh", "a=key", "--ssh", "a=key")).toBe('ERROR: failed to build: duplicate agent ID "a"\n');
  });

  it("shows the cache and prunes it", async () => {
    expect((await docker("buildx du")).stdout).toBe(
      "ID        RECLAIMABLE   SIZE       LAST ACCESSED\ni1        true          2.048kB*   10 seconds ago\nShared:\t\t2.048kB\nPrivate:\t0B\nReclaimable:\t2.048kB\nTotal:\t\t2.048kB\n",
    );
    expect((await docker("buildx du --format {{.ID}}:{{.Type}}")).stdout).toBe("i1:regular\n");
    expect((await docker("buildx du --filter type=source.local")).stdout).not.toContain("i1");
    const { stdout, requests } = await docker("buildx prune -af --max-used-space 1kb --filter until=1h");
    expect(stdout).toMatch(
      /^ID\t+RECLAIMABLE\tSIZE\t+LAST ACCESSED\ni1 +\ttrue \t+2\.048kB +\t10 seconds ago\nTotal:\t2\.048kB\n$/,
    );
    expect(requests.at(-1)).toBe(
      "POST /build/prune?all=1&max-used-space=1024&filters=%7B%22until%22%3A%5B%221h%22%5D%7D",
    );
  });

  it("shows the builds that were", async () => {
    expect((await docker("buildx history ls")).stdout).toBe(
      "BUILD ID                    NAME      STATUS      CREATED AT       DURATION   \n0123456789abcdefghijklmno   app       Completed   10 seconds ago   1.5s       \n",
    );
    expect((await docker("buildx history ls --filter status!=completed --format {{.Ref}}")).stdout).toBe("");
    expect((await docker("buildx history logs")).stdout).toBe("#1 [1/1] RUN echo hi\n#1 0.250 hi\n#1 DONE 1.0s\n");
    const { stdout } = await docker("buildx history inspect default/default/0123456789abcdefghijklmno");
    expect(stdout).toContain("Build Steps:\t1/1 (0% cached)\n");
    expect(stdout).toContain("BUILD ARG   VALUE\nV           1\n");
    const data = JSON.parse((await docker("buildx history inspect ^0 --format json")).stdout);
    expect(data).toMatchObject({ Name: "app", NumTotalSteps: 1, Materials: [{ URI: record.materials[0]?.uri }] });
    const attached = JSON.parse((await docker("buildx history inspect attachment --type provenance")).stdout);
    expect(attached.invocation.parameters.args).toEqual({ "build-arg:V": "1" });
    expect((await docker("buildx history rm --all")).requests.at(-1)).toBe(`DELETE /drydock/builds/${record.ref}`);
  });

  it("shows manifests as the plugin does, and pushes lists of them", async () => {
    const manifest = {
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      digest: "sha256:c344",
      size: 700,
      platform: { architecture: "386", os: "linux" },
    };
    const script: Script = ({ route }) =>
      route === "POST /drydock/manifests/inspect"
        ? json({
            name: "127.0.0.1:5000/multi:1",
            mediaType: "application/vnd.oci.image.index.v1+json",
            digest: "sha256:eec5",
            size: 372,
            raw: "{}",
            manifests: [manifest, { ...manifest, digest: "sha256:957d" }],
            images: { "linux/386": { os: "linux" } },
          })
        : route === "POST /drydock/manifests/create"
          ? json({ raw: "{}", digest: "sha256:1", log: ["pushing sha256:1 to x"] })
          : undefined;
    const tools = async (line: string) => (await run(["buildx", "imagetools", ...line.split(" ")], script)).stdout;
    expect(await tools("inspect 127.0.0.1:5000/multi:1")).toBe(
      "Name:      127.0.0.1:5000/multi:1\nMediaType: application/vnd.oci.image.index.v1+json\nDigest:    sha256:eec5\n           \nManifests: \n  Name:      127.0.0.1:5000/multi:1@sha256:c344\n  MediaType: application/vnd.oci.image.manifest.v1+json\n  Platform:  linux/386\n             \n  Name:      127.0.0.1:5000/multi:1@sha256:957d\n  MediaType: application/vnd.oci.image.manifest.v1+json\n  Platform:  linux/386\n",
    );
    expect(await tools("inspect --raw x")).toBe("{}");
    expect(await tools("inspect --format {{.Manifest.Digest}} x")).toBe("sha256:eec5");
    const image = await run(["buildx", "imagetools", "inspect", "--format", "{{json .Image}}", "x"], script);
    expect(JSON.parse(image.stdout)).toEqual({ os: "linux" });
    expect(await tools("create --dry-run x")).toBe("{}\n");
    const pushed = await run(["buildx", "imagetools", "create", "-t", "x", "y"], script);
    expect(pushed.stderr).toContain("#1 [internal] pushing x\n#1 0.000 pushing sha256:1 to x\n#1 DONE 0.0s\n");
  });

  it("sends what was asked for, reads caches and several outputs", async () => {
    const ended: Script = (request) => {
      if (request.route === "POST /drydock/builds") return json({ Id: "b" }, 201);
      if (request.route === "POST /drydock/builds/b/run")
        return lines({ result: { ref: "r", names: [], warnings: [], steps: [], materials: [], image: "sha256:1" } });
      return undefined;
    };
    const files = { "/project/Dockerfile": "FROM scratch\n", "/project/c/index.json": "{}" };
    const line =
      "build -q -t a -t b:1 -m 10m --pull --cache-from x/y --cache-from type=local,src=c --cache-to type=registry,ref=x/y,mode=max --add-host h=1.2.3.4 -o type=image,name=n --explain .";
    const { bodies, stdout, stderr } = await run(line.split(" "), ended, { files });
    expect(stderr).toBe("\nWhy it was cached, or not:\n");
    expect(bodies[0]).toMatchObject({
      tags: ["a", "b:1", "n"],
      pull: true,
      limits: { memory: 10 << 20 },
      extraHosts: ["h:1.2.3.4"],
      cacheFrom: [
        { type: "registry", ref: "x/y" },
        { type: "local", prefix: "caches/0/", tag: "latest" },
      ],
      cacheTo: [{ type: "registry", mode: "max", ref: "x/y" }],
      outputs: ["image"],
      source: { context: ".", dockerfile: "Dockerfile", name: "/project" },
    });
    expect(stdout).toBe("sha256:1\n");
  });
});
