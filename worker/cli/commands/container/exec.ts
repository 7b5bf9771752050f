/** `docker exec`. */
import { Attached, checkTty, followSize, windowSize } from "../../io/attached.ts";
import { readKeyValues } from "../../run/key-values.ts";
import { orNull } from "../../run/resources.ts";
import { segment } from "../../session/client.ts";
import type { Handler } from "../../session/context.ts";
import { CliError } from "../../session/errors.ts";
import { upgrade } from "./attach-stream.ts";

export const exec: Handler = async (context) => {
  const { flags, args, client, invocation, out } = context;
  const [name = "", ...command] = args;
  const detach = flags.bool("detach");
  const tty = flags.bool("tty");
  const stdin = !detach && flags.bool("interactive");
  const detachKeys = flags.string("detach-keys") || (context.config.detachKeys ?? "");
  const env = await readKeyValues(invocation, flags.list("env-file"), flags.list("env"), (n) => invocation.env[n]);
  // Without it, "no such container" would come after "not a TTY".
  if (tty && stdin && !invocation.terminal.stdin) await client.get(`/containers/${segment(name)}/json`);
  if (!detach) checkTty(context, stdin, tty);
  const consoleSize = tty ? { ConsoleSize: await windowSize(context) } : {};
  const { Id: id } = await client.post<{ readonly Id: string }>(`/containers/${segment(name)}/exec`, {
    User: flags.string("user"),
    Privileged: flags.bool("privileged"),
    Tty: tty,
    ...consoleSize,
    AttachStdin: stdin,
    AttachStderr: !detach,
    AttachStdout: !detach,
    DetachKeys: detachKeys,
    Env: orNull(env),
    WorkingDir: flags.string("workdir"),
    Cmd: command,
  });
  if (id === "") throw new CliError("exec ID empty");
  const path = `/exec/${segment(id)}`;
  if (detach) {
    await client.post(`${path}/start`, { Detach: true, Tty: tty, ...consoleSize });
    return 0;
  }
  const connection = await upgrade(context, `${path}/start`, { json: { Detach: false, Tty: tty, ...consoleSize } });
  const session = new Attached(context, connection, { tty, stdin, stdout: true, stderr: true, detachKeys });
  const size = tty && invocation.terminal.stdin && out.isTerminal ? followSize(context, path) : undefined;
  if ((await session.done.finally(() => size?.dispose())) === "detached") throw new CliError("read escape sequence");
  const { ExitCode } = await client.get<{ readonly ExitCode: number | null }>(`${path}/json`);
  return ExitCode ?? 0;
};
