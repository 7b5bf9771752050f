/** `docker start`. */
import type { ContainerInspect } from "../../api-types.ts";
import { Attached, followSize } from "../../io/attached.ts";
import { forwardSignals } from "../../io/signal-proxy.ts";
import { segment } from "../../session/client.ts";
import type { Context, Handler } from "../../session/context.ts";
import { CliError, messageOf } from "../../session/errors.ts";
import { attachContainer } from "./attach-stream.ts";
import { waitForExit } from "./wait-exit.ts";

export const start: Handler = async (context) => {
  const { flags, args, client, out, err } = context;
  const attach = flags.bool("attach") || flags.bool("interactive");
  const checkpoint = { checkpoint: flags.string("checkpoint"), "checkpoint-dir": flags.string("checkpoint-dir") };
  const [name = ""] = args;
  if (attach) {
    if (args.length > 1) throw new CliError("you cannot start and attach multiple containers at once");
    return startAttached(context, name, checkpoint);
  }
  if (checkpoint.checkpoint !== "") {
    if (args.length > 1) throw new CliError("you cannot restore multiple containers at once");
    await client.post(`/containers/${segment(name)}/start`, undefined, checkpoint);
    return 0;
  }
  const failed: string[] = [];
  for (const container of args) {
    try {
      await client.post(`/containers/${segment(container)}/start`);
      out.line(container);
    } catch (error) {
      err.line(messageOf(error));
      failed.push(container);
    }
  }
  if (failed.length > 0) throw new CliError(`Error: failed to start containers: ${failed.join(", ")}`);
  return 0;
};

async function startAttached(
  context: Context,
  name: string,
  checkpoint: Readonly<Record<string, string>>,
): Promise<number> {
  const container = await context.client.get<ContainerInspect>(`/containers/${segment(name)}/json`);
  const signals = container.Config.Tty ? undefined : forwardSignals(context, container.Id);
  try {
    return await joinStarted(context, container, checkpoint);
  } finally {
    signals?.dispose();
  }
}

async function joinStarted(
  context: Context,
  { Id: id, Config: config, HostConfig: host }: ContainerInspect,
  checkpoint: Readonly<Record<string, string>>,
): Promise<number> {
  const { flags, client, out } = context;
  const streams = {
    stdin: flags.bool("interactive") && config.OpenStdin,
    stdout: true,
    stderr: true,
    detachKeys: flags.string("detach-keys") || (context.config.detachKeys ?? ""),
  };
  const [connection, exit] = await Promise.all([
    attachContainer(context, id, streams),
    waitForExit(context, id, host.AutoRemove),
  ]);
  const session = new Attached(context, connection, { tty: config.Tty, ...streams });
  try {
    await client.post(`/containers/${segment(id)}/start`, undefined, checkpoint);
  } catch (error) {
    session.stop();
    await session.done.catch(() => undefined);
    if (host.AutoRemove) await exit.code;
    throw error;
  }
  const size = config.Tty && out.isTerminal ? followSize(context, `/containers/${segment(id)}`) : undefined;
  if ((await session.done.finally(() => size?.dispose())) === "detached") return 0;
  return exit.code;
}
