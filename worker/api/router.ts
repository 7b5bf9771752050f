/**
 * Matches Engine API requests to routes and turns what a handler throws into Docker's error answers.
 * Specification: the Engine API's swagger, version 1.51; clients may ask for any version from 1.24.
 */
import { EngineError } from "../engine/errors.ts";
import { syntaxError } from "../go/strconv.ts";
import { errorResponse } from "./errors.ts";
import { parseJsonBody } from "./json-body.ts";
import type { ApiRequest, ApiResponse, ApiTransport } from "./transport.ts";

export const apiVersion = "1.51";
export const minimumApiVersion = "1.24";

export interface Route {
  readonly method: ApiRequest["method"];
  /** As the specification writes it: "/containers/{id}/json". A last parameter written `{name...}` takes slashes too. */
  readonly path: string;
  /** The specification's operationId. */
  readonly operation: string;
  readonly handle: (context: RouteContext) => Promise<ApiResponse>;
}

export interface RouteContext {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly headers: Readonly<Record<string, string>>;
  /** The version that the client asked for; the newest where it asked for none. */
  readonly version: string;
  readonly signal: AbortSignal;
  /** The body as JSON; `undefined` when it is empty. Throws invalidParameter in Docker's words when it is malformed. */
  json(): Promise<unknown>;
  /** The body's bytes. */
  stream(): ReadableStream<Uint8Array>;
}

/** Query parameters, read as moby's httputils reads them. */
export class Query {
  readonly #values: URLSearchParams;
  constructor(values: URLSearchParams) {
    this.#values = values;
  }
  has(name: string): boolean {
    return this.#values.has(name);
  }
  string(name: string): string | undefined {
    return this.#values.get(name) ?? undefined;
  }
  all(name: string): readonly string[] {
    return this.#values.getAll(name);
  }
  /** moby's BoolValue: everything but "", "0", "no", "false" and "none" is true. */
  boolean(name: string, absent = false): boolean {
    const value = this.#values.get(name);
    if (value === null) return absent;
    return !["", "0", "no", "false", "none"].includes(value.trim().toLowerCase());
  }
  number(name: string): number | undefined {
    const value = this.#values.get(name);
    if (value === null || value === "") return undefined;
    if (!/^-?\d+$/.test(value)) throw new EngineError("invalidParameter", syntaxError("Atoi", value));
    return Number(value);
  }
  /** The `filters` parameter: `{"name":["a"]}`, or the older `{"name":{"a":true}}`. */
  filters(name = "filters"): Readonly<Record<string, readonly string[]>> {
    const text = this.#values.get(name);
    if (text === null || text === "") return {};
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw invalidFilter();
    }
    if (typeof value !== "object" || Array.isArray(value)) throw invalidFilter();
    const out: Record<string, readonly string[]> = Object.create(null);
    for (const [key, entry] of Object.entries(value ?? {})) out[key] = filterValues(entry);
    return out;
  }
}

const invalidFilter = (): EngineError => new EngineError("invalidParameter", "invalid filter");

function filterValues(entry: unknown): readonly string[] {
  if (entry === null) return [];
  if (Array.isArray(entry) && entry.every((value) => typeof value === "string")) return entry;
  if (typeof entry !== "object" || Array.isArray(entry)) throw invalidFilter();
  if (Object.values(entry).some((value) => typeof value !== "boolean")) throw invalidFilter();
  return Object.entries(entry).flatMap(([value, on]) => (on ? value : []));
}

interface Compiled {
  readonly route: Route;
  readonly pattern: RegExp;
}

function compile(route: Route): Compiled {
  const source = route.path
    .replace(/[.*+?^$()|[\]\\]/g, "\\$&")
    .replace(/\{(\w+)(\\\.\\\.\\\.)?\}/g, (_, name, rest) => (rest ? `(?<${name}>.+)` : `(?<${name}>[^/]+)`));
  return { route, pattern: new RegExp(`^${source}$`) };
}

export class Router implements ApiTransport {
  readonly #routes: readonly Compiled[];
  constructor(routes: readonly Route[]) {
    this.#routes = routes.map(compile);
  }

  get routes(): readonly Route[] {
    return this.#routes.map((r) => r.route);
  }

  async request(request: ApiRequest): Promise<ApiResponse> {
    try {
      return await this.#dispatch(request);
    } catch (error) {
      return errorResponse(error);
    }
  }

  async #dispatch(request: ApiRequest): Promise<ApiResponse> {
    const at = request.path.indexOf("?");
    let path = at < 0 ? request.path : request.path.slice(0, at);
    let version = apiVersion;
    const prefixed = /^\/v(\d+\.\d+)(\/.*)$/.exec(path);
    if (prefixed?.[1] !== undefined && prefixed[2] !== undefined) {
      version = prefixed[1];
      path = prefixed[2];
      checkVersion(version);
    }
    // As moby's route for any path: it says that the API is there, and nothing of what the path allows.
    if (request.method === "OPTIONS") return { status: 200, headers: {}, body: { kind: "empty" } };
    for (const { route, pattern } of this.#routes) {
      if (route.method !== request.method && !(request.method === "HEAD" && route.method === "GET")) continue;
      const match = pattern.exec(path);
      if (match === null) continue;
      const params: Record<string, string> = {};
      for (const [name, value] of Object.entries(match.groups ?? {})) params[name] = decode(value);
      return await route.handle({
        params,
        query: new Query(new URLSearchParams(at < 0 ? "" : request.path.slice(at + 1))),
        headers: request.headers ?? {},
        version,
        signal: request.signal ?? new AbortController().signal,
        json: () => readJson(request),
        stream: () => readStream(request),
      });
    }
    throw new EngineError("notFound", "page not found");
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function checkVersion(version: string): void {
  if (compareVersions(version, minimumApiVersion) < 0)
    throw new EngineError(
      "invalidParameter",
      `client version ${version} is too old. Minimum supported API version is ${minimumApiVersion}, please upgrade your client to a newer version`,
    );
  if (compareVersions(version, apiVersion) > 0)
    throw new EngineError(
      "invalidParameter",
      `client version ${version} is too new. Maximum supported API version is ${apiVersion}`,
    );
}

/** Negative, zero or positive, as "1.9" < "1.24". */
export function compareVersions(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split(".").map(Number);
  const [majorB = 0, minorB = 0] = b.split(".").map(Number);
  return majorA - majorB || minorA - minorB;
}

async function readJson(request: ApiRequest): Promise<unknown> {
  if (request.body === undefined) return undefined;
  if (request.body.kind === "json") return request.body.value;
  return parseJsonBody(await new Response(request.body.stream).text(), request.headers?.["content-type"]);
}

function readStream(request: ApiRequest): ReadableStream<Uint8Array> {
  if (request.body?.kind === "stream") return request.body.stream;
  const bytes = new TextEncoder().encode(request.body === undefined ? "" : JSON.stringify(request.body.value));
  return new ReadableStream({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}
