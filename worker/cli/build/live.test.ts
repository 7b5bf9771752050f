import { expect, it, vi } from "vitest";
import { Output } from "../session/output.ts";
import { LiveDisplay } from "./live.ts";
import type { Message } from "./status.ts";

const at = (ms: number): string => new Date(ms).toISOString();
const log = (text: string): string => btoa(text);

/** A terminal that remembers, and a clock that goes when it is told to. */
function stage() {
  let shown = "";
  const decoder = new TextDecoder();
  const out = new Output(
    new WritableStream<Uint8Array>({
      write(data) {
        shown += decoder.decode(data);
      },
    }),
    true,
    () => undefined,
  );
  const clock = { time: 0, waiting: [] as (() => void)[] };
  const display = new LiveDisplay(
    out,
    { rows: 24, columns: 40 },
    { now: () => clock.time, after: () => new Promise((resolve) => clock.waiting.push(resolve)) },
  );
  const send = async (ms: number, message: Message): Promise<void> => {
    clock.time = ms;
    await display.message(message);
  };
  return { out, clock, display, send, shown: () => shown };
}

it("draws the steps over and over, the running one's output under it, and repeats a failed one's", async () => {
  const { out, display, send, shown } = stage();
  await send(100, { vertexes: [{ digest: "a", name: "[1/2] FROM busybox", started: at(100), completed: at(100) }] });
  await send(200, { vertexes: [{ digest: "b", name: "[2/2] RUN false", started: at(200) }] });
  await send(300, { logs: [{ vertex: "b", data: log("\x1b[2Joops\n"), timestamp: at(300) }] });
  const failed = { digest: "b", name: "[2/2] RUN false", started: at(200), completed: at(400), error: "broken" };
  await send(400, { vertexes: [failed] });
  display.end({ message: "broken", step: "[2/2] RUN false", file: "Dockerfile", text: "" });
  await out.end();
  expect(shown()).toContain("[+] Building 0.2s (1/2)   docker:default\n");
  expect(shown()).toContain("\x1b[3A\x1b[J");
  expect(shown()).toContain(" => => # oops\n");
  expect(shown()).toContain("\x1b[31m => ERROR [2/2] RUN false           0.2s\x1b[0m\n");
  expect(shown()).toMatch(/------\n > \[2\/2\] RUN false:\n[\s\S]*oops\n------\n$/);
});

it("shows a step that says nothing, and its seconds, until the build has ended", async () => {
  const { out, clock, display, send, shown } = stage();
  await send(100, { vertexes: [{ digest: "a", name: "[1/2] FROM busybox", started: at(100), completed: at(100) }] });
  await send(110, { vertexes: [{ digest: "b", name: "[2/2] RUN sleep 9", started: at(110) }] });
  expect(shown()).not.toContain("RUN sleep 9");
  for (const time of [300, 5110]) {
    clock.time = time;
    clock.waiting.shift()?.();
    await vi.waitFor(() => expect(clock.waiting).toHaveLength(1));
  }
  expect(shown()).toContain(" => [2/2] RUN sleep 9               0.2s\n");
  expect(shown()).toContain(" => [2/2] RUN sleep 9               5.0s\n");
  display.end(undefined);
  await out.flush();
  const atEnd = shown();
  clock.waiting.shift()?.();
  await out.end();
  expect(shown()).toBe(atEnd);
});

it("shows what the checks found under the step that read the Dockerfile", async () => {
  const { out, display, send, shown } = stage();
  const vertex = { digest: "a", name: "[internal] load build definition", started: at(100), completed: at(100) };
  await send(100, { vertexes: [vertex], warnings: [{ vertex: "a", short: log("FromAsCasing: no (line 1)") }] });
  display.end(undefined);
  await out.flush();
  expect(shown()).toContain(
    " => [internal] load build defini... 0.0s\x1b[0m\n\x1b[33m => WARN: FromAsCasing: no (line 1) 0.0s\x1b[0m\n",
  );
});

it("shows the steps of a cancelled build as such, and draws no more", async () => {
  const { out, clock, display, send, shown } = stage();
  await send(100, { vertexes: [{ digest: "a", name: "[1/2] FROM busybox", started: at(100), completed: at(100) }] });
  await send(200, { vertexes: [{ digest: "b", name: "[2/2] RUN sleep 9", started: at(200) }] });
  clock.time = 1200;
  display.abandon();
  const before = shown().length;
  for (const goOn of clock.waiting) goOn();
  await out.end();
  expect(shown().slice(before)).toContain("\x1b[33m => CANCELED [2/2] RUN sleep 9      1.0s\x1b[0m\n");
  expect(shown().match(/CANCELED/g)).toHaveLength(1);
});
