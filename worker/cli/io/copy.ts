/** Bytes from the engine to a file or stdout, and from a file or stdin to the engine. */
import { resolvePath } from "../config/config-file.ts";
import { streamChunks } from "../session/client.ts";
import type { Context } from "../session/context.ts";
import { CliError, messageOf } from "../session/errors.ts";

/** `docker save`, `docker export`: to `-o FILE`, else to stdout, but not to a terminal. */
export function checkOutput({ flags, out }: Context): void {
  if (flags.string("output") === "" && out.isTerminal)
    throw new CliError("cowardly refusing to save to a terminal. Use the -o flag or redirect");
}

/** `what` names the command in errors: "save image". */
export async function checkDirectory({ flags, invocation }: Context, what: string): Promise<void> {
  const output = flags.string("output");
  if (output === "") return;
  const path = resolvePath(invocation.cwd, output);
  const directory = path.replace(/\/[^/]*$/, "") || "/";
  const shown = output.includes("/") ? output.replace(/\/[^/]*$/, "") || "/" : ".";
  const info = await invocation.files.stat(directory);
  if (info === undefined)
    throw new CliError(`failed to ${what}: invalid output path: stat ${shown}: no such file or directory`);
  if (info.type !== "directory")
    throw new CliError(`failed to ${what}: invalid output path: stat ${shown}: not a directory`);
  const target = await invocation.files.stat(path);
  if (target?.type === "directory") throw new CliError(`failed to ${what}: cannot write to a directory`);
}

export async function saveBytes(context: Context, stream: ReadableStream<Uint8Array>): Promise<void> {
  const { flags, invocation, out } = context;
  const output = flags.string("output");
  if (output === "") {
    for await (const chunk of streamChunks(stream)) await out.write(chunk);
    return;
  }
  await stream.pipeTo(invocation.files.create(resolvePath(invocation.cwd, output), { mode: 0o600 }));
}

/** Opens a file of the caller; says so in Go's words when it is not there. */
export async function openFile({ invocation }: Context, path: string): Promise<ReadableStream<Uint8Array>> {
  const full = resolvePath(invocation.cwd, path);
  const info = await invocation.files.stat(full).catch((error) => {
    throw new CliError(messageOf(error).replace(full, path));
  });
  if (info === undefined) throw new CliError(`open ${path}: no such file or directory`);
  return invocation.files.open(full);
}
