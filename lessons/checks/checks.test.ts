import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Check, checkSchema, loadLesson } from "../format/index.ts";
import { lessonTemplate } from "../template.ts";
import { type ContainerFacts, type EventFacts, evaluate, type LessonView, sourcesOf } from "./index.ts";

const web: ContainerFacts = {
  Id: "1",
  Name: "/web",
  Image: "sha256:1",
  RestartCount: 0,
  State: { Status: "running", ExitCode: 0, OOMKilled: false, Pid: 7 },
  Config: { Image: "nginx", Hostname: "1", User: "", WorkingDir: "", Tty: false, Env: ["CITY=Delft"], Cmd: ["nginx"] },
  HostConfig: {
    NetworkMode: "bridge",
    RestartPolicy: { Name: "no" },
    Memory: 0,
    ReadonlyRootfs: false,
    Privileged: false,
  },
  Mounts: [],
  NetworkSettings: { Ports: { "80/tcp": null }, Networks: { bridge: { IPAddress: "172.17.0.2" } } },
};
const published = (inside: string, outside: string): ContainerFacts => ({
  ...web,
  NetworkSettings: { ...web.NetworkSettings, Ports: { [inside]: [{ HostIp: "0.0.0.0", HostPort: outside }] } },
});
function view(facts: Partial<LessonView> & { readonly all?: readonly ContainerFacts[] }): LessonView {
  return {
    containers: async () => facts.all ?? [],
    images: async () => [],
    history: async () => [],
    volumes: async () => [],
    networks: async () => [],
    events: [],
    now: 0,
    file: async () => undefined,
    processes: async () => [],
    logs: async () => "",
    http: async () => ({ kind: "refused" }),
    ...facts,
  };
}
const publishes: Check = { kind: "container", name: "web", publishes: { container: 80, host: 8080 } };

describe("a container that runs", () => {
  const started = (seconds: number): ContainerFacts => ({
    ...web,
    State: { ...web.State, StartedAt: new Date(seconds * 1000).toISOString() },
  });
  const runs: Check = { kind: "container", name: "web", state: "running" };
  const one: Check = { kind: "count", of: "containers", state: "running", min: 1 };
  const at = (ms: number) => view({ all: [started(10)], now: ms });

  it.each([
    runs,
    one,
    { kind: "any", of: [{ kind: "gone", container: "web" }, runs] },
    { kind: "all", of: [runs] },
  ] as Check[])("counts once it has stayed for a second: %j", async (check) => {
    expect(await evaluate(check, at(10_400))).toMatchObject({ state: "waiting", again: 600 });
    expect(await evaluate(check, at(11_000))).toEqual({ state: "passed" });
  });

  it("leaves its contrary open until then", async () => {
    const not: Check = { kind: "not", say: "It runs.", of: runs };
    expect(await evaluate(not, at(10_400))).toMatchObject({ state: "waiting", again: 600 });
    expect(await evaluate(not, at(12_000))).toEqual({ state: "observed", text: "It runs." });
  });

  it("waits anew after each restart, and not for a clock that was set back", async () => {
    expect(await evaluate(runs, view({ all: [started(99)], now: 99_010 }))).toMatchObject({ state: "waiting" });
    expect(await evaluate(runs, view({ all: [started(99)], now: 5_000 }))).toEqual({ state: "passed" });
  });
});

describe("a check on a container", () => {
  it("waits while there is none", async () => {
    expect(await evaluate(publishes, view({}))).toEqual({
      state: "waiting",
      text: "There is no container named web yet.",
    });
  });

  it.each([
    [web, "web runs, but publishes no port."],
    [published("8080/tcp", "8080"), "web publishes port 8080 of the container, not 80."],
    [published("80/tcp", "9090"), "web is published on port 9090 of the machine, not 8080."],
    [{ ...web, State: { ...web.State, Status: "exited", ExitCode: 137 } }, "web has ended with exit code 137."],
  ] as const)("says what was seen instead (%#)", async (facts, text) => {
    expect(await evaluate(publishes, view({ all: [facts] }))).toEqual({ state: "observed", text });
  });

  it("passes by whatever way the state was reached", async () => {
    expect(await evaluate(publishes, view({ all: [published("80/tcp", "8080")] }))).toEqual({ state: "passed" });
  });

  it("takes an image's short and long names for one", async () => {
    const check: Check = { kind: "container", image: "docker.io/library/nginx:latest", state: "running" };
    expect((await evaluate(check, view({ all: [web] }))).state).toBe("passed");
  });

  it("tells of the container that comes closest", async () => {
    const old = { ...web, Name: "/old", State: { ...web.State, Status: "exited", ExitCode: 1 } };
    const check: Check = { kind: "container", image: "nginx", state: "running", user: "1000" };
    expect(await evaluate(check, view({ all: [old, web] }))).toEqual({
      state: "observed",
      text: "web runs as its image's own user, not as 1000.",
    });
  });
});

