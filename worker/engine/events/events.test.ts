import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EngineEvent } from "../domains.ts";
import type { Clock } from "../ports/host.ts";
import { EventLog, eventPasses } from "./index.ts";

class ManualClock implements Clock {
  ms = 1_700_000_000_000;
  readonly timers: { at: number; callback: () => void }[] = [];
  now = (): Date => new Date(this.ms);
  monotonic = (): number => this.ms;
  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.ms + ms, callback };
    this.timers.push(timer);
    return () => void this.timers.splice(this.timers.indexOf(timer), 1);
  }
}

const labels = { name: "web", image: "nginx:latest", tier: "front" };

describe("The event log", () => {
  it("hands over the backlog and what follows without a gap, and ends when the caller goes", async () => {
    const clock = new ManualClock();
    const log = new EventLog(clock);
    log.publish("container", "create", "abc", labels);
    const abort = new AbortController();
    const stream = log.follow({ since: 0, signal: abort.signal });
    expect((await stream.next()).value?.Action).toBe("create");
    log.publish("container", "start", "abc", labels);
    expect((await stream.next()).value?.Action).toBe("start");
    const waiting = stream.next();
    abort.abort();
    expect((await waiting).done).toBe(true);
  });
  it("without since tells of the future only; with until in the past it ends at once", async () => {
    const clock = new ManualClock();
    const log = new EventLog(clock);
    log.publish("container", "create", "abc", labels);
    const never = new AbortController().signal;
    expect(log.subscribe(() => {}).backlog).toEqual([]);
    const past = [];
    for await (const event of log.follow({ until: clock.ms, signal: never })) past.push(event.Action);
    expect(past).toEqual(["create"]);
  });
  it("gives every event a later time than the one before", () => {
    const log = new EventLog(new ManualClock());
    const seen: number[] = [];
    log.subscribe((e) => seen.push(e.timeNano));
    for (let i = 0; i < 20; i++) log.publish("container", "top", "abc", {});
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
  });
});

describe("Event filters", () => {
  const event = (fields: Partial<EngineEvent>): EngineEvent => ({
    Type: "container",
    Action: "start",
    Actor: { ID: "abcdef", Attributes: labels },
    scope: "local",
    time: 0,
    timeNano: 0,
    ...fields,
  });
  it("match by type, action, container, image and label", () => {
    expect(eventPasses(event({}), { container: ["web"], event: ["start", "die"] })).toBe(true);
    expect(eventPasses(event({}), { container: ["abc"] })).toBe(true);
    expect(eventPasses(event({}), { container: ["other"] })).toBe(false);
    expect(eventPasses(event({}), { image: ["nginx"] })).toBe(true);
    expect(eventPasses(event({}), { label: ["tier=front", "name"] })).toBe(true);
    expect(eventPasses(event({}), { label: ["tier=back"] })).toBe(false);
    expect(eventPasses(event({ Action: "exec_create: ls -l" }), { event: ["exec_create"] })).toBe(true);
    expect(eventPasses(event({ Type: "network" }), { type: ["container"] })).toBe(false);
  });
  it("of an unknown kind are passed over, as dockerd does", () => {
    expect(eventPasses(event({}), { foo: ["x"] })).toBe(true);
    expect(eventPasses(event({}), { node: ["x"] })).toBe(false);
  });
  it("never throw on any value", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom("event", "type", "label", "image", "container"), fc.array(fc.string())),
        (f) => {
          eventPasses(event({}), f);
        },
      ),
    );
  });
});
