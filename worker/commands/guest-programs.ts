import type { CliInvocation } from "../cli/invocation.ts";
import { collectBytes } from "../engine/bytes.ts";
import { type Guest, GuestError } from "../engine/ports/guest.ts";

/** Runs a program of the guest to its end as the given user ("uid:gid"); one that cannot be found is no failure. */
export async function runInGuest(
  guest: Guest,
  user: string,
  args: readonly string[],
  { stdin, env, cwd }: Parameters<NonNullable<CliInvocation["run"]>>[1],
): Promise<{ readonly code: number; readonly stdout: string } | undefined> {
  const environment = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  try {
    const program = await guest.spawn({ args, env: environment, cwd, user, stdio: { kind: "pipes", stdin: true } });
    const writer = program.stdin?.getWriter();
    // It may end without reading.
    const written = writer?.write(new TextEncoder().encode(stdin)).then(() => writer.close());
    const silent = program.stderr?.pipeTo(new WritableStream());
    const stdout = program.stdout === undefined ? new Uint8Array() : await collectBytes(program.stdout);
    const { code } = await program.exit;
    await Promise.allSettled([written, silent]);
    return { code, stdout: new TextDecoder().decode(stdout) };
  } catch (error) {
    if (error instanceof GuestError && error.errno === "ENOENT") return undefined;
    throw error;
  }
}
