/** `docker run` and `docker create`. */
import { Attached, checkTty, followSize } from "../../io/attached.ts";
import { forwardSignals } from "../../io/signal-proxy.ts";
import { type ContainerConfig, type ContainerOptions, containerOptions } from "../../run/options.ts";
import { segment } from "../../session/client.ts";
import type { Context, Handler } from "../../session/context.ts";
import { CliError, messageOf } from "../../session/errors.ts";
import { attachContainer } from "./attach-stream.ts";
import { checkPull, createContainer, withHint } from "./create-container.ts";
import { waitForExit } from "./wait-exit.ts";

async function parseOptions(context: Context, command: "run" | "create"): Promise<ContainerOptions> {
  try {
    checkPull(context.flags.string("pull"));
    return await containerOptions(context);
  } catch (error) {
    throw new CliError(withHint(messageOf(error), command), 125);
  }
}

export const create: Handler = async (context) => {
  const options = await parseOptions(context, "create");
  context.out.line(await createContainer(context, options));
  return 0;
};

/** The exit code tells what was wrong: 127 not found, 126 not executable, 125 anything else. */
function runError(error: unknown): CliError {
  const message = messageOf(error);
  const code = /executable file not found|no such file or directory|system cannot find the file specified/.test(message)
    ? 127
    : /permission denied|is a directory/.test(message)
      ? 126
      : 125;
  return new CliError(withHint(message, "run"), code, { cause: error });
}

export const run: Handler = async (context) => {
  const { flags } = context;
  const options = await parseOptions(context, "run");
  const { config } = options;
  if (flags.bool("detach")) {
    if (flags.list("attach").length > 0)
      throw new CliError("conflicting options: cannot specify both --attach and --detach");
    config.AttachStdin = false;
    config.AttachStdout = false;
    config.AttachStderr = false;
    config.StdinOnce = false;
  } else checkTty(context, config.AttachStdin, config.Tty);

  let id: string;
  try {
    id = await createContainer(context, options);
  } catch (error) {
    throw runError(error);
  }
  const signals = flags.boolOr("sig-proxy", true) ? forwardSignals(context, id) : undefined;
  try {
    return await runContainer(context, id, config);
  } finally {
    signals?.dispose();
  }
};

async function runContainer(context: Context, id: string, config: ContainerConfig): Promise<number> {
  const { flags, out, client } = context;
  const attach = config.AttachStdin || config.AttachStdout || config.AttachStderr;
  if (!attach) {
    // As in docker/cli, the id is shown whether or not it starts.
    await startContainer(context, id).finally(() => out.line(id));
    return 0;
  }
  const detachKeys = flags.string("detach-keys") || (context.config.detachKeys ?? "");
  const streams = { stdin: config.AttachStdin, stdout: config.AttachStdout, stderr: config.AttachStderr, detachKeys };
  const [connection, exit] = await Promise.all([
    attachContainer(context, id, streams),
    waitForExit(context, id, flags.bool("rm")),
  ]);
  const session = new Attached(context, connection, { tty: config.Tty, ...streams });
  try {
    await client.post(`/containers/${segment(id)}/start`);
  } catch (error) {
    session.stop();
    await session.done.catch(() => undefined);
    if (flags.bool("rm")) await exit.code;
    throw runError(error);
  }
  const size = config.Tty && out.isTerminal ? followSize(context, `/containers/${segment(id)}`) : undefined;
  const first = await Promise.race([session.done, exit.code]).finally(() => size?.dispose());
  if (first === "detached") return 0;
  if (typeof first === "number" && !config.AttachStdout && !config.AttachStderr) session.stop();
  if (typeof first === "number") await session.done.catch(() => undefined);
  return exit.code;
}

async function startContainer({ client }: Context, id: string): Promise<void> {
  try {
    await client.post(`/containers/${segment(id)}/start`);
  } catch (error) {
    throw runError(error);
  }
}
