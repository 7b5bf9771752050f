/** `docker cp` and `docker export`: tar streams out of and into a container (moby's daemon/archive_unix.go). */
import { EngineError, isEngineError } from "../errors.ts";
import { type BatchContext, type FileStat, type Guest, GuestError, type Op, type TreeEntry } from "../ports/guest.ts";
import type { TarEntry } from "../tar-format.ts";
import { readTar, type TarMember } from "../tar-reader.ts";
import { type TarInput, writeTar } from "../tar-writer.ts";
import { cleanPath } from "./mount-specs.ts";
import { type Resolved, resolveInRoot } from "./resolve-path.ts";
import { formatTime } from "./times.ts";
import { walkTree } from "./walk-tree.ts";

/** X-Docker-Container-Path-Stat. `mode` is Go's os.FileMode. */
export interface PathStat {
  readonly name: string;
  readonly size: number;
  readonly mode: number;
  readonly mtime: string;
  readonly linkTarget: string;
}

const goTypeBits: Readonly<Record<FileStat["type"], number>> = {
  file: 0,
  directory: 0x80000000,
  symlink: 0x08000000,
  block: 0x04000000,
  char: 0x04000000 + 0x00200000,
  fifo: 0x02000000,
  socket: 0x01000000,
};

export function goFileMode(stat: FileStat): number {
  const special =
    (stat.mode & 0o4000 ? 0x00800000 : 0) +
    (stat.mode & 0o2000 ? 0x00400000 : 0) +
    (stat.mode & 0o1000 ? 0x00100000 : 0);
  return goTypeBits[stat.type] + special + (stat.mode & 0o777);
}

export interface Located extends Resolved {
  /** As the caller named it: what entries are called in the archive. */
  readonly base: string;
}

/** The path's parent with links followed; the last component too when the path ends in "/" or "/.". */
export async function locate(guest: Guest, context: BatchContext, path: string, container: string): Promise<Located> {
  const entersDirectory = /(^|\/)\.?$/.test(path);
  const found = await resolveInRoot(guest, context, path, entersDirectory).catch(notADirectory);
  if (
    found === undefined ? await isBelowFile(guest, context, path) : entersDirectory && found.stat.type !== "directory"
  )
    throw new EngineError("system", `lstat ${path}: not a directory`);
  if (found === undefined) throw fileNotFound(path, container);
  const base = /(^|\/)\.\/*$/.test(path) ? "." : (cleanPath(path).split("/").pop() ?? "");
  return { ...found, base: base === "" ? "/" : base };
}

/** Whether a file is on the way to what does not exist. */
async function isBelowFile(guest: Guest, context: BatchContext, path: string): Promise<boolean> {
  const parts = cleanPath(path).split("/").slice(0, -1);
  for (let left = parts.length; left > 1; left--) {
    const parent = await resolveInRoot(guest, context, parts.slice(0, left).join("/")).catch(notADirectory);
    if (parent !== undefined) return parent.stat.type !== "directory";
  }
  return false;
}

function notADirectory(error: unknown): undefined {
  if (error instanceof GuestError && (error.errno === "ENOTDIR" || error.errno === "ELOOP")) return undefined;
  throw error;
}

export function fileNotFound(path: string, container: string): EngineError {
  return new EngineError("notFound", `Could not find the file ${path} in container ${container}`);
}

export async function describePath(guest: Guest, context: BatchContext, located: Located): Promise<PathStat> {
  const { stat } = located;
  let linkTarget = "";
  if (stat.type === "symlink") {
    const [target] = await guest.batch([{ op: "readlink", path: located.path }], context);
    const text = String(target);
    linkTarget = text.startsWith("/") ? cleanPath(text) : cleanPath(`${located.path}/../${text}`);
  }
  return {
    name: located.base,
    size: stat.size,
    mode: goFileMode(stat),
    mtime: formatTime(new Date(stat.mtime * 1000)),
    linkTarget,
  };
}

// -------------------------------------------------------------------- out
/** The tree at `path` as an archive whose first entry is called `base`; "" leaves that out. `closed` is called once, at the end or when the reader goes. */
export function archiveTree(
  guest: Guest,
  context: BatchContext,
  path: string,
  base: string,
  closed: () => Promise<void>,
): ReadableStream<Uint8Array> {
  const inner = writeTar(treeEntries(guest, context, path, base));
  const reader = inner.getReader();
  let open = true;
  const close = async (): Promise<void> => {
    if (!open) return;
    open = false;
    await closed().catch(() => {});
  };
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        await close();
        controller.close();
      } catch (error) {
        await close();
        controller.error(error);
      }
    },
    async cancel(reason) {
      await reader.cancel(reason).catch(() => {});
      await close();
    },
  });
}

/** Files up to this size are read in batches, others as streams. */
const smallFile = 128 * 1024;
const batchBytes = 512 * 1024;

