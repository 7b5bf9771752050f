/** `docker build` and `docker buildx build`. */
import { resolvePath, writeFile } from "../config/config-file.ts";
import { windowSize } from "../io/attached.ts";
import { unpackTar } from "../io/tar-unpack.ts";
import { readBytes, streamChunks } from "../session/client.ts";
import type { Context, Handler } from "../session/context.ts";
import { ApiError, CliError } from "../session/errors.ts";
import { type BuildContext, openContext } from "./context.ts";
import { checkReport, failureText, warningSummary } from "./excerpt.ts";
import { buildFlags, parse } from "./flags.ts";
import { buildHelp } from "./help.ts";
import { LiveDisplay } from "./live.ts";
import { PlainDisplay } from "./plain.ts";
import { type OutputTarget, outputOf, requestOf } from "./request.ts";
import type { Display, Failure, Message, Result } from "./status.ts";

const usage = "docker buildx build [OPTIONS] PATH | URL | -";

export const build: Handler = async (context) => {
  const { invocation, client, signal, out, err } = context;
  const { flags, args, help } = parse(usage, buildFlags, context.args);
  if (help) {
    out.print(buildHelp);
    return 0;
  }
  const [path] = args;
  if (path === undefined || args.length > 1)
    throw new CliError(
      `ERROR: docker: 'docker buildx build' requires 1 argument\n\nUsage:  ${usage}\n\nRun 'docker buildx build --help' for more information`,
    );
  const { request, folders } = await requestOf(flags, invocation);
  const target = outputOf(flags);
  const source = await openContext(invocation, path, flags.string("file"), folders);
  const body = {
    ...request,
    ...(source.dockerfile === undefined ? {} : { dockerfile: source.dockerfile }),
    dockerfileName: source.dockerfileName,
    contextPrefix: source.prefix,
    ...(source.ignored === undefined ? {} : { ignored: source.ignored }),
    output: target.kind === "local" || target.kind === "tar" ? "files" : target.kind === "none" ? "none" : "image",
  };
  const created = await client.post<{ readonly Id: string }>("/drydock/builds", body).catch(explainMissing);
  const messages = client.lines("POST", `/drydock/builds/${created.Id}/run`, {
    stream: source.stream,
    headers: { "content-type": "application/x-tar" },
    signal,
  });
  const check = request.check === true;
  const progress = flags.string("progress") || invocation.env.BUILDKIT_PROGRESS || "auto";
  const display = await displayOf(context, flags.bool("quiet") || check ? "quiet" : progress);
  const { result, failure } = await follow(messages, display);
  await display.end(failure);
  await err.flush();
  if (failure !== undefined) throw new CliError(failureText(failure));
  if (result === undefined) throw new CliError("ERROR: failed to build: the engine ended without a result");
  if (check) return report(context, result, source);
  if (!flags.bool("quiet") && progress !== "rawjson") err.print(warningSummary(result.warnings));
  if (flags.bool("explain")) err.print(explanation(result));
  await deliver(context, target, result);
  if (result.image !== undefined) {
    if (flags.string("iidfile") !== "")
      await writeFile(invocation, resolvePath(invocation.cwd, flags.string("iidfile")), result.image, 0o644);
    if (flags.string("metadata-file") !== "")
      await writeFile(
        invocation,
        resolvePath(invocation.cwd, flags.string("metadata-file")),
        `${JSON.stringify(metadata(result), undefined, 2)}\n`,
        0o644,
      );
    if (flags.bool("quiet")) out.line(result.image);
  }
  if (flags.bool("push")) for (const name of result.names) await push(context, name);
  return 0;
};

function explainMissing(error: unknown): never {
  if (error instanceof ApiError && error.status === 404)
    throw new CliError("ERROR: this engine does not offer Drydock's builds; use its own client to build there");
  throw error;
}

const metadata = ({ image, names, ref }: Result): Readonly<Record<string, string>> => ({
  "buildx.build.ref": `default/default/${ref}`,
  "containerimage.config.digest": image ?? "",
  "containerimage.digest": image ?? "",
  ...(names.length === 0 ? {} : { "image.name": names.join(",") }),
});

async function displayOf(context: Context, progress: string): Promise<Display> {
  const { err, now, out } = context;
  switch (progress) {
    case "quiet":
      return { message: () => undefined, end: () => undefined };
    case "rawjson":
      return {
        message: (message: Message) => {
          if (message.result === undefined && message.failure === undefined) err.line(JSON.stringify(message));
        },
        end: () => undefined,
      };
    case "plain":
      return new PlainDisplay(err);
    case "auto":
    case "tty": {
      if (progress === "auto" && !err.isTerminal) return new PlainDisplay(err);
      if (progress === "tty" && !err.isTerminal && !out.isTerminal)
        throw new CliError("ERROR: failed to build: failed to get console: provided file is not a console");
      const [rows, columns] = await windowSize(context);
      return new LiveDisplay(err, { rows: rows || 24, columns: columns || 80 }, now);
    }
    default:
      throw new CliError(`ERROR: invalid progress mode ${progress}`);
  }
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

function report({ out }: Context, { warnings }: Result, source: BuildContext): number {
  const text = source.dockerfile ?? "";
  out.print(checkReport(warnings, source.dockerfileName, text));
  return warnings.length === 0 ? 0 : 1;
}

/** `--explain`: why each step that ran was not cached. */
function explanation({ steps }: Result): string {
  const lines = steps.map(({ title, cached, key, reasons }) =>
    cached
      ? `${title}\n  cached (${key.slice(7, 19)})`
      : `${title}\n${reasons.map((why) => `  not cached: ${why}`).join("\n")}`,
  );
  return `\n${lines.join("\n")}\n`;
}

async function deliver(context: Context, target: OutputTarget, result: Result): Promise<void> {
  const { client, invocation, out } = context;
  if (target.kind === "image" || target.kind === "none") return;
  if (target.kind === "docker" || target.kind === "oci") {
    const names = result.names.length > 0 ? result.names : [result.image ?? ""];
    const saved = await client.call("GET", "/images/get", { query: { names } });
    return await write(context, target.path, readBytes(saved));
  }
  const stream = readBytes(await client.call("GET", `/drydock/builds/${result.ref}/files`));
  if (target.kind === "tar") return await write(context, target.path, stream);
  const directory = resolvePath(invocation.cwd, target.path);
  await invocation.files.mkdir(directory, { parents: true, mode: 0o755 });
  await unpackTar(invocation.files, stream, directory, undefined);
  await out.flush();
}

async function write({ invocation, out }: Context, path: string, stream: ReadableStream<Uint8Array>): Promise<void> {
  if (path === "" || path === "-") for await (const part of streamChunks(stream)) await out.write(part);
  else await stream.pipeTo(invocation.files.create(resolvePath(invocation.cwd, path), { mode: 0o644 }));
}

async function push({ client, err }: Context, name: string): Promise<void> {
  const slash = name.lastIndexOf("/");
  const colon = name.indexOf(":", slash);
  const tag = colon < 0 ? "latest" : name.slice(colon + 1);
  const repository = colon < 0 ? name : name.slice(0, colon);
  for await (const message of client.lines("POST", `/images/${repository}/push`, { query: { tag } })) {
    const { error, status, id } = message as {
      readonly error?: string;
      readonly status?: string;
      readonly id?: string;
    };
    if (error !== undefined) throw new CliError(`ERROR: failed to build: failed to push ${name}: ${error}`);
    if (status !== undefined && id === undefined) err.line(status);
  }
}
