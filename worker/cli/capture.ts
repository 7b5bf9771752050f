import { type CliFiles, type CliInvocation, FileError } from "./invocation.ts";

export interface Captured {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const noFiles: CliFiles = {
  stat: async () => undefined,
  read: (path) => Promise.reject(missing(path)),
  open: (path) => {
    throw missing(path);
  },
  create: (path) => {
    throw missing(path);
  },
  mkdir: (path) => Promise.reject(missing(path)),
  symlink: (_, path) => Promise.reject(missing(path)),
  remove: (path) => Promise.reject(missing(path)),
  chmod: (path) => Promise.reject(missing(path)),
  walk: (path) => Promise.reject(missing(path)),
};
const missing = (path: string): FileError => new FileError("ENOENT", path, "no such file or directory");

export interface CaptureOptions {
  readonly stdin?: Uint8Array | string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly files?: CliFiles;
}

/** Runs a command line without a terminal and keeps what it printed: for the page's own actions, lessons, builders and tests. */
export async function capture(
  run: (invocation: CliInvocation) => Promise<number>,
  args: readonly string[],
  options: CaptureOptions = {},
): Promise<Captured> {
  const collect = () => {
    const parts: string[] = [];
    const decoder = new TextDecoder();
    return {
      parts,
      stream: new WritableStream<Uint8Array>({
        write: (data) => void parts.push(decoder.decode(data, { stream: true })),
      }),
    };
  };
  const [out, err] = [collect(), collect()];
  const input = typeof options.stdin === "string" ? new TextEncoder().encode(options.stdin) : options.stdin;
  const code = await run({
    args,
    env: options.env ?? { HOME: "/root", PATH: "/usr/local/bin:/usr/bin:/bin" },
    cwd: options.cwd ?? "/",
    stdin: new ReadableStream({
      start(controller) {
        if (input !== undefined && input.length > 0) controller.enqueue(input);
        controller.close();
      },
    }),
    stdout: out.stream,
    stderr: err.stream,
    terminal: {
      stdin: false,
      stdout: false,
      stderr: false,
      size: async () => ({ rows: 24, columns: 80 }),
      setRaw: async () => undefined,
    },
    signals: new ReadableStream<number>(),
    files: options.files ?? noFiles,
  });
  return { code, stdout: out.parts.join(""), stderr: err.parts.join("") };
}