async function* treeEntries(guest: Guest, context: BatchContext, path: string, base: string): AsyncGenerator<TarInput> {
  // Names of files with several links, by inode.
  const links = new Map<number, string>();
  for await (const entries of walkTree(guest, context, path)) {
    const read = prefetch(guest, context, path, entries);
    for (const [i, entry] of entries.entries()) yield* tarInput(entry, base, links, () => read(i));
  }
}

async function* tarInput(
  entry: TreeEntry,
  base: string,
  links: Map<number, string>,
  read: () => Promise<Uint8Array | ReadableStream<Uint8Array>>,
): AsyncGenerator<TarInput> {
  if (entry.type === "socket" || (entry.path === "" && base === "")) return;
  const plain = entry.path === "" ? base : base === "" || base === "/" ? base + entry.path : `${base}/${entry.path}`;
  const name = entry.type === "directory" && !plain.endsWith("/") ? `${plain}/` : plain;
  const shared = { name, mode: entry.mode, uid: entry.uid, gid: entry.gid, mtime: entry.mtime };
  const xattrs = securityXattrs(entry);
  switch (entry.type) {
    case "file": {
      const first = entry.links > 1 ? links.get(entry.inode) : undefined;
      if (first !== undefined) {
        yield { header: { ...shared, type: "hardlink", linkName: first } };
        break;
      }
      if (entry.links > 1) links.set(entry.inode, name);
      const body = await read();
      const size = body instanceof Uint8Array ? body.length : entry.size;
      yield { header: { ...shared, type: "file", size, ...xattrs }, body };
      break;
    }
    case "symlink":
      yield { header: { ...shared, type: "symlink", linkName: entry.linkTarget ?? "" } };
      break;
    case "directory":
    case "fifo":
      yield { header: { ...shared, type: entry.type, ...xattrs } };
      break;
    case "char":
    case "block":
      yield { header: { ...shared, type: entry.type, major: entry.major, minor: entry.minor } };
  }
}

function securityXattrs(entry: TreeEntry): { xattrs?: Readonly<Record<string, Uint8Array>> } {
  const capability = entry.xattrs["security.capability"];
  return capability === undefined ? {} : { xattrs: { "security.capability": capability } };
}

/** Reads small files many at a time, a round trip for half a megabyte. */
function prefetch(
  guest: Guest,
  context: BatchContext,
  root: string,
  entries: readonly TreeEntry[],
): (index: number) => Promise<Uint8Array | ReadableStream<Uint8Array>> {
  const ready = new Map<number, Uint8Array>();
  const pathOf = (entry: TreeEntry): string => (entry.path === "" ? root : `${root === "/" ? "" : root}/${entry.path}`);
  return async (index) => {
    const known = ready.get(index);
    if (known !== undefined) {
      ready.delete(index);
      return known;
    }
    const entry = entries[index];
    if (entry === undefined) return new Uint8Array(0);
    if (entry.size > smallFile) return exactly(guest.readFile(pathOf(entry), context), entry.size);
    const chosen: number[] = [];
    for (let i = index, bytes = 0; i < entries.length && bytes < batchBytes; i++) {
      const e = entries[i];
      if (e?.type !== "file" || e.size > smallFile) continue;
      chosen.push(i);
      bytes += e.size;
    }
    const results = await guest.batch(
      chosen.map((i): Op => ({ op: "read", path: pathOf(entries[i] ?? entry), limit: smallFile, ignore: ["ENOENT"] })),
      context,
    );
    chosen.forEach((i, at) => {
      ready.set(i, (results[at] as Uint8Array | undefined) ?? new Uint8Array(0));
    });
    const own = ready.get(index) ?? new Uint8Array(0);
    ready.delete(index);
    return own;
  };
}

/** A file that changes while it is read still fills its entry: cut, or padded with zeros. */
function exactly(source: ReadableStream<Uint8Array>, size: number): ReadableStream<Uint8Array> {
  let left = size;
  return source.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        const part = chunk.subarray(0, left);
        left -= part.length;
        if (part.length > 0) controller.enqueue(part);
      },
      flush(controller) {
        for (; left > 0; left -= Math.min(left, smallFile))
          controller.enqueue(new Uint8Array(Math.min(left, smallFile)));
      },
    }),
  );
}

