/** What an embedding page can have done: the same things that a person at the page can do, on this frame's own playground. */
import type { EmbedMethods, RunResult } from "../../embed/protocol.ts";
import { pathProblem } from "../../lessons/format/path.ts";
import type { App } from "../app.ts";
import type { EmbedActions } from "./host.ts";

const mostOutput = 1_000_000;
/** What programs are told of their window. */
const size = { rows: 40, columns: 120 };

export function embedActions(app: App, onStop: (reason: string) => void): EmbedActions {
  const running = async (): Promise<void> => {
    void app.startMachine();
    await app.machineRunning();
  };
  return {
    start: async () => {
      await running();
      return null;
    },
    stop: async () => {
      onStop("The page around it has stopped it.");
      return null;
    },
    run: async ({ line }) => {
      await running();
      return await runLine(app, line);
    },
    type: async ({ line }) => {
      await running();
      await app.runInTerminal(line);
      return null;
    },
    writeFile: async ({ path, content }) => {
      await running();
      await app.bridge.writeFile(
        inWorkspace(path),
        typeof content === "string" ? new TextEncoder().encode(content) : content,
      );
      return null;
    },
    readFile: async ({ path }) => {
      await running();
      return await app.bridge.readFile(inWorkspace(path));
    },
    openLesson: async (params) => {
      app.go({ view: "lesson", name: lessonName(params) });
      return null;
    },
    checkpoint: async ({ label }) => {
      await running();
      return (await app.bridge.takeCheckpoint({ name: label })).id;
    },
    restore: async ({ checkpoint }) => {
      await running();
      await app.bridge.rewind(checkpoint);
      return null;
    },
  };
}

function inWorkspace(path: string): string {
  const problem = pathProblem(path);
  if (problem !== undefined) throw new Error(`${JSON.stringify(path)} ${problem}`);
  return path;
}

function lessonName({ lesson }: EmbedMethods["openLesson"]["params"]): string {
  if (/^https?:\/\//i.test(lesson)) return `url/${lesson}`;
  if (/^[a-z0-9-]+\/[a-z0-9-]+$/.test(lesson)) return lesson;
  throw new Error("A lesson is TRACK/LESSON, or an http or https address.");
}

async function runLine(app: App, line: string): Promise<RunResult> {
  const terminal = await app.bridge.openTerminal({ ...size, command: ["/bin/bash", "-c", line] });
  const reader = terminal.readable.getReader();
  const decoder = new TextDecoder();
  let output = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (output.length < mostOutput) output += decoder.decode(value, { stream: true });
    }
  } catch {
    // A terminal's stream ends with its process; the exit code tells the rest.
  }
  const exitCode = await terminal.exit;
  void terminal.writable.close().catch(() => {});
  return { exitCode, output: output.slice(0, mostOutput).replaceAll("\r\n", "\n") };
}
