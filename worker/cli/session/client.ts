/** The Engine API as commands use it: JSON in and out, failures as errors in Docker's words. */
import type { ApiRequest, ApiResponse, ApiTransport } from "../../api/transport.ts";
import { ApiError, CliError, ConnectionError, messageOf } from "./errors.ts";

/** What the client speaks, as 28.2.2 does. */
export const clientApiVersion = "1.50";

export type QueryValue = string | number | boolean | undefined | readonly string[];
export interface CallOptions {
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly json?: unknown;
  readonly stream?: ReadableStream<Uint8Array>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}
type Method = ApiRequest["method"];
export type Filters = Readonly<Record<string, readonly string[]>>;

export class Client {
  readonly #transport: ApiTransport;
  readonly #host: string;
  readonly #signal: AbortSignal;
  #version: string;
  readonly #pinned: boolean;

  constructor(
    transport: ApiTransport,
    options: { readonly host: string; readonly version?: string; readonly signal: AbortSignal },
  ) {
    this.#transport = transport;
    this.#host = options.host;
    this.#signal = options.signal;
    this.#version = options.version ?? clientApiVersion;
    this.#pinned = options.version !== undefined;
  }

  get host(): string {
    return this.#host;
  }
  get version(): string {
    return this.#version;
  }

  /** The engine itself, for what is more than a call. */
  get transport(): ApiTransport {
    return this.#transport;
  }

  /** An answer below 400. */
  async call(method: Method, path: string, options: CallOptions = {}): Promise<ApiResponse> {
    const unnamed = unnamedPath.exec(path)?.[1];
    if (unnamed !== undefined) throw emptyName(unnamed);
    const response = await this.#send(method, path, options);
    if (response.status < 400) return response;
    const detail = await failureOf(response, path);
    if (!this.#pinned && options.stream === undefined && /^client version \S+ is too new/.test(detail)) {
      const maximum = /Maximum supported API version is (\d+\.\d+)/.exec(detail)?.[1];
      if (maximum !== undefined && maximum !== this.#version) {
        this.#version = maximum;
        return this.call(method, path, options);
      }
    }
    throw new ApiError(response.status, detail);
  }

  /** An answer whatever its status. */
  async #send(method: Method, path: string, options: CallOptions): Promise<ApiResponse> {
    const signal = options.signal ?? this.#signal;
    const headers = { ...options.headers };
    if (options.json !== undefined) headers["content-type"] = "application/json";
    try {
      return await this.#transport.request({
        method,
        path: `/v${this.#version}${cleaned(path)}${queryString(options.query)}`,
        headers,
        signal,
        ...(options.stream !== undefined
          ? { body: { kind: "stream", stream: options.stream } }
          : options.json !== undefined && { body: { kind: "json", value: options.json } }),
      });
    } catch (cause) {
      if (cause instanceof CliError) throw cause;
      if (signal.aborted) throw signal.reason;
      throw connectionError(this.#host, cause);
    }
  }

  async get<T>(path: string, query?: CallOptions["query"]): Promise<T> {
    return (await readJson(await this.call("GET", path, query === undefined ? {} : { query }))) as T;
  }
  async post<T = unknown>(path: string, json?: unknown, query?: CallOptions["query"]): Promise<T> {
    const response = await this.call("POST", path, { ...(query && { query }), ...(json !== undefined && { json }) });
    return (await readJson(response)) as T;
  }
  async delete<T = unknown>(path: string, query?: CallOptions["query"]): Promise<T> {
    return (await readJson(await this.call("DELETE", path, query === undefined ? {} : { query }))) as T;
  }
  /** JSON values as they come. */
  async *lines(method: Method, path: string, options: CallOptions = {}): AsyncGenerator<unknown> {
    yield* jsonLines(await this.call(method, path, options));
    // An engine in this process ends its stream when the command is to end; over a socket the connection breaks.
    (options.signal ?? this.#signal).throwIfAborted();
  }
}

export const segment = (text: string): string => encodeURIComponent(text).replaceAll("%3A", ":").replaceAll("%40", "@");
/** An image's name keeps its slashes in a path. */
export const imagePath = (name: string): string => name.split("/").map(segment).join("/");

