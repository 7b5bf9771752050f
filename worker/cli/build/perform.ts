/** One build from request to result: sent, shown, its outputs fetched. */
import type { Context } from "../session/context.ts";
import { ApiError, CliError, type Terminated } from "../session/errors.ts";
import { deliverCache } from "./caches.ts";
import { type BuildContext, openContext } from "./context.ts";
import { failureText, placesText } from "./excerpt.ts";
import type { BuildOptions } from "./options.ts";
import { deliver, type OutputTarget } from "./outputs.ts";
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
  const { result, failure } = await follow(messages, display).catch(async (error: unknown) => {
    await display.abandon?.();
    if (!signal.aborted) throw error;
    const { exitCode } = signal.reason as Terminated;
    throw new CliError("ERROR: failed to build: failed to solve: Canceled: context canceled", exitCode);
  });
  if (result !== undefined && options.call.method === "build") {
    for (const output of outputs)
      await clientStep(context, display, exports[output.kind], () => deliver(context, output, result));
    for (const target of cacheTo) await deliverCache(context, target, result);
    if (context.flags.string("metadata-file") !== "")
      await clientStep(context, display, { name: "resolving provenance for metadata file" }, async () => 0);
  }
  await display.end(failure);
  await err.flush();
  if (failure !== undefined)
    // What keeps a check from finding anything is among its findings.
    throw new CliError(
      options.call.method === "check" ? `ERROR: ${failure.message}\n${placesText(failure)}` : failureText(failure),
    );
  if (result === undefined) throw new CliError("ERROR: failed to build: the engine ended without a result");
  return { result, source };
}

interface ClientStep {
  readonly name: string;
  readonly part?: string;
}

/** What the client does of a build itself, among the engine's steps. */
async function clientStep(
  { now }: Context,
  display: Display,
  title: ClientStep | undefined,
  work: () => Promise<number>,
): Promise<void> {
  if (title === undefined) return void (await work());
  const time = (): string => new Date(now()).toISOString();
  const { name, part } = title;
  const step = { digest: `client ${name}`, name, started: time() };
  await display.message({ vertexes: [step] });
  const current = await work();
  const completed = time();
  if (part !== undefined) await display.message({ statuses: [{ id: part, vertex: step.digest, current, completed }] });
  await display.message({ vertexes: [{ ...step, completed }] });
}

const exports: Readonly<Partial<Record<OutputTarget["kind"], ClientStep>>> = {
  local: { name: "exporting to client directory", part: "copying files" },
  archive: { name: "exporting to client tarball", part: "sending tarball" },
  tar: { name: "exporting to client tarball", part: "sending tarball" },
};

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
