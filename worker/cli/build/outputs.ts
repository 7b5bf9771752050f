/** `--output`: what becomes of a build, and the files that it leaves with the client. */

import { parseCsv } from "../../go/csv.ts";
import { resolvePath } from "../config/config-file.ts";
import { unpackTar } from "../io/tar-unpack.ts";
import { readBytes, streamChunks } from "../session/client.ts";
import type { Context } from "../session/context.ts";
import { CliError } from "../session/errors.ts";
import { failed } from "./failed.ts";
import type { BuildOptions } from "./options.ts";
import type { Result } from "./status.ts";

export type OutputTarget =
  /** In the engine's own store; `name` where the output names it. */
  | { readonly kind: "image"; readonly push: boolean; readonly names: readonly string[] }
  | { readonly kind: "none" }
  | { readonly kind: "local"; readonly path: string }
  /** "" or "-" is standard output. */
  | { readonly kind: "tar"; readonly path: string }
  | { readonly kind: "archive"; readonly format: "docker" | "oci"; readonly path: string };

export function outputsOf(options: Pick<BuildOptions, "outputs" | "push" | "load" | "tags">): readonly OutputTarget[] {
  const targets = options.outputs.map(outputOf);
  if (options.push) targets.push({ kind: "image", push: true, names: [] });
  if (options.load) targets.push({ kind: "image", push: false, names: [] });
  if (targets.length === 0) targets.push({ kind: "image", push: false, names: [] });
  for (const target of targets)
    if (target.kind === "image" && target.push && options.tags.length === 0 && target.names.length === 0)
      throw failed("tag is needed when pushing to registry");
  if (targets.filter(writesStandardOutput).length > 1) throw failed("multiple outputs configured to write to stdout");
  return targets;
}

const writesStandardOutput = (target: OutputTarget): boolean =>
  (target.kind === "tar" || target.kind === "archive") && (target.path === "" || target.path === "-");

/** "DIR", "-", or "type=…,dest=…". */
function outputOf(text: string): OutputTarget {
  if (!text.includes("=")) return text === "-" ? { kind: "tar", path: "-" } : { kind: "local", path: text };
  const fields: Readonly<Record<string, string>> = Object.fromEntries(
    parseCsv(text).map((field) => [field.split("=", 1)[0] ?? "", field.slice(field.indexOf("=") + 1)]),
  );
  const path = fields.dest ?? "";
  const names = (fields.name ?? "").split(",").filter(Boolean);
  switch (fields.type) {
    case undefined:
      throw new CliError("type is required for output");
    case "image":
      return { kind: "image", push: fields.push === "true", names };
    case "registry":
      return { kind: "image", push: true, names };
    case "docker":
      return path === "" ? { kind: "image", push: false, names } : { kind: "archive", format: "docker", path };
    case "oci":
      return { kind: "archive", format: "oci", path };
    case "cacheonly":
      return { kind: "none" };
    case "tar":
      return { kind: "tar", path: path || "-" };
    case "local":
      if (path === "") throw failed("dest is required for local exporter");
      return { kind: "local", path };
    default:
      throw failed(`failed to solve: exporter ${JSON.stringify(fields.type)} could not be found`);
  }
}

/** What the engine is to keep of the result. */
export const keptOutputs = (targets: readonly OutputTarget[]): readonly ("image" | "files")[] => [
  ...(targets.some(({ kind }) => kind === "image" || kind === "archive") ? (["image"] as const) : []),
  ...(targets.some(({ kind }) => kind === "local" || kind === "tar") ? (["files"] as const) : []),
];

/** Of an image that is for a file alone, the file's format. */
export function archiveOf(targets: readonly OutputTarget[]): "docker" | "oci" | undefined {
  const formats = targets.map((target) => (target.kind === "archive" ? target.format : undefined));
  return targets.some(({ kind }) => kind === "image") ? undefined : formats.find((format) => format !== undefined);
}

/** How many bytes of files were written, where they are files. */
export async function deliver(context: Context, target: OutputTarget, result: Result): Promise<number> {
  const { client, invocation, out } = context;
  switch (target.kind) {
    case "none":
      return 0;
    case "image":
      if (target.push) for (const name of result.names) await push(context, name);
      return 0;
    case "archive": {
      const names = result.names.length > 0 ? result.names : [result.image ?? ""];
      const archive = readBytes(await client.call("GET", "/images/get", { query: { names } }));
      await write(context, target.path, archive);
      return 0;
    }
    case "tar":
      await write(context, target.path, await filesOf(context, result));
      return 0;
    case "local": {
      const directory = resolvePath(invocation.cwd, target.path);
      await invocation.files.mkdir(directory, { parents: true, mode: 0o755 });
      const written = await unpackTar(invocation.files, await filesOf(context, result), directory, undefined);
      await out.flush();
      return written;
    }
  }
}

const filesOf = async ({ client }: Context, { ref }: Result): Promise<ReadableStream<Uint8Array>> =>
  readBytes(await client.call("GET", `/drydock/builds/${ref}/files`));

async function write({ invocation, out }: Context, path: string, stream: ReadableStream<Uint8Array>): Promise<void> {
  if (path === "" || path === "-") for await (const part of streamChunks(stream)) await out.write(part);
  else await stream.pipeTo(invocation.files.create(resolvePath(invocation.cwd, path), { mode: 0o644 }));
}

async function push(context: Context, name: string): Promise<void> {
  const { client, err } = context;
  const { authHeader } = await import("../config/auth.ts");
  const slash = name.lastIndexOf("/");
  const colon = name.indexOf(":", slash);
  const tag = colon < 0 ? "latest" : name.slice(colon + 1);
  const repository = colon < 0 ? name : name.slice(0, colon);
  const headers = await authHeader(context, name);
  for await (const message of client.lines("POST", `/images/${repository}/push`, { query: { tag }, headers })) {
    const { error, status, id } = message as {
      readonly error?: string;
      readonly status?: string;
      readonly id?: string;
    };
    if (error !== undefined) throw failed(`failed to push ${name}: ${error}`);
    if (status !== undefined && id === undefined) err.line(status);
  }
}