// -------------------------------------------------------------------- in
export interface ExtractOptions {
  /** A directory does not replace a file, nor the other way round. */
  readonly noOverwriteDirNonDir: boolean;
  /** Absent: as the archive says. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

/** Unpacks an archive below `directory`; nothing in it can name a place outside. */
export async function extractArchive(
  guest: Guest,
  context: BatchContext,
  directory: string,
  source: ReadableStream<Uint8Array>,
  options: ExtractOptions,
): Promise<void> {
  let ops: Op[] = [];
  let bytes = 0;
  const times: Op[] = [];
  // Entries resolve below the target: the target becomes the root, so that links in the archive lead nowhere else.
  const inside = (name: string): string => cleanPath(`${directory}/${cleanPath(name)}`);
  const flush = async (): Promise<void> => {
    const batch = ops;
    ops = [];
    bytes = 0;
    if (batch.length > 0) await guest.batch(batch, context).catch((error: unknown) => refuse(error, directory));
  };
  for await (const { entry, body } of members(source)) {
    const path = inside(entry.name);
    if (path === cleanPath(directory) && entry.type === "directory") continue;
    const { uid, gid } = options.owner ?? entry;
    const parent = path.slice(0, path.lastIndexOf("/"));
    if (parent !== "" && parent !== directory) ops.push({ op: "mkdir", path: parent, parents: true, mode: 0o755 });
    if (entry.type !== "directory")
      ops.push(
        options.noOverwriteDirNonDir
          ? { op: "unlink", path, ignore: ["ENOENT", "EISDIR", "EPERM"] }
          : { op: "removeTree", path },
      );
    switch (entry.type) {
      case "directory":
        if (!options.noOverwriteDirNonDir) ops.push({ op: "unlink", path, ignore: ["*"] });
        ops.push(
          { op: "mkdir", path, parents: true, mode: entry.mode & 0o7777 },
          { op: "chmod", path, mode: entry.mode & 0o7777 },
        );
        break;
      case "file":
        if (entry.size > smallFile) {
          await flush();
          await body
            .pipeTo(guest.writeFile(path, { mode: entry.mode & 0o7777, uid, gid, context }))
            .catch((error: unknown) => refuse(error, directory));
        } else {
          const data = await collect(body, entry.size);
          bytes += data.length;
          ops.push({ op: "write", path, data, mode: entry.mode & 0o7777 });
        }
        break;
      case "symlink":
        ops.push({ op: "symlink", target: entry.linkName, path });
        break;
      case "hardlink":
        ops.push({ op: "link", from: inside(entry.linkName), to: path });
        break;
      case "char":
      case "block":
      case "fifo":
        ops.push({
          op: "mknod",
          path,
          type: entry.type,
          major: entry.major,
          minor: entry.minor,
          mode: entry.mode & 0o7777,
        });
    }
    ops.push(...finishing(entry, path, uid, gid));
    if (entry.type === "directory") times.push({ op: "utimes", path, mtime: entry.mtime, ignore: ["ENOENT"] });
    if (bytes > batchBytes || ops.length > 200) await flush();
  }
  await flush();
  // Directories get their times when nothing is made in them any more.
  ops = times.reverse();
  await flush();
}

/** A broken archive is dockerd's 500, whose words those of the reader are. */
async function* members(source: ReadableStream<Uint8Array>): AsyncGenerator<TarMember> {
  try {
    yield* readTar(source);
  } catch (cause) {
    if (!isEngineError(cause, "invalidParameter")) throw cause;
    throw new EngineError("system", cause.message, { cause });
  }
}

function finishing(entry: TarEntry, path: string, uid: number, gid: number): readonly Op[] {
  if (entry.type === "hardlink") return [];
  const ops: Op[] = [{ op: "chown", path, uid, gid, follow: false }];
  // A change of owner clears setuid and setgid.
  if (entry.type === "file" && (entry.mode & 0o6000) !== 0) ops.push({ op: "chmod", path, mode: entry.mode & 0o7777 });
  for (const [name, value] of Object.entries(entry.xattrs ?? {}))
    ops.push({ op: "setxattr", path, name, value, ignore: ["EOPNOTSUPP", "EPERM"] });
  if (entry.type !== "directory") ops.push({ op: "utimes", path, mtime: entry.mtime, follow: false });
  return ops;
}

async function collect(stream: ReadableStream<Uint8Array>, size: number): Promise<Uint8Array> {
  const out = new Uint8Array(size);
  let at = 0;
  const reader = stream.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    out.set(part.value, at);
    at += part.value.length;
  }
  return out.subarray(0, at);
}

function refuse(error: unknown, directory: string): never {
  if (!(error instanceof GuestError)) throw error;
  const { errno, operation, path = "" } = error;
  if (operation === "mkdir" && (errno === "ENOTDIR" || errno === "EEXIST"))
    throw new EngineError(
      "invalidParameter",
      `cannot overwrite non-directory "${path}" with directory "${directory}"`,
      { cause: error },
    );
  if (errno === "EISDIR")
    throw new EngineError(
      "invalidParameter",
      `cannot overwrite directory "${path}" with non-directory "${directory}"`,
      { cause: error },
    );
  if (errno === "EROFS") throw new EngineError("system", "mounted volume is marked read-only", { cause: error });
  if (errno === "ENOSPC") throw new EngineError("system", `write ${path}: no space left on device`, { cause: error });
  throw new EngineError("system", error.message, { cause: error });
}
