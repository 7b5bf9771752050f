/** push, save, load, import. */
import { authHeader } from "../../config/auth.ts";
import { parsePlatform } from "../../image/platform.ts";
import { familiarName, normalizedReference, withDefaultTag } from "../../image/reference.ts";
import { windowSize } from "../../io/attached.ts";
import { checkDirectory, checkOutput, openFile, saveBytes } from "../../io/copy.ts";
import { showProgress } from "../../io/progress.ts";
import { imagePath, jsonLines, readBytes, streamChunks } from "../../session/client.ts";
import type { Context, Handler } from "../../session/context.ts";
import { CliError } from "../../session/errors.ts";

const columnsOf = async (context: Context): Promise<number> => (await windowSize(context))[1] || 200;

export const push: Handler = async (context) => {
  const { flags, args, client, out } = context;
  const [image = ""] = args;
  const all = flags.bool("all-tags");
  const quiet = flags.bool("quiet");
  const platform = flags.string("platform");
  const given = normalizedReference(image);
  const named = given.tag !== undefined || given.digest !== undefined;
  if (all && named) throw new CliError("tag can't be used with --all-tags/-a");
  const reference = all ? given : withDefaultTag(given);
  if (!all && !named && !quiet) out.line(`Using default tag: ${reference.tag}`);
  const messages = client.lines("POST", `/images/${imagePath(familiarName(reference))}/push`, {
    query: {
      tag: all ? "" : reference.tag,
      ...(platform !== "" && { platform: JSON.stringify(parsePlatform(platform)) }),
    },
    headers: await authHeader(context, image),
  });
  if (quiet) {
    for await (const message of messages) {
      const { errorDetail } = message as { readonly errorDetail?: { readonly message: string } };
      if (errorDetail !== undefined) throw new CliError(errorDetail.message);
    }
    out.line(`${reference.domain}/${reference.path}${reference.tag === undefined ? "" : `:${reference.tag}`}`);
    return 0;
  }
  await showProgress(messages, out, { columns: await columnsOf(context) });
  return 0;
};

export const save: Handler = async (context) => {
  const { flags, args, client } = context;
  const platform = flags.string("platform");
  const parsed = platform === "" ? undefined : JSON.stringify(parsePlatform(platform));
  checkOutput(context);
  await checkDirectory(context, "save image");
  const response = await client.call("GET", "/images/get", { query: { names: args, platform: parsed } });
  await saveBytes(context, readBytes(response));
  return 0;
};

export const load: Handler = async (context) => {
  const { flags, client, invocation, out } = context;
  const input = flags.string("input");
  if (input === "" && invocation.terminal.stdin) throw new CliError("requested load from stdin, but stdin is empty");
  const stream = input === "" ? invocation.stdin : await openFile(context, input);
  const platform = flags.string("platform");
  const response = await client.call("POST", "/images/load", {
    query: {
      quiet: flags.bool("quiet") || !out.isTerminal ? "1" : "0",
      ...(platform !== "" && { platform: JSON.stringify(parsePlatform(platform)) }),
    },
    headers: { "content-type": "application/x-tar" },
    stream,
  });
  const isJson =
    response.body.kind !== "text" && !/^text\//.test(response.headers["content-type"] ?? "application/json");
  if (isJson) await showProgress(jsonLines(response), out, { columns: await columnsOf(context) });
  else for await (const chunk of streamChunks(readBytes(response))) await out.write(chunk);
  return 0;
};

export const importImage: Handler = async (context) => {
  const { flags, args, client, invocation, out } = context;
  const [source = "", reference = ""] = args;
  const isUrl = /^https?:\/\//.test(source);
  if (reference !== "") normalizedReference(reference);
  const messages = client.lines("POST", "/images/create", {
    query: {
      fromSrc: isUrl ? source : "-",
      repo: reference,
      message: flags.string("message"),
      platform: flags.string("platform").toLowerCase(),
      changes: flags.list("change"),
    },
    ...(!isUrl && {
      stream: source === "-" ? invocation.stdin : await openFile(context, source),
      headers: { "content-type": "text/plain" },
    }),
  });
  await showProgress(messages, out, { columns: await columnsOf(context) });
  return 0;
};
