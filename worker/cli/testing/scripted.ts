/** A CLI run against answers written down beforehand: no engine, no process. */

import { serveConnection } from "../../api/http-server.ts";
import type { ApiRequest, ApiResponse, ApiTransport } from "../../api/transport.ts";
import { runDocker } from "../index.ts";
import { type CliFiles, type CliInvocation, FileError } from "../invocation.ts";
import type { ClientNetwork } from "../network.ts";

export type Script = (request: ApiRequest & { readonly route: string }) => ApiResponse | undefined;

export const json = (value: unknown, status = 200): ApiResponse => ({
  status,
  headers: {},
  body: { kind: "json", value },
});
export const lines = (...values: readonly unknown[]): ApiResponse => ({
  status: 200,
  headers: {},
  body: {
    kind: "jsonLines",
    values: (async function* () {
      yield* values;
    })(),
  },
});
export const empty = (status = 204): ApiResponse => ({ status, headers: {}, body: { kind: "empty" } });
export const failure = (status: number, message: string): ApiResponse => json({ message }, status);

/** A hijacked connection that sends `output`, then ends; what was written to it is kept. */
export function upgraded(output: Uint8Array): { readonly response: ApiResponse; readonly written: Promise<string> } {
  const chunks: Uint8Array[] = [];
  let done: (text: string) => void = () => undefined;
  const written = new Promise<string>((resolve) => {
    done = resolve;
  });
  const response: ApiResponse = {
    status: 101,
    headers: {},
    body: {
      kind: "upgrade",
      stream: {
        readable: new ReadableStream({
          start(controller) {
            controller.enqueue(output);
            controller.close();
          },
        }),
        writable: new WritableStream({
          write: (chunk) => void chunks.push(chunk),
          close: () => done(chunks.map((c) => new TextDecoder().decode(c)).join("")),
        }),
      },
    },
  };
  return { response, written };
}

/** One frame of Docker's multiplexed stream. */
export function frame(stream: 1 | 2, text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  const out = new Uint8Array(8 + bytes.length);
  out[0] = stream;
  new DataView(out.buffer).setUint32(4, bytes.length);
  out.set(bytes, 8);
  return out;
}

export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** "GET /containers/json?all=1", without the version. */
  readonly requests: readonly string[];
  readonly bodies: readonly unknown[];
  readonly files: ReadonlyMap<string, string>;
}
export interface RunSettings {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly terminal?: boolean;
  readonly signals?: ReadableStream<number>;
  readonly now?: number;
  readonly network?: ClientNetwork;
  /** Programs of the machine. */
  readonly programs?: NonNullable<CliInvocation["run"]>;
}

export async function run(args: readonly string[], script: Script, settings: RunSettings = {}): Promise<Run> {
  const requests: string[] = [];
  const bodies: unknown[] = [];
  const api: ApiTransport = {
    async request(request) {
      const path = request.path.replace(/^\/v[\d.]+/, "");
      requests.push(`${request.method} ${path}`);
      if (request.body?.kind === "json") bodies.push(request.body.value);
      if (request.body?.kind === "stream") bodies.push(await new Response(request.body.stream).text());
      const route = `${request.method} ${path.split("?")[0]}`;
      return script({ ...request, path, route }) ?? failure(404, `no script for ${route}`);
    },
  };
  const out = sink();
  const err = sink();
  const files = new Map(Object.entries(settings.files ?? {}));
  const isTerminal = settings.terminal ?? false;
  const invocation: CliInvocation = {
    args,
    env: { HOME: "/home/u", ...settings.env },
    cwd: "/project",
    stdin: new Blob([settings.stdin ?? ""]).stream(),
    stdout: out.stream,
    stderr: err.stream,
    terminal: {
      stdin: isTerminal,
      stdout: isTerminal,
      stderr: isTerminal,
      size: async () => ({ rows: 24, columns: 120 }),
      setRaw: async () => undefined,
    },
    signals: settings.signals ?? new ReadableStream(),
    files: memoryFiles(files),
    ...(settings.programs !== undefined && { run: settings.programs }),
  };
  const code = await runDocker(invocation, api, {
    now: () => settings.now ?? 1_700_000_100_000,
    after: async () => undefined,
    ...(settings.network !== undefined && { network: settings.network }),
    serve: serveConnection,
  });
  return { code, stdout: out.text(), stderr: err.text(), requests, bodies, files };
}

function sink(): { readonly stream: WritableStream<Uint8Array>; text(): string } {
  const chunks: string[] = [];
  const decoder = new TextDecoder();
  return {
    stream: new WritableStream({ write: (chunk) => void chunks.push(decoder.decode(chunk, { stream: true })) }),
    text: () => chunks.join(""),
  };
}

function memoryFiles(files: Map<string, string>): CliFiles {
  const missing = (path: string): never => {
    throw new FileError("ENOENT", path, `open ${path}: no such file or directory`);
  };
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  const isDirectory = (path: string): boolean =>
    [...files.keys()].some((f) => f.startsWith(path === "/" ? "/" : `${path}/`));
  const info = (path: string, shown: string) => {
    const text = files.get(path);
    const type = text === undefined ? ("directory" as const) : ("file" as const);
    return { path: shown, type, mode: 0o600, uid: 0, gid: 0, size: encode(text ?? "").length, mtime: 0 };
  };
  return {
    stat: async (path) => (files.has(path) || isDirectory(path) ? info(path, path) : undefined),
    read: async (path) => encode(files.get(path) ?? missing(path)),
    open: (path) => new Blob([files.get(path) ?? missing(path)]).stream(),
    create(path) {
      let text = "";
      return new WritableStream({
        write: (chunk) => {
          text += new TextDecoder().decode(chunk);
        },
        close: () => void files.set(path, text),
      });
    },
    mkdir: async () => undefined,
    symlink: async () => undefined,
    remove: async (path) => {
      for (const name of files.keys()) if (name === path || name.startsWith(`${path}/`)) files.delete(name);
    },
    chmod: async () => undefined,
    walk: async (path) =>
      [...files.keys()].filter((f) => f.startsWith(`${path}/`)).map((f) => info(f, f.slice(path.length + 1))),
  };
}
