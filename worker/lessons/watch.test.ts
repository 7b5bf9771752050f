import { describe, expect, it } from "vitest";
import type { ContainerFacts, EventFacts, LessonView } from "../../lessons/checks/index.ts";
import type { Clock } from "../engine/ports/host.ts";
import { type StepReport, StepWatch, type WatchedStep } from "./watch.ts";

/** A machine of plain data, and a clock that is moved by hand. */
class Stage {
  running = new Set<string>();
  files = new Set<string>();
  listener: (event: EventFacts) => void = () => {};
  timers: { readonly ms: number; readonly callback: () => void }[] = [];
  looks = 0;
  startedAt = new Date(-60_000).toISOString();
  readonly reports: StepReport[] = [];
  readonly watch: StepWatch;

  constructor(step: WatchedStep) {
    const clock: Clock = {
      now: () => new Date(0),
      monotonic: () => 0,
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
      },
      { onReport: (report) => this.reports.push(report) },
    );
  }
  #view(events: readonly EventFacts[]): LessonView {
    this.looks += 1;
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

  it("looks again at files, at most four times a second", async () => {
    const stage = new Stage({
      tasks: [{ id: "note", check: { kind: "file", in: "workspace", path: "note" } }],
      hints: [],
    });
    await stage.watch.round();
    expect(stage.timers.map(({ ms }) => ms)).toEqual([250]);
    stage.files.add("note");
    stage.timers[0]?.callback();
    await stage.watch.round();
    expect(stage.last?.tasks.note).toEqual({ state: "passed" });
    expect(stage.timers.length).toBeLessThanOrEqual(1);
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
