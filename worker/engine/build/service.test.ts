import { describe, expect, it } from "vitest";
import { collectBytes } from "../bytes.ts";
import { readTar } from "../tar-reader.ts";
import { writeTar } from "../tar-writer.ts";
import { gzip, tarOf, textFile } from "../testing/image-archives.ts";
import { keptBytes } from "./cache-usage.ts";
import { ClassicBuilder } from "./classic.ts";
import type { BuildFailure, BuildRequest, BuildResult } from "./model.ts";
import type { VertexRecord } from "./solve/progress.ts";
import { buildRig } from "./testing/rig.ts";

async function rig() {
  const { builds, images, blobs, events } = await buildRig();
  const run = async (
    dockerfile: string | undefined,
    files: Readonly<Record<string, string | Uint8Array>> = {},
    more: Partial<BuildRequest> = {},
  ) => {
    const members = Object.entries(files).map(([name, content]) =>
      typeof content === "string"
        ? textFile(name, content)
        : { header: { name, type: "file" as const, size: content.length }, body: content },
    );
    const context = new Blob([(await tarOf(members)) as Uint8Array<ArrayBuffer>]).stream();
    let result: BuildResult | undefined;
    let failure: BuildFailure | undefined;
    const steps: VertexRecord[] = [];
    const request = { ...(dockerfile === undefined ? {} : { dockerfile }), dockerfileName: "Dockerfile", ...more };
    for await (const message of builds.build(request, context, new AbortController().signal)) {
      if ("result" in message) result = message.result;
      if ("failure" in message) failure = message.failure;
      if ("vertexes" in message)
        steps.push(...(message.vertexes ?? []).filter(({ completed }) => completed !== undefined));
    }
    return { result, failure, steps };
  };
  /** Entries of the result's last layer: "type mode uid:gid path" or with content. */
  const layer = async (result: BuildResult | undefined, at = -1) => {
    const entries: string[] = [];
    const diffId = result?.layers.at(at);
    if (diffId === undefined) throw new Error("no layer");
    for await (const { entry, body } of readTar(blobs.open(diffId))) {
      const text =
        entry.type === "file"
          ? `=${new TextDecoder().decode(await collectBytes(body))}`
          : entry.type === "symlink"
            ? `>${entry.linkName}`
            : "";
      entries.push(`${entry.mode.toString(8)} ${entry.uid}:${entry.gid} ${entry.name}${text}`);
    }
    return entries;
  };
  return { run, layer, builds, images, blobs, events };
}

