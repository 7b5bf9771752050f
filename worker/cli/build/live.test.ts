import { expect, it } from "vitest";
import { Output } from "../session/output.ts";
import { LiveDisplay } from "./live.ts";
import type { Message } from "./status.ts";

const at = (ms: number): string => new Date(ms).toISOString();
const log = (text: string): string => btoa(text);

it("draws the steps over and over, the running one's output under it, and repeats a failed one's", async () => {
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
  let now = 0;
  const display = new LiveDisplay(out, { rows: 24, columns: 40 }, () => now);
  const send = async (ms: number, message: Message): Promise<void> => {
    now = ms;
    await display.message(message);
  };
  await send(100, { vertexes: [{ digest: "a", name: "[1/2] FROM busybox", started: at(100), completed: at(100) }] });
  await send(200, { vertexes: [{ digest: "b", name: "[2/2] RUN false", started: at(200) }] });
  await send(300, { logs: [{ vertex: "b", data: log("\x1b[2Joops\n"), timestamp: at(300) }] });
  const failed = { digest: "b", name: "[2/2] RUN false", started: at(200), completed: at(400), error: "broken" };
  await send(400, { vertexes: [failed] });
  display.end({ message: "broken", step: "[2/2] RUN false", file: "Dockerfile", text: "" });
  await out.end();
  expect(shown).toContain("[+] Building 0.2s (1/2)   docker:default\n");
  expect(shown).toContain("\x1b[3A\x1b[J");
  expect(shown).toContain(" => => # oops\n");
  expect(shown).toContain("\x1b[31m => ERROR [2/2] RUN false           0.2s\x1b[0m\n");
  expect(shown).toMatch(/------\n > \[2\/2\] RUN false:\n[\s\S]*oops\n------\n$/);
});
