/** The guest's files for a command line; what fails is said as Go's os package does (PathError: "open PATH: no such file or directory"). */
import { type CliFiles, FileError, type FileInfo } from "../cli/invocation.ts";
import { collectBytes } from "../engine/bytes.ts";
import {
  type FileStat,
  type Guest,
  GuestError,
  type Op,
  type OpResult,
  type TreeEntry,
} from "../engine/ports/guest.ts";

const kinds: Readonly<Record<string, FileInfo["type"]>> = { file: "file", directory: "directory", symlink: "symlink" };

const texts: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EISDIR: "is a directory",
  ENOTDIR: "not a directory",
  EEXIST: "file exists",
  ENOSPC: "no space left on device",
  EROFS: "read-only file system",
  ENOTEMPTY: "directory not empty",
};

/** Of the guest's operations, those that Go calls otherwise. */
const operations: Readonly<Record<string, string>> = { removeTree: "remove", walk: "open" };

/** The guest's files as a program of the given user sees them; what it creates belongs to that user. */
export function guestFiles(guest: Guest, owner: { readonly uid: number; readonly gid: number }): CliFiles {
  const one = async (op: Op & { readonly path: string }): Promise<OpResult> => {
    try {
      return (await guest.batch([op]))[0];
    } catch (error) {
      throw fileError(error, operations[op.op] ?? op.op, op.path);
    }
  };
  const info = (stat: FileStat, path: string, linkTarget?: string): FileInfo => ({
    path,
    type: kinds[stat.type] ?? "other",
    mode: stat.mode,
    uid: stat.uid,
    gid: stat.gid,
    size: stat.size,
    mtime: stat.mtime,
    ...(linkTarget === undefined ? {} : { linkTarget }),
  });
  return {
    async stat(path, { follow = true } = {}) {
      let stat: FileStat;
      try {
        stat = (await one({ op: "stat", path, follow })) as FileStat;
      } catch (error) {
        if (error instanceof FileError && (error.code === "ENOENT" || error.code === "ENOTDIR")) return undefined;
        throw error;
      }
      const target = stat.type === "symlink" ? ((await one({ op: "readlink", path })) as string) : undefined;
      return info(stat, path, target);
    },
    async read(path) {
      try {
        return await collectBytes(guest.readFile(path));
      } catch (error) {
        throw fileError(error, "open", path);
      }
    },
    open: (path) => guest.readFile(path),
    create: (path, { mode = 0o644 } = {}) => guest.writeFile(path, { mode, ...owner }),
    async mkdir(path, { mode = 0o755, parents = false } = {}) {
      await one({ op: "mkdir", path, mode, parents, ...owner });
    },
    async symlink(target, path) {
      await one({ op: "symlink", target, path, ...owner });
    },
    async remove(path) {
      await one({ op: "removeTree", path });
    },
    async chmod(path, mode) {
      await one({ op: "chmod", path, mode });
    },
    async walk(path) {
      const entries = (await one({ op: "walk", path })) as readonly TreeEntry[];
      return entries.map((entry) => info(entry, entry.path, entry.linkTarget));
    },
  };
}

function fileError(error: unknown, operation: string, path: string): unknown {
  if (!(error instanceof GuestError)) return error;
  return new FileError(error.errno, path, `${operation} ${path}: ${texts[error.errno] ?? error.message}`);
}
