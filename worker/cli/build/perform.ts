/** One build from request to result: sent, shown, its outputs fetched. */
import type { Context } from "../session/context.ts";
import { ApiError, CliError } from "../session/errors.ts";
import { deliverCache } from "./caches.ts";
import { type BuildContext, openContext } from "./context.ts";
import { failureText } from "./excerpt.ts";
import type { BuildOptions } from "./options.ts";
import { deliver } from "./outputs.ts";
import { requestOf } from "./request.ts";
import type { Display, Failure, Message, Result } from "./status.ts";

export interface Performed {
  readonly result: Result;
  readonly source: BuildContext;
}

export async function performBuild(context: Context, options: BuildOptions, display: Display): Promise<Performed> {
  const { client, signal, invocation, err } = context;
  const { request, folders, outputs, cacheTo } = await requestOf(options, context);
  const source = await openContext(invocation, options, folders);
  const created = await client
    .post<{ readonly Id: string }>("/drydock/builds", {
      ...request,
      ...(source.dockerfile === undefined ? {} : { dockerfile: source.dockerfile }),
      dockerfileName: source.dockerfileName,
      contextPrefix: source.prefix,
      ...(source.ignored === undefined ? {} : { ignored: source.ignored }),
      ...(source.remote === undefined ? {} : { remote: source.remote }),
    })
    .catch(explainMissing);
  const messages = client.lines("POST", `/drydock/builds/${created.Id}/run`, {
    stream: source.stream,
    headers: { "content-type": "application/x-tar" },
    signal,
  });
  const { result, failure } = await follow(messages, display);
  await display.end(failure);
  await err.flush();
  if (failure !== undefined) throw new CliError(failureText(failure));
  if (result === undefined) throw new CliError("ERROR: failed to build: the engine ended without a result");
  if (options.call.method === "build") {
    for (const output of outputs) await deliver(context, output, result);
    for (const target of cacheTo) await deliverCache(context, target, result);
  }
  return { result, source };
}

function explainMissing(error: unknown): never {
  if (error instanceof ApiError && error.status === 404)
    throw new CliError("ERROR: this engine does not offer Drydock's builds; use its own client to build there");
  throw error;
}

async function follow(
  messages: AsyncIterable<unknown>,
  display: Display,
): Promise<{ readonly result: Result | undefined; readonly failure: Failure | undefined }> {
  let result: Result | undefined;
  let failure: Failure | undefined;
  for await (const value of messages) {
    const message = value as Message;
    result ??= message.result;
    failure ??= message.failure;
    await display.message(message);
  }
  return { result, failure };
}
