import { expect, it } from "vitest";
import { Output } from "../session/output.ts";
import { PlainDisplay } from "./plain.ts";
import { encodeText } from "./status.ts";

const at = (ms: number): string => new Date(ms).toISOString();

/** A display whose tenths of a second pass when they are told to. */
function shown() {
  const parts: string[] = [];
  const decoder = new TextDecoder();
  const stream = new WritableStream<Uint8Array>({ write: (part) => void parts.push(decoder.decode(part)) });
  let now = 0;
  let pass: () => void = () => undefined;
  const display = new PlainDisplay(new Output(stream, false, () => undefined), "", {
    now: () => now,
    after: () =>
      new Promise((resolve) => {
        pass = resolve;
      }),
  });
  const step = (digest: string, state: object = {}) => ({ digest, name: `step ${digest}`, started: at(0), ...state });
  return {
    start: (digest: string) => display.message({ vertexes: [step(digest)] }),
    end: (digest: string) => display.message({ vertexes: [step(digest, { completed: at(1000) })] }),
    say: (digest: string, text: string) =>
      display.message({ logs: [{ vertex: digest, data: encodeText(text), timestamp: at(500) }] }),
    /** What is printed when so much time has gone by. */
    async after(ms: number): Promise<string> {
      now += ms;
      pass();
      await new Promise<void>((resolve) => queueMicrotask(resolve));
      await display.message({});
      return parts.splice(0).join("");
    },
    async abandon(): Promise<string> {
      await display.abandon();
      return parts.splice(0).join("");
    },
    async close(): Promise<string> {
      await display.end(undefined);
      return parts.splice(0).join("");
    },
  };
}

it("prints what came in a tenth of a second step by step, what has ended first, and numbers steps as it prints them", async () => {
  const { start, end, say, after } = shown();
  await start("a");
  await start("b");
  await say("a", "1\n");
  await say("b", "2\n");
  await end("b");
  expect(await after(100)).toBe("#1 step b\n#1 0.500 2\n#1 DONE 1.0s\n\n#2 step a\n#2 0.500 1\n");
});

it("shows what has come of a build that is cancelled, and nothing afterwards", async () => {
  const { start, say, abandon, after } = shown();
  await start("a");
  await say("a", "1\n");
  expect(await abandon()).toBe("#1 step a\n#1 0.500 1\n#1 CANCELED\n");
  await say("a", "2\n");
  expect(await after(100)).toBe("");
});

it("stays with a step while another one speaks, and turns to that one when five seconds are over", async () => {
  const { start, say, after, close } = shown();
  await start("a");
  await say("a", "1\n");
  expect(await after(100)).toBe("#1 step a\n#1 0.500 1\n");
  await start("b");
  await say("b", "2\n");
  await say("a", "3\n");
  expect(await after(100)).toBe("#1 0.500 3\n");
  expect(await after(5000)).toBe("#1 ...\n\n#2 step b\n#2 0.500 2\n");
  await say("a", "unfinished");
  expect(await close()).toBe("#2 ...\n\n#1 step a\n#1 0.000 unfinished\n");
});
