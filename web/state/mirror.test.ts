import { describe, expect, it } from "vitest";
import type { NumberedEvent } from "../../worker/protocol/index.ts";
import type { EventMessage } from "../engine/types.ts";
import { type ListName, Mirror, staleLists } from "./mirror.ts";

const event = (type: string, action: string): EventMessage => ({
  Type: type,
  Action: action,
  Actor: { ID: "a", Attributes: { name: "web" } },
  time: 1,
});

function setUp(answer: (name: ListName) => readonly { readonly Id: string }[] = () => []) {
  const shown: object[] = [];
  const listed: ListName[] = [];
  const stop = new AbortController();
  let send: (sequence: number, event: EventMessage) => void = () => {};
  let waiters: (() => void)[] = [];
  const mirror = new Mirror(
    {
      events: async () =>
        new ReadableStream<NumberedEvent>({
          start(controller) {
            send = (sequence, value) => controller.enqueue({ sequence, event: value });
          },
        }),
      list: async (name) => {
        listed.push(name);
        for (const waiter of waiters) waiter();
        waiters = [];
        return answer(name) as never;
      },
    },
    { signal: stop.signal, onList: (lists) => void shown.push(lists), pauseMs: 0 },
  );
  void mirror.run();
  const until = async (count: number): Promise<void> => {
    while (listed.length < count)
      await new Promise<void>((resolve) => {
        waiters.push(resolve);
      });
    await new Promise((resolve) => setTimeout(resolve, 10));
  };
  return { listed, shown, until, stop, send: (sequence: number, value: EventMessage) => send(sequence, value) };
}

describe("the mirror of the engine", () => {
  it("lists everything once the events are being followed", async () => {
    const { listed, until, stop } = setUp();
    await until(4);
    expect([...listed].sort()).toEqual(["containers", "images", "networks", "volumes"]);
    stop.abort();
  });

  it("lists again what an event has made stale, and only that", async () => {
    const { listed, until, stop, send } = setUp();
    await until(4);
    send(1, event("image", "pull"));
    await until(5);
    expect(listed.slice(4)).toEqual(["images"]);
    stop.abort();
  });

  it("lists everything again when a number is missing", async () => {
    const { listed, until, stop, send } = setUp();
    await until(4);
    send(3, event("image", "pull"));
    await until(8);
    expect([...listed.slice(4)].sort()).toEqual(["containers", "images", "networks", "volumes"]);
    stop.abort();
  });

  it("answers a hundred events at once with few lists", async () => {
    const { listed, until, stop, send } = setUp();
    await until(4);
    for (let sequence = 1; sequence <= 100; sequence += 1) send(sequence, event("container", "start"));
    await until(5);
    expect(listed.length).toBeLessThan(10);
    stop.abort();
  });

  it("tells of a list that says the same only once", async () => {
    const { shown, until, stop, send } = setUp((name) => (name === "images" ? [{ Id: "a" }] : []));
    await until(4);
    expect(shown).toHaveLength(4);
    send(1, event("image", "pull"));
    await until(5);
    expect(shown).toHaveLength(4);
    stop.abort();
  });

  it("takes no list for stale by an exec or an attach", () => {
    expect(staleLists(event("container", "exec_start: sh"))).toEqual([]);
    expect(staleLists(event("container", "attach"))).toEqual([]);
    expect(staleLists(event("container", "die"))).toEqual(["containers"]);
  });
});
