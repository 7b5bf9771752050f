/**
 * Programs of the guest that run in the Worker: the `docker` stub hands over its arguments and its three file descriptors, and the CLI
 * answers as if it ran there. Nothing here knows Docker; it turns a {@link CommandCall} into the CLI's {@link CliInvocation}.
 */
import type { CliInvocation } from "../cli/invocation.ts";
import type { CommandCall, Guest } from "../engine/ports/guest.ts";
import { guestFiles } from "./guest-files.ts";
import { runInGuest } from "./guest-programs.ts";

export { guestFiles } from "./guest-files.ts";

/** What runs for a program's name; answers the exit code, never rejects. */
export type Program = (invocation: CliInvocation) => Promise<number>;

/** The call as the CLI sees it. */
export function invocationOf(call: CommandCall, guest: Guest): CliInvocation {
  return {
    args: call.args,
    env: call.env,
    cwd: call.cwd,
    stdin: call.stdin,
    stdout: call.stdout,
    stderr: call.stderr,
    terminal: { ...call.terminal, size: () => call.currentSize(), setRaw: (on) => call.setRaw(on) },
    signals: call.signals,
    files: guestFiles(guest, { uid: call.uid, gid: call.gid }),
    run: (command, options) => runInGuest(guest, `${call.uid}:${call.gid}`, command, options),
  };
}

/** Serves calls until the machine is lost. A program that is not known ends with 127, as in a shell. */
export async function serveCommands(guest: Guest, programs: Readonly<Record<string, Program>>): Promise<void> {
  const calls = guest.commands.getReader();
  for (;;) {
    const { value: call, done } = await calls.read();
    if (done) return;
    void serve(call, guest, programs[call.program]);
  }
}

async function serve(call: CommandCall, guest: Guest, program: Program | undefined): Promise<void> {
  let code = 127;
  try {
    if (program === undefined) await say(call, `${call.program}: command not found\n`);
    else code = await program(invocationOf(call, guest));
  } catch (error) {
    // A program answers its own failures; this one is a defect, and the learner should still see a line.
    await say(call, `${call.program}: ${error instanceof Error ? error.message : String(error)}\n`).catch(
      () => undefined,
    );
    code = 1;
  }
  await call.exit(code).catch(() => undefined);
}

async function say(call: CommandCall, text: string): Promise<void> {
  const writer = call.stderr.getWriter();
  await writer.write(new TextEncoder().encode(text));
  writer.releaseLock();
}
