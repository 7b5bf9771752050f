/** `docker attach`. */
import type { ContainerInspect } from "../../api-types.ts";
import { Attached, type AttachedEnd, checkTty, followSize, windowSize } from "../../io/attached.ts";
import { forwardSignals } from "../../io/signal-proxy.ts";
import { readJson, segment } from "../../session/client.ts";
import type { Context, Handler } from "../../session/context.ts";
import { CliError } from "../../session/errors.ts";
import { attachContainer } from "./attach-stream.ts";

async function inspectRunning({ client }: Context, name: string): Promise<ContainerInspect> {
  const container = await client.get<ContainerInspect>(`/containers/${segment(name)}/json`);
  const { State: state } = container;
  if (!state.Running) throw new CliError("You cannot attach to a stopped container, start it first");
  if (state.Paused) throw new CliError("You cannot attach to a paused container, unpause it first");
  if (state.Restarting) throw new CliError("You cannot attach to a restarting container, wait until it is running");
  return container;
}

/** A shell draws its prompt again only when the size changes: a wrong size first, the right one after it. */
async function nudge(context: Context, id: string): Promise<void> {
  const [rows, columns] = await windowSize(context);
  await context.client
    .call("POST", `/containers/${segment(id)}/resize`, { query: { h: rows + 1, w: columns + 1 } })
    .catch(() => undefined);
}

export const attach: Handler = async (context) => {
  const { flags, args, client, out } = context;
  const [name = ""] = args;
  const { Id: id, Config: config } = await inspectRunning(context, name);
  const exit = client.call("POST", `/containers/${segment(name)}/wait`, { signal: new AbortController().signal });
  exit.catch(() => undefined);
  checkTty(context, !flags.bool("no-stdin"), config.Tty);
  const streams = {
    stdin: !flags.bool("no-stdin") && config.OpenStdin,
    stdout: true,
    stderr: true,
    detachKeys: flags.string("detach-keys") || (context.config.detachKeys ?? ""),
  };
  const signals = flags.boolOr("sig-proxy", true) && !config.Tty ? forwardSignals(context, id) : undefined;
  const join = async (): Promise<AttachedEnd> => {
    const connection = await attachContainer(context, name, streams);
    await inspectRunning(context, name);
    const session = new Attached(context, connection, { tty: config.Tty, ...streams });
    if (config.Tty && out.isTerminal) await nudge(context, id);
    const size = config.Tty && out.isTerminal ? followSize(context, `/containers/${segment(id)}`) : undefined;
    return session.done.finally(() => size?.dispose());
  };
  const end = await join().finally(() => signals?.dispose());
  if (end === "detached") {
    context.err.line("read escape sequence");
    return 1;
  }
  const { StatusCode: code } = (await readJson(await exit)) as { readonly StatusCode: number };
  return code;
};
