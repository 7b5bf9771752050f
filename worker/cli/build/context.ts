/** What is to be built: a folder, a tar on standard input, or a URL; with its Dockerfile and its ignore file. */
import { cleanPath, PatternMatcher, readIgnoreFile } from "../../engine/build/dockerfile/ignore.ts";
import { joinPath, resolvePath } from "../config/config-file.ts";
import type { CliFiles, CliInvocation, FileInfo } from "../invocation.ts";
import { tarEnd, tarHeader } from "../io/small-tar.ts";
import { tarContent } from "../io/tar-pack.ts";
import { failed } from "./failed.ts";
import type { BuildOptions } from "./options.ts";

export interface BuildContext {
  readonly dockerfile: string | undefined;
  readonly dockerfileName: string;
  /** Patterns of the ignore file, where there is one. */
  readonly ignored: readonly string[] | undefined;
  /** A tar with the context at `prefix`, and others at theirs. */
  readonly stream: ReadableStream<Uint8Array>;
  readonly prefix: string;
  /** Where the engine finds the context instead. */
  readonly remote?: string;
}

/** A further context or a cache; patterns of what is left out of it. */
export interface Folder {
  readonly path: string;
  readonly ignored?: readonly string[] | undefined;
}

export async function openContext(
  invocation: CliInvocation,
  { context: path, file, inline }: Pick<BuildOptions, "context" | "file" | "inline">,
  others: ReadonlyMap<string, Folder>,
): Promise<BuildContext> {
  const { files, cwd } = invocation;
  const folders = [...others].map(([prefix, { path: other, ignored = [] }]) => ({
    prefix,
    directory: resolvePath(cwd, other),
    matcher: new PatternMatcher(ignored),
  }));
  if (path === "-") return await standardInput(invocation, file);
  if (/^(https?:\/\/|git:\/\/|git@|ssh:\/\/|github\.com\/)/.test(path))
    return {
      dockerfile: inline,
      dockerfileName: file || "Dockerfile",
      ignored: undefined,
      stream: tarOf(files, folders),
      prefix: "",
      remote: path,
    };
  const directory = cleanPath(resolvePath(cwd, path));
  const info = await files.stat(directory);
  if (info?.type !== "directory") throw failed(`unable to prepare context: path ${JSON.stringify(path)} not found`);
  const { text, name, place } =
    inline === undefined
      ? await readDockerfile(invocation, directory, file)
      : { text: inline, name: "Dockerfile", place: "" };
  // The engine says that there is none, as of a step.
  if (text === undefined)
    return { dockerfile: undefined, dockerfileName: name, ignored: undefined, stream: emptyTar(), prefix: "" };
  const ignored = await readIgnored(files, directory, place);
  const roots = [{ prefix: "context/", directory, matcher: new PatternMatcher(ignored ?? []) }, ...folders];
  return { dockerfile: text, dockerfileName: name, ignored, stream: tarOf(files, roots), prefix: "context/" };
}

async function readDockerfile(
  { files, cwd, stdin }: CliInvocation,
  directory: string,
  file: string,
): Promise<{ readonly text: string | undefined; readonly name: string; readonly place: string }> {
  if (file === "-")
    return {
      text: await new Response(stdin as ReadableStream<Uint8Array<ArrayBuffer>>).text(),
      name: "Dockerfile",
      place: "",
    };
  const place = file === "" ? joinPath(directory, "Dockerfile") : cleanPath(resolvePath(cwd, file));
  const info = await files.stat(place, { follow: true });
  const name = place.startsWith(`${directory}/`)
    ? place.slice(directory.length + 1)
    : place.slice(place.lastIndexOf("/") + 1);
  if (info === undefined || info.type === "directory") return { text: undefined, name, place };
  return { text: new TextDecoder().decode(await files.read(place)), name, place };
}

/** "<Dockerfile>.dockerignore" beside the Dockerfile comes before the context's own. */
export async function readIgnored(
  files: CliFiles,
  directory: string,
  place: string,
): Promise<readonly string[] | undefined> {
  for (const path of [...(place === "" ? [] : [`${place}.dockerignore`]), joinPath(directory, ".dockerignore")])
    if ((await files.stat(path)) !== undefined) return readIgnoreFile(new TextDecoder().decode(await files.read(path)));
  return undefined;
}

interface Root {
  readonly prefix: string;
  readonly directory: string;
  readonly matcher: PatternMatcher;
}

function tarOf(files: CliFiles, roots: readonly Root[]): ReadableStream<Uint8Array> {
  const parts = pack(files, roots);
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await parts.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await parts.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}

async function* pack(files: CliFiles, roots: readonly Root[]): AsyncGenerator<Uint8Array, void> {
  for (const { prefix, directory, matcher } of roots) {
    /** Folders that are left out, above the walk's place: one comes along when a file in it does. */
    let waiting: readonly FileInfo[] = [];
    const isLeftOut = (info: FileInfo): boolean => !matcher.isEmpty && matcher.matches(info.path);
    const enter = (folder: FileInfo): boolean => matcher.hasExclusions || !isLeftOut(folder);
    for (const info of await files.walk(directory, enter)) {
      if (info.type === "other" || info.path === "" || info.path === ".") continue;
      waiting = waiting.filter(({ path }) => info.path.startsWith(`${path}/`));
      if (isLeftOut(info)) {
        if (info.type === "directory" && matcher.hasExclusions) waiting = [...waiting, info];
        continue;
      }
      for (const member of [...waiting, info])
        yield* entry(files, joinPath(directory, member.path), `${prefix}${member.path}`, member);
      waiting = [];
    }
  }
  yield tarEnd();
}

const types = { file: "0", directory: "5", symlink: "2", other: "0" } as const;

async function* entry(files: CliFiles, full: string, name: string, info: FileInfo): AsyncGenerator<Uint8Array> {
  const size = info.type === "file" ? info.size : 0;
  yield tarHeader({
    path: info.type === "directory" ? `${name}/` : name,
    mode: info.mode & 0o7777,
    uid: 0,
    gid: 0,
    size,
    mtime: Math.floor(info.mtime),
    type: types[info.type],
    link: info.linkTarget ?? "",
  });
  if (size > 0) yield* tarContent(files.open(full), size);
}

/** A Dockerfile alone, or a tar of a context. */
async function standardInput({ stdin }: CliInvocation, file: string): Promise<BuildContext> {
  const bytes = new Uint8Array(await new Response(stdin as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());
  const start = bytes.subarray(0, 6);
  const hex = Array.from(start, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const isTar =
    /^(1f8b|425a68|fd377a585a00|28b52ffd)/.test(hex) || new TextDecoder().decode(bytes.subarray(257, 262)) === "ustar";
  const stream = new Blob([bytes]).stream();
  if (isTar)
    return { dockerfile: undefined, dockerfileName: file || "Dockerfile", ignored: undefined, stream, prefix: "" };
  return {
    dockerfile: new TextDecoder().decode(bytes),
    dockerfileName: "Dockerfile",
    ignored: undefined,
    stream: emptyTar(),
    prefix: "",
  };
}

const emptyTar = (): ReadableStream<Uint8Array> => new Blob([tarEnd() as Uint8Array<ArrayBuffer>]).stream();
