/** A CliInvocation from Node's own process. */
import { execFile, execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as fsp from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { Readable } from "node:stream";
import { type CliFiles, type CliInvocation, FileError, type FileInfo } from "./invocation.ts";

const forwarded: readonly NodeJS.Signals[] = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGUSR1",
  "SIGUSR2",
  "SIGALRM",
  "SIGTERM",
  "SIGCONT",
  "SIGTSTP",
  "SIGTTIN",
  "SIGTTOU",
  "SIGWINCH",
];
const numbers: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGCONT: 18,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGWINCH: 28,
};

export function processInvocation(args: readonly string[] = process.argv.slice(2)): CliInvocation {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) env[name] = value;
  return {
    args,
    env,
    cwd: process.cwd(),
    stdin: lazyStdin(),
    stdout: sink(1),
    stderr: sink(2),
    terminal: {
      stdin: process.stdin.isTTY === true,
      stdout: process.stdout.isTTY === true,
      stderr: process.stderr.isTTY === true,
      size: async () => {
        const [columns = 0, rows = 0] = process.stdout.isTTY ? process.stdout.getWindowSize() : [];
        return { rows, columns };
      },
      setRaw: async (on) => setRaw(on),
    },
    signals: new ReadableStream<number>({
      start(controller) {
        for (const name of forwarded) process.on(name, () => controller.enqueue(numbers[name] ?? 0));
      },
    }),
    files: nodeFiles,
    run: runProgram,
  };
}

/** Runs a program to its end; one that cannot be found is no failure. */
export const runProgram: NonNullable<CliInvocation["run"]> = ([file = "", ...args], { stdin, env, cwd }) =>
  new Promise((resolve, reject) => {
    const child = execFile(file, args, { env: { ...env }, cwd, encoding: "utf8" }, (error, stdout) => {
      if (error === null) resolve({ code: 0, stdout });
      else if (error.code === "ENOENT") resolve(undefined);
      else if (typeof error.code === "number") resolve({ code: error.code, stdout });
      else reject(error);
    });
    // It may end without reading.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(stdin);
  });

let cooked: string | undefined;

/** Node's raw mode goes on turning newlines of the output into CR LF; `stty raw` does not. */
function setRaw(on: boolean): void {
  if (!process.stdin.isTTY) return;
  const stty = (...args: readonly string[]): string =>
    execFileSync("stty", args, { stdio: ["inherit", "pipe", "ignore"], encoding: "utf8" }).trim();
  try {
    if (on) {
      cooked = stty("-g");
      stty("raw", "-echo");
    } else if (cooked !== undefined) stty(cooked);
  } catch {
    process.stdin.setRawMode(on);
  }
}

/** Touches the process's stdin only when the command reads it. */
function lazyStdin(): ReadableStream<Uint8Array> {
  let reader: AsyncIterator<Uint8Array> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        reader ??= process.stdin[Symbol.asyncIterator]();
        const { done, value } = await reader.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel() {
        process.stdin.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}

function sink(fd: 1 | 2): WritableStream<Uint8Array> {
  const stream = fd === 1 ? process.stdout : process.stderr;
  return new WritableStream<Uint8Array>({
    start(controller) {
      stream.on("error", (error) => controller.error(error));
    },
    write: (chunk) =>
      new Promise((resolve, reject) => {
        stream.write(chunk, (error) => (error ? reject(error) : resolve()));
      }),
  });
}

/** Go's words for the common errno values. */
const words: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  ENOTDIR: "not a directory",
  EISDIR: "is a directory",
  EEXIST: "file exists",
  ELOOP: "too many levels of symbolic links",
  ENOTEMPTY: "directory not empty",
};

async function attempt<T>(operation: string, path: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw fileError(operation, path, error);
  }
}
function fileError(operation: string, path: string, error: unknown): FileError {
  const code = (error as NodeJS.ErrnoException).code ?? "EIO";
  return new FileError(code, path, `${operation} ${path}: ${words[code] ?? (error as Error).message}`);
}

export const nodeFiles: CliFiles = {
  async stat(path, { follow = true } = {}) {
    try {
      return await info(path, path, follow);
    } catch (error) {
      if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
      throw fileError(follow ? "stat" : "lstat", path, error);
    }
  },
  read: (path) => attempt("open", path, () => fsp.readFile(path)),
  open: (path) =>
    Readable.toWeb(fs.createReadStream(path).on("error", () => undefined)) as unknown as ReadableStream<Uint8Array>,
  create(path, { mode = 0o666 } = {}) {
    let handle: fsp.FileHandle | undefined;
    return new WritableStream<Uint8Array>({
      async start() {
        handle = await attempt("open", path, () => fsp.open(path, "w", mode));
      },
      async write(chunk) {
        await handle?.writeFile(chunk);
      },
      close: async () => handle?.close(),
      abort: async () => handle?.close(),
    });
  },
  mkdir: (path, { mode = 0o777, parents = false } = {}) =>
    attempt("mkdir", path, async () => {
      await fsp.mkdir(path, { mode, recursive: parents });
    }),
  symlink: (target, path) => attempt("symlink", path, () => fsp.symlink(target, path)),
  remove: (path) => attempt("remove", path, () => fsp.rm(path, { recursive: true })),
  chmod: (path, mode) => attempt("chmod", path, () => fsp.chmod(path, mode)),
  walk: (path, enter = () => true) =>
    attempt("open", path, async () => {
      const out: FileInfo[] = [];
      const visit = async (directory: string): Promise<void> => {
        for (const name of (await fsp.readdir(directory)).sort()) {
          const full = join(directory, name);
          const entry = await info(full, relative(path, full), false);
          out.push(entry);
          if (entry.type === "directory" && enter(entry)) await visit(full);
        }
      };
      await visit(path);
      return out;
    }),
};

async function info(path: string, shown: string, follow: boolean): Promise<FileInfo> {
  const stat = follow ? await fsp.stat(path) : await fsp.lstat(path);
  const type = stat.isFile() ? "file" : stat.isDirectory() ? "directory" : stat.isSymbolicLink() ? "symlink" : "other";
  return {
    path: shown,
    type,
    mode: stat.mode & 0o7777,
    uid: stat.uid,
    gid: stat.gid,
    size: stat.size,
    mtime: stat.mtimeMs / 1000,
    ...(type === "symlink" && { linkTarget: await fsp.readlink(path) }),
  };
}

export const parentOf = (path: string): string => dirname(path);
