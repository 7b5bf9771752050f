import { expect, it } from "vitest";
import { WholeLines } from "./whole-lines.ts";

function log() {
  const written: string[] = [];
  const timers: (() => void)[] = [];
  const clock = {
    after: (_: number, callback: () => void) => {
      timers.push(callback);
      return () => undefined;
    },
  };
  const lines = new WholeLines((stream, data) => written.push(`${stream}${new TextDecoder().decode(data)}`), clock);
  const write = (stream: 1 | 2, text: string) => lines.write(stream, new TextEncoder().encode(text));
  return { written, timers, lines, write };
}

it("keeps a line together that the other stream falls into", () => {
  const { written, write } = log();
  write(2, "+ echo hi");
  write(1, "hi\n");
  write(2, "\n+ true\n");
  write(1, "more\n");
  expect(written).toEqual(["2+ echo hi", "2\n+ true\n", "1hi\n", "1more\n"]);
});

it("does not wait for the end of a line that has none", () => {
  const { written, timers, write, lines } = log();
  write(2, "name? ");
  write(1, "a\n");
  expect(written).toEqual(["2name? "]);
  timers[0]?.();
  expect(written).toEqual(["2name? ", "1a\n"]);
  write(2, "again? ");
  write(1, "b");
  lines.flush();
  expect(written.slice(2)).toEqual(["2again? ", "1b"]);
});