/** An empty set of filters is no parameter at all. */
export const filterQuery = (filters: Filters): string | undefined =>
  Object.keys(filters).length === 0
    ? undefined
    : JSON.stringify(
        Object.fromEntries(Object.entries(filters).map(([k, vs]) => [k, Object.fromEntries(vs.map((v) => [v, true]))])),
      );

/** Go's client asks nothing of an object without a name. */
const unnamedPath = /^\/(container|volume|network|node|service|secret|config|plugin)s\/(?=\/|$)/;
const emptyName = (kind: string): CliError => new CliError(`invalid ${kind} name or ID: value is empty`);
/** For a name that is no part of the path. */
export function named(kind: string, name: string): string {
  if (name === "") throw emptyName(kind);
  return name;
}

/** Go's client joins its paths, so that an empty name at the end leaves the collection. */
const cleaned = (path: string): string => path.replace(/\/+$/, "");

function queryString(query: CallOptions["query"]): string {
  if (query === undefined) return "";
  const out = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === "" || value === false) continue;
    if (typeof value === "object") for (const item of value) out.append(name, item);
    else out.append(name, value === true ? "1" : String(value));
  }
  const text = out.toString();
  return text === "" ? "" : `?${text}`;
}

export async function readText(response: ApiResponse): Promise<string> {
  const { body } = response;
  switch (body.kind) {
    case "empty":
      return "";
    case "text":
      return body.text;
    case "json":
      return JSON.stringify(body.value);
    case "stream":
      return await new Response(body.stream).text();
    case "jsonLines": {
      let text = "";
      for await (const value of body.values) text += `${JSON.stringify(value)}\n`;
      return text;
    }
    case "upgrade":
      return "";
  }
}

export async function readJson(response: ApiResponse): Promise<unknown> {
  if (response.body.kind === "json") return response.body.value;
  const text = await readText(response);
  if (text.trim() === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CliError(`Error reading remote info: ${messageOf(cause)}`, 1, { cause });
  }
}

export async function* jsonLines(response: ApiResponse): AsyncGenerator<unknown> {
  const { body } = response;
  if (body.kind === "jsonLines") yield* body.values;
  else if (body.kind === "json") yield body.value;
  else if (body.kind === "stream") {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of streamChunks(body.stream)) {
      rest += decoder.decode(chunk, { stream: true });
      const lines = rest.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.trim() !== "") yield parseLine(line);
    }
    if (rest.trim() !== "") yield parseLine(rest);
  } else {
    const text = await readText(response);
    for (const line of text.split("\n")) if (line.trim() !== "") yield JSON.parse(line);
  }
}

/** Nanoseconds since 1970 are more than a number holds: an event's come as text. */
const parseLine = (line: string): unknown => JSON.parse(line.replace(/("timeNano":)(\d{17,})/, '$1"$2"'));

/** A response's bytes, whatever form they come in. */
export function readBytes(response: ApiResponse): ReadableStream<Uint8Array> {
  if (response.body.kind === "stream") return response.body.stream;
  if (response.body.kind === "upgrade") return response.body.stream.readable;
  return new ReadableStream({
    async start(controller) {
      const text = await readText(response);
      if (text !== "") controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });
}

export async function* streamChunks(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        ended = true;
        return;
      }
      yield value;
    }
  } finally {
    if (!ended) await reader.cancel().catch(() => undefined);
    reader.releaseLock();
  }
}

async function failureOf(response: ApiResponse, path: string): Promise<string> {
  const text = (await readText(response)).trim();
  if (text === "")
    return `request returned ${response.status} for API route and version ${path}, check if the server supports the requested API version`;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "message" in value) return String(value.message).trim();
  } catch {
    // A proxy's page or plain text: shown as it is.
  }
  return text;
}

function connectionError(host: string, cause: unknown): ConnectionError {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "";
  if (code === "EACCES")
    return new ConnectionError(
      `permission denied while trying to connect to the Docker daemon socket at ${host}: ${messageOf(cause)}`,
      1,
      { cause },
    );
  return new ConnectionError(`Cannot connect to the Docker daemon at ${host}. Is the docker daemon running?`, 1, {
    cause,
  });
}
