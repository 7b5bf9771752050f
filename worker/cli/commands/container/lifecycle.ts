/** stop, kill, pause, unpause, restart, rm, rename, wait: one call for each container. */
import { readJson, segment } from "../../session/client.ts";
import type { Context, Handler } from "../../session/context.ts";
import { ApiError, CliError, messageOf, throwJoined } from "../../session/errors.ts";

/** At most fifty at a time; answers are shown in the order of the arguments. */
async function forEach(
  context: Context,
  call: (name: string) => Promise<unknown>,
  failed?: (error: unknown) => boolean,
): Promise<number> {
  const { args, out } = context;
  const errors: unknown[] = [];
  const running: Promise<unknown>[] = [];
  const begin = (): void => {
    const name = args[running.length];
    if (name === undefined) return;
    running.push(
      call(name).then(
        () => undefined,
        (error) => error,
      ),
    );
  };
  for (let i = 0; i < 50; i++) begin();
  for (const [i, name] of args.entries()) {
    const error = await running[i];
    begin();
    if (error === undefined) out.line(name);
    else if (failed?.(error) !== true) errors.push(error);
    await out.flush();
  }
  throwJoined(errors);
  return 0;
}

const simple =
  (action: string): Handler =>
  (context) =>
    forEach(context, (name) => context.client.post(`/containers/${segment(name)}/${action}`));

export const pause = simple("pause");
export const unpause = simple("unpause");

function stopQuery({ flags }: Context): { readonly signal: string; readonly t?: number } {
  const timeout = ["timeout", "time"].find((name) => flags.changed(name));
  return { signal: flags.string("signal"), ...(timeout !== undefined && { t: flags.number(timeout) }) };
}
function warnDeprecated({ flags, out }: Context): void {
  if (flags.changed("time")) out.line("Flag --time has been deprecated, use --timeout instead");
  if (flags.changed("time") && flags.changed("timeout"))
    throw new CliError("conflicting options: cannot specify both --timeout and --time");
}

export const stop: Handler = (context) => {
  warnDeprecated(context);
  return forEach(context, (name) =>
    context.client.post(`/containers/${segment(name)}/stop`, undefined, stopQuery(context)),
  );
};

export const kill: Handler = (context) =>
  forEach(context, (name) =>
    context.client.post(`/containers/${segment(name)}/kill`, undefined, { signal: context.flags.string("signal") }),
  );

export const restart: Handler = async (context) => {
  warnDeprecated(context);
  const errors: unknown[] = [];
  for (const name of context.args) {
    try {
      await context.client.post(`/containers/${segment(name)}/restart`, undefined, stopQuery(context));
      context.out.line(name);
    } catch (error) {
      errors.push(error);
    }
  }
  throwJoined(errors);
  return 0;
};

export const remove: Handler = (context) => {
  const { flags, client, err } = context;
  const force = flags.bool("force");
  return forEach(
    context,
    async (given) => {
      const name = given.replace(/^\/+|\/+$/g, "");
      if (name === "") throw new CliError("container name cannot be empty");
      await client.delete(`/containers/${segment(name)}`, {
        v: flags.bool("volumes"),
        link: flags.bool("link"),
        force,
      });
    },
    (error) => {
      if (!force || !(error instanceof ApiError) || error.status !== 404) return false;
      err.line(error.message);
      return true;
    },
  );
};

export const rename: Handler = async ({ args, client, err }) => {
  const [from = "", to = ""] = args.map((a) => a.trim());
  if (from === "" || to === "") throw new CliError("Error: Neither old nor new names may be empty");
  try {
    await client.post(`/containers/${segment(from)}/rename`, undefined, { name: to });
  } catch (error) {
    err.line(messageOf(error));
    throw new CliError(`Error: failed to rename container named ${from}`);
  }
  return 0;
};

export const wait: Handler = async ({ args, client, out }) => {
  const errors: unknown[] = [];
  for (const name of args) {
    try {
      const response = await client.call("POST", `/containers/${segment(name)}/wait`);
      const { StatusCode } = (await readJson(response)) as { readonly StatusCode: number };
      out.line(String(StatusCode));
    } catch (error) {
      errors.push(error);
    }
  }
  throwJoined(errors);
  return 0;
};
