import { describe, expect, it } from "vitest";
import type { ContainerFacts, EventFacts, Interest, LessonView } from "../../lessons/checks/index.ts";
import type { Check } from "../../lessons/format/index.ts";
import type { Clock } from "../engine/ports/host.ts";
import { type StepReport, StepWatch, type WatchedStep } from "./watch.ts";

/** A machine of plain data, and a clock that is moved by hand. */
class Stage {
  running = new Set<string>();
  files = new Set<string>();
  listener: (event: EventFacts) => void = () => {};
  timers: { readonly ms: number; readonly callback: () => void }[] = [];
  looks = 0;
  onLook: () => void = () => {};
  startedAt = new Date(-60_000).toISOString();
  now = 0;
  interests: readonly Interest[] = [];
  /** Something has changed. */
  signal: () => void = () => {};
  readonly reports: StepReport[] = [];
  readonly watch: StepWatch;

  constructor(step: WatchedStep) {
    const clock: Clock = {
      now: () => new Date(0),
      monotonic: () => this.now,
      after: (ms, callback) => {
        const timer = { ms, callback };
        this.timers.push(timer);
        return () => {
          this.timers = this.timers.filter((each) => each !== timer);
        };
      },
    };
    this.watch = new StepWatch(
      step,
      {
        clock,
        view: (events) => this.#view(events),
        subscribe: (listener) => {
          this.listener = listener;
          return {
            dispose: () => {
              this.listener = () => {};
            },
          };
        },
        listen: async (interests) => {
          this.interests = interests;
          const changed = new Promise<void>((resolve) => {
            this.signal = resolve;
          });
          return { changed, partial: interests.some(({ kind }) => kind === "processes"), dispose: () => {} };
        },
      },
      { onReport: (report) => this.reports.push(report) },
    );
  }
  #view(events: readonly EventFacts[]): LessonView {
    this.looks += 1;
    this.onLook();
    return {
      events,
      now: 0,
      containers: async () =>
        [...this.running].map(
          (name) =>
            ({
              Name: `/${name}`,
              State: { Status: "running", StartedAt: this.startedAt },
              Config: {},
              HostConfig: { RestartPolicy: {} },
            }) as unknown as ContainerFacts,
        ),
      file: async (_, path) =>
        this.files.has(path) ? { type: "file", mode: 0, uid: 0, size: 0, text: "" } : undefined,
    } as Partial<LessonView> as LessonView;
  }
  /** The signal is given, and has arrived. */
  async tell(): Promise<void> {
    this.signal();
    await new Promise((resolve) => setImmediate(resolve));
  }
  /** The time of the timer has come. */
  async ring(): Promise<void> {
    this.timers.shift()?.callback();
    await this.watch.round();
    await new Promise((resolve) => setImmediate(resolve));
  }
  start(name: string): Promise<void> {
    this.running.add(name);
    this.listener({ Type: "container", Action: "start", Actor: { ID: name, Attributes: { name } } });
    return this.watch.round();
  }
  get last(): StepReport | undefined {
    return this.reports.at(-1);
  }
}
const runs = (name: string) => ({ kind: "gone", container: name }) as const;
const note: Check = { kind: "file", in: "workspace", path: "note" };
const happened = (name: string) => ({ kind: "event", type: "container", action: "start", name }) as const;

