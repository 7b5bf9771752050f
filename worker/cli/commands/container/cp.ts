/** `docker cp`, both ways and through `-`. Follows docker/cli's cp and moby's archive copy rules. */

import { humanSize } from "../../../go/units.ts";
import { resolvePath } from "../../config/config-file.ts";
import { cut } from "../../flags/values.ts";
import { type CopySource, packTree } from "../../io/tar-pack.ts";
import { unpackTar } from "../../io/tar-unpack.ts";
import { cleanPath } from "../../run/mount.ts";
import { readBytes, segment, streamChunks } from "../../session/client.ts";
import type { Context, Handler } from "../../session/context.ts";
import { CliError } from "../../session/errors.ts";

interface Place {
  readonly container: string;
  readonly path: string;
}

/** "container:path"; a local path with a colon starts with "/" or ".". */
function parsePlace(argument: string): Place {
  if (argument.startsWith("/")) return { container: "", path: argument };
  const [container, path, ok] = cut(argument, ":");
  return !ok || container.startsWith(".") ? { container: "", path: argument } : { container, path };
}

export const cp: Handler = async (context) => {
  const [from = "", to = ""] = context.args;
  if (from === "") throw new CliError("source can not be empty");
  if (to === "") throw new CliError("destination can not be empty");
  const source = parsePlace(from);
  const target = parsePlace(to);
  if (source.container !== "" && target.container !== "")
    throw new CliError("copying between containers is not supported");
  if (source.container === "" && target.container === "")
    throw new CliError("must specify at least one container source");
  return source.container !== "" ? copyOut(context, source, target.path) : copyIn(context, source.path, target);
};

const isQuiet = ({ flags, out }: Context): boolean => (flags.changed("quiet") ? flags.bool("quiet") : !out.isTerminal);

// Bits of Go's os.FileMode, as the API's stat header has them.
const modeDirectory = 2 ** 31;
const modeSymlink = 2 ** 27;
interface PathStat {
  readonly mode: number;
  readonly linkTarget: string;
}
const has = ({ mode }: PathStat, bit: number): boolean => Math.floor(mode / bit) % 2 === 1;

async function statInContainer({ client }: Context, { container, path }: Place): Promise<PathStat | undefined> {
  try {
    const { headers } = await client.call("HEAD", `/containers/${segment(container)}/archive`, { query: { path } });
    return parseStat(headers["x-docker-container-path-stat"]);
  } catch (error) {
    if (error instanceof CliError) return undefined;
    throw error;
  }
}
function parseStat(header: string | undefined): PathStat | undefined {
  if (header === undefined) return undefined;
  const bytes = Uint8Array.from(atob(header), (c) => c.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes)) as PathStat;
}

const parentOf = (path: string): string =>
  cleanPath(path).replace(/\/[^/]*$/, "") || (path.startsWith("/") ? "/" : ".");
/** The last element; "." where the path says so ("dir/."). */
const baseOf = (path: string): string => (/(?:^|\/)\.$/.test(path) ? "." : (cleanPath(path).split("/").at(-1) ?? ""));

async function copyOut(context: Context, source: Place, target: string): Promise<number> {
  const { client, out, err, invocation, flags } = context;
  let { path } = source;
  let rename: string | undefined;
  if (target !== "-") await checkTarget(context, target);
  if (flags.bool("follow-link")) {
    const stat = await statInContainer(context, source);
    if (stat !== undefined && has(stat, modeSymlink)) {
      rename = baseOf(path);
      path = stat.linkTarget.startsWith("/") ? stat.linkTarget : `${parentOf(path)}/${stat.linkTarget}`;
    }
  }
  const response = await client.call("GET", `/containers/${segment(source.container)}/archive`, { query: { path } });
  const content = readBytes(response);
  if (target === "-") {
    for await (const chunk of streamChunks(content)) await out.write(chunk);
    return 0;
  }
  const stat = parseStat(response.headers["x-docker-container-path-stat"]);
  const full = resolvePath(invocation.cwd, target);
  const info = await invocation.files.stat(full);
  const plan = placement(
    { base: baseOf(path), rename, directory: stat !== undefined && has(stat, modeDirectory) },
    { path: full, exists: info !== undefined, directory: info?.type === "directory", asserted: /\/\.?$/.test(target) },
  );
  let size = 0;
  const counted = content.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size += chunk.length;
        controller.enqueue(chunk);
      },
    }),
  );
  await unpackTar(invocation.files, counted, plan.directory, plan.rename);
  if (!isQuiet(context)) err.line(`Successfully copied ${humanSize(size, 3)} to ${full}`);
  return 0;
}