describe("a check on a file", () => {
  const holding = (text: string): LessonView =>
    view({ file: async () => ({ type: "file", mode: 0o644, uid: 1000, size: text.length, text }) });
  const lines = (range: { readonly min?: number; readonly max?: number }): Check => ({
    kind: "file",
    in: "workspace",
    path: "last.txt",
    lines: range,
  });

  it.each([
    ["", 0],
    ["one", 1],
    ["one\n", 1],
    ["one\ntwo\n", 2],
    ["one\n\nthree", 3],
  ])("counts the lines of %j", async (text, count) => {
    expect(await evaluate(lines({ min: count, max: count }), holding(text))).toEqual({ state: "passed" });
    expect(await evaluate(lines({ min: count + 1 }), holding(text))).toMatchObject({ state: "observed" });
  });

  it("says how many there are instead", async () => {
    expect(await evaluate(lines({ max: 3 }), holding("1\n2\n3\n4\n"))).toEqual({
      state: "observed",
      text: "last.txt has 4 lines.",
    });
  });
});

describe("checks together", () => {
  const event: EventFacts = {
    Type: "container",
    Action: "die",
    Actor: { ID: "1", Attributes: { name: "web", image: "nginx", exitCode: "0" } },
  };

  it("count what has happened in this step", async () => {
    const check: Check = { kind: "event", type: "container", action: "die", name: "web", times: 2 };
    expect(await evaluate(check, view({ events: [event] }))).toMatchObject({ state: "waiting" });
    expect(await evaluate(check, view({ events: [event, event] }))).toEqual({ state: "passed" });
  });

  it("turn an answer round with words of the lesson's own", async () => {
    const check: Check = { kind: "not", say: "web is still here.", of: { kind: "container", name: "web" } };
    expect(await evaluate(check, view({ all: [web] }))).toEqual({ state: "observed", text: "web is still here." });
  });

  it("know which events concern them", () => {
    const check: Check = { kind: "all", of: [publishes, { kind: "http", port: 8080 }, { kind: "image", name: "x" }] };
    expect(sourcesOf(check)).toEqual({
      events: new Set(["container", "network", "volume", "image"]),
      interests: [{ kind: "listening" }],
      retry: true,
    });
  });
});

describe("the format", () => {
  it("accepts the template that authors begin with", () => {
    expect(loadLesson(lessonTemplate("my-first")["lesson.yaml"] ?? "").ok).toBe(true);
  });

  it("names the line of a mistake", () => {
    const text = (lessonTemplate("x")["lesson.yaml"] ?? "").replace(
      "kind: container, name: mine, state: running",
      "kind: contaner, name: mine",
    );
    const line = text.split("\n").findIndex((each) => each.includes("contaner")) + 1;
    expect(loadLesson(text)).toMatchObject({ ok: false, problems: [{ line }] });
  });

  it("refuses keys it does not know, code, and paths that lead out", () => {
    const lesson = lessonTemplate("x")["lesson.yaml"] ?? "";
    expect(loadLesson(`${lesson}script: alert(1)\n`).ok).toBe(false);
    expect(loadLesson(lesson.replace("greeting.txt:", '"../../etc/passwd":')).ok).toBe(false);
    expect(loadLesson(lesson.replace("text: 01.md", "text: ../../../etc/passwd")).ok).toBe(false);
  });

  it("refuses aliases that multiply, and checks nested too deep", () => {
    const laughs = [
      "a: &a [x,x,x,x,x,x,x,x,x]",
      ...[..."bcdefgh"].map((c, i) => `${c}: &${c} [${Array(9).fill(`*${"abcdefgh"[i]}`)}]`),
    ].join("\n");
    expect(loadLesson(laughs).ok).toBe(false);
    let check: unknown = { kind: "gone", container: "x" };
    for (let depth = 0; depth < 2000; depth += 1) check = { kind: "not", say: "x", of: check };
    expect(checkSchema.safeParse(check).success).toBe(false);
  });

  it("answers any text with a lesson or with problems", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json(), fc.string({ unit: fc.constantFrom(..."steps: [{}]&*!|>-\n ") })),
        (text) => {
          const loaded = loadLesson(text);
          expect(loaded.ok || loaded.problems.length > 0).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