describe("the watch over a step", () => {
  it("answers on an event, and does not look when nothing can have changed", async () => {
    const stage = new Stage({ tasks: [{ id: "web", check: happened("web") }], hints: [] });
    await stage.watch.round();
    expect(stage.last?.tasks.web?.state).toBe("waiting");
    expect(stage.timers).toEqual([]);
    stage.listener({ Type: "image", Action: "pull", Actor: { ID: "x", Attributes: {} } });
    await stage.start("web");
    expect(stage.last?.tasks.web).toEqual({ state: "passed" });
  });

  it("keeps a task that has passed, and stops looking", async () => {
    const stage = new Stage({ tasks: [{ id: "web", check: happened("web") }], hints: [] });
    await stage.start("web");
    const { looks } = stage;
    await stage.start("other");
    expect(stage.looks).toBe(looks);
    expect(stage.last?.tasks.web).toEqual({ state: "passed" });
  });

  it("looks at a file when it is told that one has changed, and not before", async () => {
    const stage = new Stage({ tasks: [{ id: "note", check: note }], hints: [] });
    await stage.watch.round();
    expect(stage.interests).toEqual([{ kind: "files", place: "workspace", path: "note" }]);
    expect(stage.timers).toEqual([]);
    stage.files.add("note");
    stage.now = 1000;
    await stage.tell();
    expect(stage.timers.map(({ ms }) => ms)).toEqual([0]);
    await stage.ring();
    expect(stage.last?.tasks.note).toEqual({ state: "passed" });
    expect(stage.timers).toEqual([]);
  });

  it("rests a moment between two looks, however often it is told", async () => {
    const stage = new Stage({ tasks: [{ id: "note", check: note }], hints: [] });
    await stage.watch.round();
    for (let round = 0; round < 3; round += 1) {
      stage.now += 10;
      await stage.tell();
      expect(stage.timers.map(({ ms }) => ms)).toEqual([40]);
      stage.now += 40;
      await stage.ring();
    }
    expect(stage.looks).toBe(4);
  });

  it("looks soon after a look that was slow, and more and more rarely where it is told without a rest", async () => {
    const stage = new Stage({ tasks: [{ id: "note", check: note }], hints: [] });
    stage.onLook = () => {
      stage.now += 90;
    };
    await stage.watch.round();
    const waits: (number | undefined)[] = [];
    for (let round = 0; round < 6; round += 1) {
      await stage.tell();
      waits.push(stage.timers[0]?.ms);
      stage.now += stage.timers[0]?.ms ?? 0;
      await stage.ring();
    }
    expect(waits).toEqual([50, 100, 200, 400, 800, 900]);
    stage.now += 2000;
    await stage.tell();
    await stage.ring();
    await stage.tell();
    expect(stage.timers.map(({ ms }) => ms)).toEqual([100]);
  });

  it("misses nothing that changes while it looks", async () => {
    const stage = new Stage({ tasks: [{ id: "note", check: note }], hints: [] });
    await stage.watch.round();
    stage.onLook = () => {
      stage.files.add("note");
      stage.signal();
    };
    await stage.tell();
    await stage.ring();
    stage.onLook = () => {};
    await stage.ring();
    expect(stage.last?.tasks.note).toEqual({ state: "passed" });
  });

  it.each([
    ["nobody tells of it", { kind: "http", host: "localhost", port: 80, path: "/" }],
    ["not all of it is told", { kind: "process", command: "x" }],
  ] as [string, Check][])("looks again by itself where %s, four times a second at most", async (_, check) => {
    const stage = new Stage({ tasks: [{ id: "it", check }], hints: [] });
    await stage.watch.round();
    expect(stage.timers.map(({ ms }) => ms)).toEqual([250]);
  });

  it("takes its own looks for no change", async () => {
    const stage = new Stage({
      tasks: [{ id: "it", check: { kind: "process", container: "web", command: "x" } }],
      hints: [],
    });
    await stage.watch.round();
    const { looks } = stage;
    stage.listener({ Type: "container", Action: "top", Actor: { ID: "web", Attributes: { name: "web" } } });
    await stage.watch.round();
    expect(stage.looks).toBe(looks);
  });

  it("asks again when an answer can change by time alone", async () => {
    const stage = new Stage({
      tasks: [{ id: "web", check: { kind: "container", name: "web", state: "running" } }],
      hints: [],
    });
    stage.startedAt = new Date(-400).toISOString();
    await stage.watch.round();
    await stage.start("web");
    await stage.watch.round();
    expect(stage.last?.tasks.web).toMatchObject({ state: "waiting" });
    expect(stage.timers.map(({ ms }) => ms)).toEqual([600]);
    stage.startedAt = new Date(-2000).toISOString();
    stage.timers[0]?.callback();
    await stage.watch.round();
    expect(stage.last?.tasks.web).toEqual({ state: "passed" });
  });

  it("shows the hints of open tasks only", async () => {
    const stage = new Stage({
      tasks: [
        { id: "a", check: happened("a") },
        { id: "b", check: happened("b") },
      ],
      hints: [{ when: runs("nobody"), task: "a" }],
    });
    await stage.watch.round();
    expect(stage.last?.hints).toEqual([0]);
    await stage.start("a");
    expect(stage.last?.hints).toEqual([]);
  });

  it("says nothing any more when it has ended", async () => {
    const stage = new Stage({ tasks: [{ id: "web", check: happened("web") }], hints: [] });
    await stage.watch.round();
    const count = stage.reports.length;
    stage.watch.dispose();
    await stage.start("web");
    expect(stage.reports.length).toBe(count);
  });
});