async function checkTarget({ invocation }: Context, target: string): Promise<void> {
  const full = resolvePath(invocation.cwd, target);
  const directory = parentOf(full);
  if ((await invocation.files.stat(directory)) === undefined)
    throw new CliError(`invalid output path: directory ${JSON.stringify(directory)} does not exist`);
}

interface Source {
  readonly base: string;
  readonly rename: string | undefined;
  readonly directory: boolean;
}
interface Target {
  readonly path: string;
  readonly exists: boolean;
  readonly directory: boolean;
  /** Written with a trailing slash: must be a directory. */
  readonly asserted: boolean;
}
interface Placement {
  readonly directory: string;
  /** First path element of the archive's entries: old and new name. */
  readonly rename: readonly [string, string] | undefined;
}

/** moby's archive.PrepareArchiveCopy. */
function placement(source: Source, target: Target): Placement {
  const own = source.rename === undefined ? undefined : ([source.base, source.rename] as const);
  if (target.exists && target.directory) return { directory: target.path, rename: own };
  if (target.exists && source.directory) throw new CliError("cannot copy directory");
  if (!target.exists && !source.directory && target.asserted) throw new CliError("no such directory");

  return { directory: parentOf(target.path), rename: [source.base, baseOf(cleanPath(target.path))] };
}

async function copyIn(context: Context, source: string, target: Place): Promise<number> {
  const { client, err, invocation, flags } = context;
  let path = target.path;
  let stat = await statInContainer(context, target);
  if (stat !== undefined && has(stat, modeSymlink)) {
    path = stat.linkTarget.startsWith("/") ? stat.linkTarget : `${parentOf(path)}/${stat.linkTarget}`;
    stat = await statInContainer(context, { container: target.container, path });
  }
  const directory = stat !== undefined && has(stat, modeDirectory);
  let stream: ReadableStream<Uint8Array>;
  let destination = path;
  let size = 0;
  if (source === "-") {
    if (!directory) throw new CliError(`destination "${target.container}:${target.path}" must be a directory`);
    stream = invocation.stdin;
  } else {
    const local = await localSource(context, source, flags.bool("follow-link"));
    const plan = placement(
      { base: local.base, rename: undefined, directory: local.directory },
      { path, exists: stat !== undefined, directory, asserted: /\/\.?$/.test(target.path) },
    );
    destination = plan.directory;
    const name = plan.rename === undefined ? local.base : plan.rename[1];
    stream = packTree(invocation.files, { ...local, name }, (bytes) => {
      size += bytes;
    });
  }
  await client.call("PUT", `/containers/${segment(target.container)}/archive`, {
    query: { path: destination, noOverwriteDirNonDir: "true", ...(flags.bool("archive") && { copyUIDGID: "true" }) },
    headers: { "content-type": "application/x-tar" },
    stream,
  });
  if (!isQuiet(context) && source !== "-")
    err.line(`Successfully copied ${humanSize(size, 3)} to ${target.container}:${path}`);
  return 0;
}

async function localSource(
  { invocation }: Context,
  source: string,
  follow: boolean,
): Promise<CopySource & { readonly base: string }> {
  const full = resolvePath(invocation.cwd, source);
  const clean = cleanPath(full);
  // "link/" and "link/." mean what the link points to.
  const info = await invocation.files.stat(clean, { follow: follow || /\/\.?$/.test(source) });
  if (info === undefined) throw new CliError(`lstat ${parentOf(clean)}/${baseOf(clean)}: no such file or directory`);
  const base = baseOf(full);
  return { path: clean, info, directory: info.type === "directory", base, name: base };
}
