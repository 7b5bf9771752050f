import { describe, expect, it } from "vitest";
import type { ApiTransport } from "../api/transport.ts";
import type { Clock } from "../engine/ports/host.ts";
import { Gate } from "./gate.ts";
import { Life, Rewound } from "./life.ts";

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
const reason = new Rewound("before");

describe("a life of the engine that is over", () => {
  it("has no timers, and starts none", async () => {
    const rang: string[] = [];
    const timers = new Map<number, () => void>();
    const clock: Clock = {
      now: () => new Date(0),
      monotonic: () => 0,
      after: (ms, callback) => {
        timers.set(ms, callback);
        return () => void timers.delete(ms);
      },
    };
    const life = new Life();
    life.clock(clock).after(1, () => rang.push("early"));
    timers.get(1)?.();
    life.clock(clock).after(2, () => rang.push("late"));
    await life.end(reason);
    life.clock(clock).after(3, () => rang.push("after"));
    expect(timers.has(2) || timers.has(3)).toBe(false);
    expect(rang).toEqual(["early"]);
  });

  it("changes no store any more, but what it was writing is written", async () => {
    const kept: string[] = [];
    let finish = (): void => {};
    const store = {
      put: async (value: string) => {
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        kept.push(value);
      },
      size: () => kept.length,
    };
    const life = new Life();
    const guarded = life.guard(store, ["put"]);
    void guarded.put("begun");
    expect(life.stored).toBe(false);
    const ended = life.end(reason);
    let answered = false;
    void guarded.put("too late").then(() => {
      answered = true;
    });
    finish();
    await ended;
    await settled();
    expect(kept).toEqual(["begun"]);
    expect(answered).toBe(false);
    expect(guarded.size()).toBe(1);
  });

  it("fails the streams of those who outlive it, with the reason", async () => {
    const life = new Life();
    const readable = life.readable(new ReadableStream<number>());
    const writable = life.writable(new WritableStream<number>());
    const values = life.values(
      (async function* () {
        await new Promise(() => {});
        yield 1;
      })(),
    );
    const read = readable.getReader().read();
    const next = values.next();
    const waits = life.promise(new Promise(() => {}));
    const results = Promise.allSettled([read, next, waits, writable.getWriter().closed]);
    await life.end(reason);
    for (const result of await results) expect(result).toEqual({ status: "rejected", reason });
  });
});

describe("the gate before an engine", () => {
  it("leaves a connection that is taken over its protocol", async () => {
    const stream = { readable: new ReadableStream<Uint8Array>(), writable: new WritableStream<Uint8Array>() };
    const api: ApiTransport = {
      request: async () => ({ status: 101, headers: {}, body: { kind: "upgrade", stream, protocol: "websocket" } }),
    };
    const { body } = await new Gate(api, new Life()).request({ method: "GET", path: "/containers/a/attach/ws" });
    expect(body).toMatchObject({ kind: "upgrade", protocol: "websocket" });
  });
  const answering = (answer: (path: string) => Promise<unknown>): ApiTransport => ({
    request: async ({ path }) => ({
      status: 200,
      headers: {},
      body: { kind: "json", value: await answer(path) },
    }),
  });

  it("holds what changes something back, and lets questions pass", async () => {
    const seen: string[] = [];
    const api = answering(async (path) => void seen.push(path));
    const gate = new Gate(api, new Life());
    const release = gate.hold();
    const started = gate.request({ method: "POST", path: "/containers/a/start" });
    await gate.request({ method: "GET", path: "/containers/json" });
    expect(seen).toEqual(["/containers/json"]);
    release();
    await started;
    expect(seen).toEqual(["/containers/json", "/containers/a/start"]);
  });

  it("counts changes until they are answered, and work on images until its messages end", async () => {
    let finish = (): void => {};
    const messages = (async function* () {
      yield { status: "Pulling" };
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
    })();
    const api: ApiTransport = {
      request: async () => ({ status: 200, headers: {}, body: { kind: "jsonLines", values: messages } }),
    };
    const gate = new Gate(api, new Life());
    const { body } = await gate.request({ method: "POST", path: "/v1.51/images/create?fromImage=busybox" });
    if (body.kind !== "jsonLines") throw new Error(body.kind);
    expect(gate.worksOnImages).toBe(true);
    const iterator = body.values[Symbol.asyncIterator]();
    await iterator.next();
    const last = iterator.next();
    await settled();
    expect(gate.underWay).toHaveLength(1);
    finish();
    expect((await last).done).toBe(true);
    expect(gate.underWay).toHaveLength(0);
  });

  it("does not count clients that wait for a container's end, and ends them with the life", async () => {
    const life = new Life();
    const gate = new Gate(
      answering(() => new Promise(() => {})),
      life,
    );
    const waiting = gate.request({ method: "POST", path: "/v1.51/containers/a/wait?condition=next-exit" });
    const refused = expect(waiting).rejects.toThrow('The machine was put back to "before".');
    expect(gate.underWay).toHaveLength(0);
    await life.end(reason);
    await refused;
  });
});