describe("a build without processes", () => {
  it("copies what a directory holds: where it goes to keeps its owner, or is made", async () => {
    const { run, layer } = await rig();
    const copy = (to: string) => run(`FROM scratch\nWORKDIR /there\nCOPY --chown=5:6 d/ ${to}\n`, { "d/a": "A" });
    expect(await layer((await copy("/there/")).result)).toEqual(["755 0:0 there/", "644 5:6 there/a=A"]);
    expect(await layer((await copy("/new/")).result)).toEqual(["755 5:6 new/", "644 5:6 new/a=A"]);
  });
  it("copies a context into an image and keeps what the base has", async () => {
    const { run, layer, images } = await rig();
    const { result, failure, steps } = await run(
      'FROM base\nARG V=1\nENV NAME=World$V\nWORKDIR /app\nCOPY . .\nEXPOSE 80\nENTRYPOINT ["x"]\n',
      { "app.py": "print", "sub/b": "b" },
      { tags: ["my-app:1.0"] },
    );
    expect(failure).toBeUndefined();
    expect(await layer(result)).toEqual([
      "755 0:0 app/",
      "644 0:0 app/app.py=print",
      "755 0:0 app/sub/",
      "644 0:0 app/sub/b=b",
    ]);
    expect(result?.config).toMatchObject({
      Env: ["PATH=/bin", "NAME=World1"],
      WorkingDir: "/app",
      ExposedPorts: { "80/tcp": {} },
      Entrypoint: ["x"],
    });
    expect(result?.config.Cmd).toBeUndefined();
    expect(images.history("my-app:1.0").map(({ CreatedBy }) => CreatedBy)).toEqual([
      'ENTRYPOINT ["x"]',
      "EXPOSE [80/tcp]",
      "COPY . . # buildkit",
      "WORKDIR /app",
      "ENV NAME=World1",
      "ARG V=1",
      "step 0",
    ]);
    expect(steps.map(({ name }) => name)).toEqual([
      "[internal] load build definition from Dockerfile",
      "[internal] load metadata for docker.io/library/base:latest",
      "[internal] load .dockerignore",
      "[1/3] FROM docker.io/library/base:latest",
      "[2/3] WORKDIR /app",
      "[internal] load build context",
      "[3/3] COPY . .",
      "exporting to image",
    ]);
  });

  it("takes from the cache what has not changed, makes the same image, and says why a step was done again", async () => {
    const { run } = await rig();
    const dockerfile = "FROM base\nWORKDIR /app\nCOPY a /app/\nCOPY b /app/\n";
    const first = await run(dockerfile, { a: "1", b: "1" });
    const second = await run(dockerfile, { a: "1", b: "1" });
    expect(second.result?.steps.every(({ cached }) => cached)).toBe(true);
    expect(second.result?.image).toBe(first.result?.image);
    const third = await run(dockerfile, { a: "1", b: "2" });
    expect(third.result?.steps.map(({ cached, reasons }) => [cached, reasons.map(({ text }) => text)])).toEqual([
      [true, []],
      [true, []],
      [false, ["b: changed"]],
    ]);
    expect(third.result?.steps[2]?.nearest?.key).toBe(second.result?.steps[2]?.key);
    const none = await run(dockerfile, { a: "1", b: "2" }, { noCache: true });
    expect(none.result?.steps.some(({ cached }) => cached)).toBe(false);
  });

  it("skips stages that nobody needs, and copies from one that somebody does", async () => {
    const { run, layer } = await rig();
    const dockerfile = [
      "FROM nowhere AS unused",
      "FROM base AS builder",
      "COPY --chown=web:staff --chmod=u=rwx,go=rX a /out/a",
      "FROM scratch",
      "COPY --from=builder /out/a /b",
    ].join("\n");
    const { result, failure } = await run(dockerfile, { a: "A" });
    expect(failure).toBeUndefined();
    expect(await layer(result)).toEqual(["744 100:50 b=A"]);
    const target = await run(dockerfile, { a: "A" }, { target: "builder" });
    expect(await layer(target.result)).toEqual(["755 100:50 out/", "744 100:50 out/a=A"]);
  });

  it("keeps the modes of directories on the way, and follows links of the image", async () => {
    const { run, layer } = await rig();
    const { result } = await run("FROM base\nCOPY a /tmp/a\nCOPY a /bin/tool\n", { a: "A" });
    expect(await layer(result, -2)).toEqual(["1777 0:0 tmp/", "644 0:0 tmp/a=A"]);
    expect(await layer(result)).toEqual(["755 0:0 usr/", "755 0:0 usr/bin/", "644 0:0 usr/bin/tool=A"]);
  });

  it("gives an image the identity that BuildKit gives it", async () => {
    const { run } = await rig();
    const buildArgs = { SOURCE_DATE_EPOCH: "1700000000" };
    const one =
      'FROM scratch\nCOPY a /\nARG V=1\nENV X=<&>$V\nLABEL b=1 a=2\nEXPOSE 80\nHEALTHCHECK --interval=1s CMD ["x"]\nONBUILD RUN y\nCMD ["/a","<>"]\n';
    const two =
      'FROM scratch\nCOPY --chown=5:6 --chmod=600 a /\nCOPY f /\nMAINTAINER me <x>\nVOLUME /v\nUSER 5\nSTOPSIGNAL 9\nSHELL ["/s"]\nENTRYPOINT a\n';
    const built = async (text: string) => (await run(text, { a: "A", f: "F" }, { buildArgs })).result?.image;
    // Of a real engine 28.5, for the same files at the same times.
    expect(await built(one)).toBe("sha256:98d6a7599bf63bd6f0ead8c73e0ff3497dc3b9a574422df6302bd57dc760c1f5");
    expect(await built(two)).toBe("sha256:7299890c1fc16846a2e3033624db741b2e2c108e397e14d5e4a480b6837826fd");
  });

  it("follows links to where a copy and an archive's files go", async () => {
    const { run, layer } = await rig();
    const archive = await tarOf([
      textFile("in/x", "X"),
      { header: { name: "in/y", type: "hardlink" as const, linkName: "in/x" } },
    ]);
    const links = [
      { header: { name: "file", type: "symlink" as const, linkName: "/real/new" } },
      { header: { name: "folder", type: "symlink" as const, linkName: "/real" } },
      { header: { name: "real", type: "directory" as const, mode: 0o755 } },
    ];
    const files = { "links.tar": await tarOf(links), "a.tar": archive, a: "A" };
    const { result, failure } = await run(
      "FROM scratch\nADD links.tar /\nCOPY a /file\nADD a.tar /folder\nWORKDIR /folder/w\n",
      files,
    );
    expect(failure).toBeUndefined();
    expect(await layer(result, 1)).toEqual(["755 0:0 real/", "644 0:0 real/new=A"]);
    expect(await layer(result, 2)).toEqual([
      "755 0:0 real/",
      "755 0:0 real/in/",
      "644 0:0 real/in/x=X",
      "644 0:0 real/in/y",
    ]);
    expect(await layer(result, 3)).toEqual(["755 0:0 real/", "755 0:0 real/w/"]);
  });

  it("takes ADD's flags, and layers that stand on nothing", async () => {
    const { run, layer } = await rig();
    const archive = await tarOf([textFile("x", "X")]);
    const digest = "sha256:6a1c23a9a6970cdbdf36e5e1913fe5ef2e1b6c333f233041af8a8977864654d5";
    const { result, failure } = await run(
      [
        "FROM --platform=$TARGETPLATFORM base",
        "ADD --chown=web:staff --chmod=600 a /",
        "ADD --unpack=false t.tar /",
        "ADD --unpack=true http://example.invalid/f.tar /far",
        `ADD --checksum=${digest} http://example.invalid/f /`,
        "ADD --exclude=*.md d /d/",
        "WORKDIR /tmp",
        "COPY --link a x/",
        "ADD --link --chown=web a x/",
      ].join("\n"),
      { a: "A", "t.tar": archive, "d/a": "A", "d/b.md": "B" },
    );
    expect(failure).toBeUndefined();
    const layers = await Promise.all([1, 2, 4, 5, 7, 8].map((at) => layer(result, at)));
    expect(layers[0]).toEqual(["600 100:50 a=A"]);
    expect(layers[1]?.[0]).toMatch(/^644 0:0 t\.tar=x/);
    expect(layers[2]).toEqual(["600 0:0 f=from afar"]);
    expect(layers[3]).toEqual(["755 0:0 d/", "644 0:0 d/a=A"]);
    // Nothing of the layers below is in it: not the directory's mode.
    expect(layers[4]).toEqual(["755 0:0 tmp/", "755 0:0 tmp/x/", "644 0:0 tmp/x/a=A"]);
    expect(layers[5]).toEqual(["755 100:101 tmp/", "755 100:101 tmp/x/", "644 100:101 tmp/x/a=A"]);
    const wrong = await run(`FROM base\nADD --checksum=sha256:${"0".repeat(64)} http://example.invalid/f /\n`);
    expect(wrong.failure?.message).toBe(`digest mismatch ${digest}: sha256:${"0".repeat(64)}`);
  });

  it("writes the configuration and the history that BuildKit writes", async () => {
    const { run } = await rig();
    const { result } = await run(
      [
        "FROM scratch",
        "LABEL a=1 b=\"two words\" c='x y'",
        "ENV C d e",
        "MAINTAINER me <m@x>",
        "EXPOSE 80 443/udp 100-102",
        'VOLUME ["/v 3"]',
        "USER 1:2",
        "STOPSIGNAL SIGINT",
        'SHELL ["/bin/ash","-ec"]',
        "CMD echo hi",
        'ENTRYPOINT ["/bin/x","y"]',
        "HEALTHCHECK --interval=5s --timeout=3s --retries=3 --start-period=1m --start-interval=2s CMD wget x || exit 1",
        "ONBUILD RUN x",
      ].join("\n"),
    );
    expect(result?.config).toMatchObject({
      User: "1:2",
      ExposedPorts: { "100/tcp": {}, "101/tcp": {}, "102/tcp": {}, "443/udp": {}, "80/tcp": {} },
      Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "C=d e"],
      Entrypoint: ["/bin/x", "y"],
      Cmd: ["/bin/ash", "-ec", "echo hi"],
      Volumes: { "/v 3": {} },
      WorkingDir: "/",
      Labels: { a: "1", b: "two words", c: "x y" },
      StopSignal: "SIGINT",
      ArgsEscaped: true,
      Healthcheck: {
        Test: ["CMD-SHELL", "wget x || exit 1"],
        Interval: 5e9,
        Timeout: 3e9,
        StartPeriod: 60e9,
        StartInterval: 2e9,
        Retries: 3,
      },
      OnBuild: ["RUN x"],
      Shell: ["/bin/ash", "-ec"],
    });
    expect(result?.history.map(({ created_by }) => created_by)).toEqual([
      "LABEL a=1 b=two words c=x y",
      "ENV C=d e",
      "MAINTAINER me <m@x>",
      "EXPOSE [100/tcp 101/tcp 102/tcp 443/udp 80/tcp]",
      "VOLUME [/v 3]",
      "USER 1:2",
      "STOPSIGNAL SIGINT",
      "SHELL [/bin/ash -ec]",
      'CMD ["/bin/ash" "-ec" "echo hi"]',
      'ENTRYPOINT ["/bin/x" "y"]',
      `HEALTHCHECK &{["CMD-SHELL" "wget x || exit 1"] "5s" "3s" "1m0s" "2s" '\\x03'}`,
    ]);
  });

  it("keeps WORKDIR as it is written in the configuration, and clean in the file system", async () => {
    const { run, layer } = await rig();
    const { result } = await run("FROM scratch\nWORKDIR /x/../y/\nCOPY a .\n", { a: "A" });
    expect(result?.config.WorkingDir).toBe("/x/../y/");
    expect(result?.history[0]?.created_by).toBe("WORKDIR /x/../y/");
    expect(await layer(result, 1)).toEqual(["755 0:0 y/", "644 0:0 y/a=A"]);
  });

  it("unpacks archives that ADD names, fetches URLs, and takes heredocs, wildcards, --parents and --exclude", async () => {
    const { run, layer } = await rig();
    const archive = await gzip(await tarOf([textFile("in/x", "X")]));
    const { result, failure } = await run(
      [
        "FROM scratch",
        "ADD a.tgz /un/",
        "ADD http://example.invalid/f.txt /",
        "ARG WHO=you",
        "COPY <<A <<'B' /h/",
        "hello $WHO",
        "A",
        "raw $WHO",
        "B",
        "COPY --parents d/*/one.txt /p/",
        "COPY --exclude=*.md d /d/",
      ].join("\n"),
      { "a.tgz": archive, "d/e/one.txt": "1", "d/f/one.txt": "2", "d/no.md": "no" },
    );
    expect(failure).toBeUndefined();
    expect(await layer(result, 0)).toEqual(["755 0:0 un/", "755 0:0 un/in/", "644 0:0 un/in/x=X"]);
    expect(await layer(result, 1)).toEqual(["600 0:0 f.txt=from afar"]);
    expect(await layer(result, 2)).toEqual(["755 0:0 h/", "644 0:0 h/A=hello you\n", "644 0:0 h/B=raw $WHO\n"]);
    expect((await layer(result, 3)).filter((entry) => entry.includes("="))).toEqual([
      "644 0:0 p/d/e/one.txt=1",
      "644 0:0 p/d/f/one.txt=2",
    ]);
    expect((await layer(result, 4)).filter((entry) => entry.includes("="))).toEqual([
      "644 0:0 d/e/one.txt=1",
      "644 0:0 d/f/one.txt=2",
    ]);
  });

  it("takes other contexts in the place of stages and images", async () => {
    const { run, layer } = await rig();
    const dockerfile = "FROM other AS one\nCOPY --from=more f /f\nFROM two\nCOPY --from=one /f /g\n";
    const { result, failure } = await run(
      dockerfile,
      { "o/x": "X", "m/f": "F" },
      { contexts: { other: { prefix: "o/" }, more: { prefix: "m/" }, two: { image: "base" } } },
    );
    expect(failure).toBeUndefined();
    expect(await layer(result)).toEqual(["644 0:0 g=F"]);
    const one = await run(
      dockerfile,
      { "o/x": "X", "m/f": "F" },
      {
        target: "one",
        contexts: { other: { prefix: "o/" }, more: { prefix: "m/" } },
      },
    );
    expect(await layer(one.result, 0)).toEqual(["644 0:0 x=X"]);
    const replaced = await run(
      "FROM nowhere AS one\nRUN false\nFROM scratch\nCOPY --from=one /x /y\n",
      { "o/x": "X" },
      {
        contexts: { one: { prefix: "o/" } },
      },
    );
    expect(await layer(replaced.result)).toEqual(["644 0:0 y=X"]);
  });

  it("takes files with several names out of a context that is a folder of the archive", async () => {
    const { builds, layer } = await rig();
    const members = [
      textFile("context/d/a", "A"),
      { header: { name: "context/d/b", type: "hardlink" as const, linkName: "context/d/a" } },
    ];
    const context = new Blob([(await tarOf(members)) as Uint8Array<ArrayBuffer>]).stream();
    const request = { dockerfile: "FROM scratch\nCOPY d /\n", dockerfileName: "Dockerfile", contextPrefix: "context/" };
    let result: BuildResult | undefined;
    for await (const message of builds.build(request, context, new AbortController().signal))
      if ("result" in message) result = message.result;
    expect((await layer(result)).map((entry) => entry.split(" ").at(-1))).toEqual(["a=A", "b=A"]);
  });

  it("leaves out what the ignore file of an archive names", async () => {
    const { run, layer } = await rig();
    const files = {
      Dockerfile: "FROM scratch\nCOPY . /\n",
      ".dockerignore": "*.log\n!keep.log\n",
      "a.log": "",
      "keep.log": "",
    };
    const { result } = await run(undefined, files);
    const names = (await layer(result)).map((entry) => entry.split(" ")[2]?.split("=")[0]);
    expect(names).toEqual([".dockerignore", "Dockerfile", "keep.log"]);
  });

  it("answers what a Dockerfile offers", async () => {
    const { run } = await rig();
    const dockerfile =
      "# V is the version\nARG V=1\n# web serves\nFROM base AS web\nARG V\nRUN --mount=type=secret,id=tok,required=true --mount=type=ssh true\nFROM base\n";
    const outline = (await run(dockerfile, {}, { call: "outline", target: "web", buildArgs: { V: "2" } })).result
      ?.outline;
    expect(outline).toEqual({
      name: "web",
      description: "serves",
      args: [{ name: "V", description: "is the version", value: "2" }],
      secrets: [{ name: "tok", required: true }],
      ssh: [{ name: "default", required: false }],
    });
    const targets = (await run(dockerfile, {}, { call: "targets" })).result?.targets;
    expect(targets?.map(({ name, description, default: isDefault }) => [name, description, isDefault])).toEqual([
      ["web", "serves", false],
      ["", "", true],
    ]);
  });

  it("takes docker/dockerfile's name for its own, and runs no other frontend", async () => {
    const { run } = await rig();
    const file = (syntax: string): string => `# syntax=${syntax}\nFROM scratch\n`;
    expect((await run(file("docker/dockerfile:1.7-labs"), {})).result).toBeDefined();
    const { failure } = await run(`# check=skip=all\n${file(`ghcr.io/a/b@sha256:${"0".repeat(64)}`)}`, {});
    expect(failure?.message).toMatch(/^frontend ghcr\.io\/a\/b@sha256:0+ cannot run here: .*docker\/dockerfile:1/);
    expect(failure?.range).toEqual({ start: 2, end: 2 });
  });

  it("says which variable made a step run again", async () => {
    const { run } = await rig();
    const file = "FROM base\nARG V\nCOPY a /a\nWORKDIR /$V\n";
    await run(file, { a: "A" }, { buildArgs: { V: "1" } });
    const other = await run(file, { a: "A" }, { buildArgs: { V: "2" } });
    expect(other.result?.steps.map(({ reasons }) => reasons)).toEqual([
      [],
      [{ kind: "instruction", subject: "path", text: 'the directory was "/1", is "/2"' }],
    ]);
    const { result } = await run(file, { a: "B" }, { buildArgs: { V: "1" } });
    expect(result?.steps.map(({ reasons }) => reasons)).toEqual([
      [{ kind: "file", subject: "a", text: "a: changed" }],
      [{ kind: "parent", subject: "the steps before it", text: "a step before it gave another result (layer 2)" }],
    ]);
  });

  it("says of a file that its mode is another", async () => {
    const { run } = await rig();
    const file = (mode: number) => `FROM base\nCOPY --chmod=${mode} a /a\nFROM base\nCOPY --from=0 /a /b\n`;
    await run(file(644), { a: "A" });
    const { result } = await run(file(600), { a: "A" });
    expect(result?.steps.map(({ reasons }) => reasons)).toEqual([
      [{ kind: "instruction", subject: "chmod", text: 'the mode was "644", is "600"' }],
      [{ kind: "file", subject: "a", text: "a: mode was 644, is 600" }],
    ]);
  });

  it("says nothing of steps that were never begun because one before them failed", async () => {
    const { run } = await rig();
    const { failure, steps } = await run("FROM base AS b\nRUN x\nFROM scratch\nCOPY --from=b /x /\nWORKDIR /w\n");
    expect(failure?.step).toBe("[b 2/2] RUN x");
    expect(steps.map(({ name }) => name).slice(-2)).toEqual([
      "[b 1/2] FROM docker.io/library/base:latest",
      "[b 2/2] RUN x",
    ]);
  });

  it("says what is wrong, and where", async () => {
    const { run } = await rig();
    const message = async (dockerfile: string) => (await run(dockerfile, { a: "A" })).failure;
    expect(await message("FORM base\n")).toMatchObject({
      message: "dockerfile parse error on line 1: unknown instruction: FORM (did you mean FROM?)",
      range: { start: 1, end: 1 },
    });
    expect((await message("FROM base\nCOPY nope /\n"))?.message).toMatch(
      /^failed to compute cache key: failed to calculate checksum of ref \w{25}::\w{25}: "\/nope": not found$/,
    );
    expect(await message("FROM nowhere\n")).toMatchObject({
      step: "[internal] load metadata for docker.io/library/nowhere:latest",
    });
    expect((await message("FROM base AS a\nCOPY --from=b x y\nFROM base AS b\nCOPY --from=a x y\n"))?.message).toMatch(
      /^circular dependency/,
    );
    expect((await message("FROM base:\n"))?.message).toBe(
      'failed to parse stage name "base:": invalid reference format',
    );
    const host = "FROM base\nRUN --network=host true\n";
    expect((await run(host, {}, { allow: [] })).failure?.message).toBe(
      "failed to load LLB: network.host is not allowed",
    );
  });

  it("gives every build check's verdict without building", async () => {
    const { run } = await rig();
    const { result } = await run(
      "FROM base as Build\nCMD echo\nENV PASSWORD x\nWORKDIR a\nRUN echo $NO\nCOPY $NOPE /\n",
      {},
      { call: "check" },
    );
    expect(result?.warnings.map(({ rule }) => rule)).toEqual([
      "StageNameCasing",
      "FromAsCasing",
      "JSONArgsRecommended",
      "LegacyKeyValueFormat",
      "SecretsUsedInArgOrEnv",
      "WorkdirRelativePath",
      "UndefinedVar",
    ]);
  });

  it("keeps its layers when an image goes, and frees them when it is pruned", async () => {
    const { run, images, builds } = await rig();
    const { result } = await run("FROM base\nCOPY a /\n", { a: "12345" }, { tags: ["gone"] });
    await images.delete("gone", { force: false, prune: true });
    expect((await run("FROM base\nCOPY a /\n", { a: "12345" })).result?.image).toBe(result?.image);
    await images.delete(result?.image ?? "", { force: false, prune: true });
    expect(await builds.prune({ all: false })).toMatchObject({ SpaceReclaimed: 5 });
    expect(builds.usage()).toEqual([]);
  });

  it("prunes down to the bounds that are given, as far as what is reserved", () => {
    const bounds = { maxUsed: 0, reserved: 0, minFree: 0 };
    // Enough is free: nothing bounds the cache, and everything goes.
    expect(keptBytes({ ...bounds, minFree: 10 }, 100, 20)).toBe(0);
    expect(keptBytes({ ...bounds, minFree: 30 }, 100, 20)).toBe(90);
    expect(keptBytes({ ...bounds, minFree: 30, maxUsed: 50 }, 100, 20)).toBe(50);
    expect(keptBytes({ reserved: 95, minFree: 30, maxUsed: 50 }, 100, 20)).toBe(95);
  });

  it("writes a file with several names once", async () => {
    const { run, builds } = await rig();
    const tar = new Response(
      writeTar([
        { header: { name: "a", type: "file", size: 3 }, body: new TextEncoder().encode("abc") },
        { header: { name: "b", type: "hardlink", linkName: "a" } },
      ]),
    );
    const linked = new Uint8Array(await tar.arrayBuffer());
    const built = await run("FROM scratch\nADD linked.tar /\n", { "linked.tar": linked }, { outputs: ["files"] });
    const entries: string[] = [];
    for await (const { entry } of readTar(await builds.output(built.result?.ref ?? "")))
      entries.push(`${entry.name} ${entry.type} ${entry.size} ${entry.linkName}`);
    expect(entries).toEqual(["a file 3 ", "b hardlink 0 a"]);
  });

  it("knows after a restart what is cached, and how often it was used", async () => {
    const first = await buildRig();
    const build = async ({ builds }: typeof first) => {
      for await (const _ of builds.build(
        { dockerfile: "FROM base\nWORKDIR /w\n", dockerfileName: "Dockerfile" },
        undefined,
        new AbortController().signal,
      ));
    };
    await build(first);
    await build(first);
    const later = await buildRig(first);
    expect(later.builds.usage()).toMatchObject([{ Description: "WORKDIR /w", UsageCount: 2 }]);
    expect(later.builds.history.list()).toHaveLength(2);
    await later.builds.prune({ all: true });
    expect((await buildRig(later)).builds.usage()).toEqual([]);
  });

  it("leaves no context behind, and nothing leads out of it", async () => {
    const { run, blobs } = await rig();
    await run("FROM scratch\nCOPY a /\n", { a: "A" });
    const before = (await blobs.list()).length;
    await run("FROM scratch\nCOPY a /\n", { a: "A" });
    expect((await blobs.list()).length).toBe(before);
    expect((await run("FROM scratch\nCOPY ../../etc/passwd /\n", { a: "A" })).failure?.message).toContain(
      '"/etc/passwd": not found',
    );
    // A name that leads out is one below the root, as it is for moby's builder.
    const { result } = await run("FROM scratch\nCOPY evil /\n", { "../../evil": "x" });
    expect(result?.image).toBeDefined();
  });

  it("reports to clients without BuildKit as the classic builder does", async () => {
    const { builds } = await rig();
    const context = new Blob([
      (await tarOf([
        textFile("Dockerfile", "FROM base AS b\nONBUILD ENV A=1\nONBUILD LABEL b=2\nFROM b\nCOPY a /\n"),
        textFile("a", "A"),
      ])) as Uint8Array<ArrayBuffer>,
    ]).stream();
    const lines: string[] = [];
    for await (const message of new ClassicBuilder(builds).build(
      { dockerfileName: "Dockerfile", tags: ["x"] },
      context,
      new AbortController().signal,
    ))
      if ("stream" in message) lines.push(message.stream.replace(/[0-9a-f]{12}/g, "ID"));
    expect(lines.join("")).toBe(
      [
        "Step 1/5 : FROM base AS b",
        " ---> ID",
        "Step 2/5 : ONBUILD ENV A=1",
        " ---> Running in ID",
        " ---> Removed intermediate container ID",
        " ---> ID",
        "Step 3/5 : ONBUILD LABEL b=2",
        " ---> Running in ID",
        " ---> Removed intermediate container ID",
        " ---> ID",
        "Step 4/5 : FROM b",
        "# Executing 2 build triggers",
        " ---> Running in ID",
        " ---> Removed intermediate container ID",
        " ---> Running in ID",
        " ---> Removed intermediate container ID",
        " ---> ID",
        "Step 5/5 : COPY a /",
        " ---> ID",
        "Successfully built ID",
        "Successfully tagged x:latest\n",
      ].join("\n"),
    );
  });

  it("finds instructions in the classic builder's cache, and with --cache-from only where such an image is here", async () => {
    const { builds } = await rig();
    const classic = new ClassicBuilder(builds);
    const archive = (await tarOf([
      textFile("Dockerfile", "FROM base\nENV A=1\nCOPY a /\nCMD a\n"),
      textFile("a", "A"),
    ])) as Uint8Array<ArrayBuffer>;
    const hits = async (options: object): Promise<number> => {
      let found = 0;
      const request = { dockerfileName: "Dockerfile", tags: ["x"], ...options };
      for await (const message of classic.build(request, new Blob([archive]).stream(), new AbortController().signal))
        if ("stream" in message && message.stream.includes("Using cache")) found++;
      return found;
    };
    expect(await hits({})).toBe(0);
    expect(await hits({})).toBe(3);
    expect(await hits({ cacheImages: ["x"] })).toBe(3);
    expect(await hits({ cacheImages: ["nosuch"] })).toBe(0);
    expect(await hits({ noCache: true })).toBe(0);
  });
});
