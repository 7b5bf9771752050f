import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EmbedHost } from "../web/embed/host.ts";
import { readEmbedOptions, writeEmbedAddress } from "./address.ts";
import { readRequest, readTold, written } from "./protocol.ts";

const told: { message: unknown; origin: string }[] = [];
const parent = { postMessage: (message: unknown, origin: string) => void told.push({ message, origin }) };
const performed: unknown[] = [];
const actions = new Proxy({} as never, {
  get: (_, method) => async (params: unknown) => {
    performed.push([method, params]);
    return "done";
  },
});

function hostFor({ origin, allowed = ["*"] }: { origin?: string; allowed?: readonly string[] } = {}): EmbedHost {
  told.length = 0;
  performed.length = 0;
  return new EmbedHost({ parent, options: { origin }, allowed, actions });
}
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const run = { drydock: 1, id: 1, method: "run", params: { line: "docker ps" } };

describe("a playground inside another page", () => {
  it("does what the page around it asks, and answers there and nowhere else", async () => {
    hostFor().receive({ source: parent as never, origin: "https://a.example", data: run });
    await settle();
    expect(performed).toEqual([["run", { line: "docker ps" }]]);
    expect(told).toEqual([
      { message: { drydock: 1, type: "answer", id: 1, value: "done" }, origin: "https://a.example" },
    ]);
  });

  it.each([
    ["another window", { source: {} as never, origin: "https://a.example" }],
    ["another origin than the address names", { source: parent as never, origin: "https://evil.example" }],
    ["a page without an origin", { source: parent as never, origin: "null" }],
  ])("does not hear %s", async (_, from) => {
    hostFor({ origin: "https://a.example" }).receive({ ...from, data: run });
    await settle();
    expect([performed, told]).toEqual([[], []]);
  });

  it("obeys the origins that its site allows, whatever the address says", async () => {
    const host = hostFor({ origin: "https://evil.example", allowed: ["https://a.example"] });
    host.receive({ source: parent as never, origin: "https://evil.example", data: run });
    host.tell("ready", { origin: "snapshot" });
    await settle();
    expect([performed, told]).toEqual([[], []]);
  });

  it("tells events to nobody before it knows whom it talks to", () => {
    hostFor().tell("engine", { type: "container", action: "start", name: "secret" });
    expect(told).toEqual([]);
    hostFor({ origin: "https://a.example" }).tell("engine", { type: "container", action: "start", name: "web" });
    expect(told.map(({ origin }) => origin)).toEqual(["https://a.example"]);
  });

  it("refuses more than it can do at once", async () => {
    const waiting = new Proxy({} as never, { get: () => () => new Promise(() => {}) });
    told.length = 0;
    const host = new EmbedHost({ parent, options: { origin: undefined }, allowed: ["*"], actions: waiting });
    for (let id = 0; id < 70; id += 1)
      host.receive({ source: parent as never, origin: "https://a.example", data: { ...run, id } });
    await settle();
    expect(told).toHaveLength(6);
    expect(told[0]?.message).toMatchObject({ type: "refused", failure: { kind: "busy" } });
  });

  it.each([
    ["an older or newer version", { ...run, drydock: 2 }, "version"],
    ["a method that is none", { ...run, method: "constructor" }, "invalid"],
    ["a method of the object's own kind", { ...run, method: "__proto__" }, "invalid"],
    ["two lines in one", { ...run, params: { line: "docker ps\nrm -rf ~" } }, "invalid"],
    ["a line that is no text", { ...run, params: { line: ["docker"] } }, "invalid"],
    ["a line without an end", { ...run, params: { line: "x".repeat(100_000) } }, "invalid"],
    ["parameters that are none", { ...run, params: "docker ps" }, "invalid"],
    [
      "a file of something else",
      { ...run, method: "writeFile", params: { path: "a", content: { length: 1 } } },
      "invalid",
    ],
  ])("refuses %s with a sentence", (_, data, kind) => {
    expect(readRequest(data)).toMatchObject({ kind: "wrong", failure: { kind } });
  });

  it.each([undefined, null, 1, "drydock", [], {}, { type: "webpackOk" }, { drydock: undefined }])(
    "passes over %j, which is somebody else's",
    (data) => {
      expect(readRequest(data)).toEqual({ kind: "foreign" });
      expect(readTold(data)).toEqual({ kind: "foreign" });
    },
  );

  it("takes nothing from a prototype, and leaves it as it was", () => {
    const hostile = JSON.parse(
      '{"drydock":1,"id":1,"method":"run","params":{"__proto__":{"line":"rm"}},"__proto__":{"polluted":1}}',
    );
    expect(readRequest(hostile)).toMatchObject({ kind: "wrong" });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("reads any value without an error, and lets nothing through that is not of the protocol", () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withTypedArray: true }), fc.anything(), (data, params) => {
        for (const each of [
          data,
          { drydock: 1, id: 1, method: data, params },
          { drydock: 1, id: 1, method: "run", params },
        ]) {
          const read = readRequest(each);
          if (read.kind === "message")
            expect(typeof (read.message.params as { line?: unknown }).line).toMatch(/string|undefined/);
          readTold(each);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("reads back every event as it was written", () => {
    const lesson = { lesson: "a/b", step: 1, steps: 3, done: 2, finished: false };
    expect(readTold(written({ type: "event", event: "lesson", detail: lesson }))).toEqual({
      kind: "message",
      message: { type: "event", event: "lesson", detail: lesson },
    });
    expect(readTold({ drydock: 1, type: "event", event: "lesson", detail: { ...lesson, step: "1" } }).kind).toBe(
      "wrong",
    );
  });
});

describe("the address of an embedded playground", () => {
  it("says what the element was told", () => {
    const address = writeEmbedAddress(
      "https://site.example/play/",
      {
        theme: "dark",
        panels: ["files"],
        start: "now",
        readOnly: true,
        height: true,
        origin: "https://a.example",
        keep: "course",
      },
      { lesson: "networks/repair" },
    );
    expect(readEmbedOptions(new URL(address).search)).toEqual({
      theme: "dark",
      panels: ["files"],
      start: "now",
      readOnly: true,
      height: true,
      origin: "https://a.example",
      keep: "course",
      title: undefined,
    });
    expect(new URL(address).searchParams.get("lesson")).toBe("networks/repair");
  });

  it("passes over values that mean nothing", () => {
    expect(
      readEmbedOptions(
        "?embed=1&theme=%3Cscript%3E&panels=,,nonsense&origin=javascript:alert(1)&keep=../default&start=x",
      ),
    ).toMatchObject({ theme: "system", panels: [], origin: undefined, keep: undefined, start: "click" });
    expect(readEmbedOptions("?embed=0")).toBeUndefined();
  });
});
