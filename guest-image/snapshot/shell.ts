/**
 * The learner's shell in the snapshot: one is used as a person uses it, so that its code is there, and then a fresh one is left waiting at
 * its prompt for the first terminal.
 */
import type { Guest, GuestProcess } from "../../worker/engine/ports/guest.ts";
import { shellProcess } from "../../worker/host/terminal.ts";
import type { FirstShellState } from "../../worker/machine/first-shell.ts";

const PROMPT = /\$ $/;
const PATIENCE = 60_000;
/** What people type first. `docker` is not among it: its answers come from the engine, which is warm by then. */
const lines = ["ls", "pwd", "echo hello", "ls -la", "cd ..", "cd site", "uname -a", "cat /etc/os-release", "ps", "id"];
const rounds = 5;

export async function warmShell(guest: Guest): Promise<void> {
  const shell = await openShell(guest);
  for (let round = 0; round < rounds; round++) for (const line of lines) await shell.type(`${line}\r`);
  const { exit } = shell.process;
  await shell.leave();
  await exit;
}

export async function saveShell(guest: Guest): Promise<FirstShellState> {
  const { process, printed } = await openShell(guest);
  return { pid: process.pid, printed: new TextEncoder().encode(printed) };
}

interface Shell {
  readonly process: GuestProcess;
  /** What it wrote before its first prompt, and that prompt. */
  readonly printed: string;
  /** Key by key, as a terminal sends them; resolves at the next prompt. */
  type(line: string): Promise<void>;
  leave(): Promise<void>;
}

async function openShell(guest: Guest): Promise<Shell> {
  const process = await guest.spawn(shellProcess({ rows: 24, columns: 80 }));
  const { stdin, stdout } = process;
  if (stdin === undefined || stdout === undefined) throw new Error("a terminal without streams");
  const [writer, reader, decoder] = [stdin.getWriter(), stdout.getReader(), new TextDecoder()];
  const key = new TextEncoder();
  const readUntil = async (pattern: RegExp): Promise<string> => {
    // A shell that says nothing more ends the wait, too: its stream is given up.
    const late = setTimeout(() => void reader.cancel(), PATIENCE);
    for (let text = ""; ; ) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`the shell ended after: ${text}`);
      text += decoder.decode(value, { stream: true });
      if (!pattern.test(visible(text))) continue;
      clearTimeout(late);
      return text;
    }
  };
  const printed = await readUntil(PROMPT);
  return {
    process,
    printed,
    async type(line) {
      for (const character of line) {
        await writer.write(key.encode(character));
        if (character !== "\r") await readUntil(/./);
      }
      await readUntil(/\n[^\n]*\$ $/);
    },
    async leave() {
      await writer.write(key.encode("exit\r"));
      for (let end = false; !end; ) end = (await reader.read()).done;
    },
  };
}

/** Without colours and titles. */
function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
  return text.replace(/\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007]*\u0007)/g, "");
}
