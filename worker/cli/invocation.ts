/** One run of the `docker` command: what a process has, as a value. The guest's stub, the Node entry and the tests make one each. */
export interface CliInvocation {
  /** Without "docker" itself. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly stdin: ReadableStream<Uint8Array>;
  readonly stdout: WritableStream<Uint8Array>;
  readonly stderr: WritableStream<Uint8Array>;
  readonly terminal: CliTerminal;
  /** Signals that the process received, as numbers (2 = SIGINT, 28 = SIGWINCH …). */
  readonly signals: ReadableStream<number>;
  readonly files: CliFiles;
  /** Runs another program to its end (a credential helper); nothing when there is no such program. Missing where no programs are. */
  readonly run?: (
    command: readonly string[],
    options: { readonly stdin: string; readonly env: Readonly<Record<string, string>>; readonly cwd: string },
  ) => Promise<{ readonly code: number; readonly stdout: string } | undefined>;
}
export interface CliTerminal {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  size(): Promise<{ readonly rows: number; readonly columns: number }>;
  setRaw(on: boolean): Promise<void>;
}
/** Files as the caller sees them; relative paths are resolved by the CLI against `cwd`. Errors are FileError. */
export interface CliFiles {
  stat(path: string, options?: { readonly follow?: boolean }): Promise<FileInfo | undefined>;
  read(path: string): Promise<Uint8Array>;
  open(path: string): ReadableStream<Uint8Array>;
  create(path: string, options?: { readonly mode?: number }): WritableStream<Uint8Array>;
  mkdir(path: string, options?: { readonly mode?: number; readonly parents?: boolean }): Promise<void>;
  symlink(target: string, path: string): Promise<void>;
  remove(path: string): Promise<void>;
  chmod(path: string, mode: number): Promise<void>;
  /** The whole tree, parents first, links not followed; paths relative to `path`. What is in a directory that `enter` turns down may be left out. */
  walk(path: string, enter?: (directory: FileInfo) => boolean): Promise<readonly FileInfo[]>;
}
export interface FileInfo {
  readonly path: string;
  readonly type: "file" | "directory" | "symlink" | "other";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  readonly linkTarget?: string;
}
export class FileError extends Error {
  override readonly name = "FileError";
  readonly code: string;
  readonly path: string;
  constructor(code: string, path: string, message: string) {
    super(message);
    this.code = code;
    this.path = path;
  }
}
