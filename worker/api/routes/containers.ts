/** Container operations of the Engine API. */
import {
  type AttachRequest,
  type Containers,
  formatLogTime,
  frame,
  type LogEntry,
} from "../../engine/containers/index.ts";
import { EngineError } from "../../engine/errors.ts";
import { syntaxError } from "../../go/strconv.ts";
import { byteStream, json, jsonLines, noContent, upgrade } from "../respond.ts";
import { compareVersions, type Query, type Route, type RouteContext } from "../router.ts";
import type { ApiResponse } from "../transport.ts";
import { creationFor, endpointWarnings, updateFor, withoutAnnotations } from "./container-compatibility.ts";

export const rawStream = "application/vnd.docker.raw-stream";
export const multiplexedStream = "application/vnd.docker.multiplexed-stream";

const empty = (status: number): ApiResponse => ({ status, headers: {}, body: { kind: "empty" } });

export function containerRoutes(containers: Containers): readonly Route[] {
  const id = (context: RouteContext): string => context.params.id ?? "";
  return [
    {
      method: "GET",
      path: "/containers/json",
      operation: "ContainerList",
      handle: async ({ query, version }) => {
        const all = query.boolean("all");
        const size = query.boolean("size");
        const listed = await containers.list({ all, limit: limitOf(query), size, filters: query.filters() });
        return json(compareVersions(version, "1.46") < 0 ? listed.map(withoutAnnotations) : listed);
      },
    },
    {
      method: "POST",
      path: "/containers/create",
      operation: "ContainerCreate",
      handle: async (context) => {
        const { query } = context;
        const body = await context.json();
        const warnings = endpointWarnings(body, context.version);
        const made = await containers.create(
          creationFor(body, context.version),
          query.string("name"),
          query.string("platform"),
        );
        return json({ ...made, Warnings: [...made.Warnings, ...warnings] }, 201);
      },
    },
    {
      method: "POST",
      path: "/containers/prune",
      operation: "ContainerPrune",
      handle: async ({ query }) => json(await containers.prune(query.filters())),
    },
    {
      method: "GET",
      path: "/containers/{id...}/json",
      operation: "ContainerInspect",
      handle: async (context) => json(await containers.inspect(id(context), { size: context.query.boolean("size") })),
    },
    {
      method: "GET",
      path: "/containers/{id}/top",
      operation: "ContainerTop",
      handle: async (context) => json(await containers.top(id(context), context.query.string("ps_args") ?? "")),
    },
    {
      method: "GET",
      path: "/containers/{id}/logs",
      operation: "ContainerLogs",
      handle: async (context) => logs(containers, id(context), context),
    },
    {
      method: "GET",
      path: "/containers/{id}/changes",
      operation: "ContainerChanges",
      handle: async (context) => json(await containers.changes(id(context))),
    },
    {
      method: "GET",
      path: "/containers/{id}/export",
      operation: "ContainerExport",
      handle: async (context) =>
        byteStream(await containers.export(id(context)), { "content-type": "application/octet-stream" }),
    },
    {
      method: "GET",
      path: "/containers/{id}/stats",
      operation: "ContainerStats",
      handle: async (context) => stats(containers, id(context), context),
    },
    {
      method: "POST",
      path: "/containers/{id}/resize",
      operation: "ContainerResize",
      handle: async (context) => {
        const { rows, columns } = windowSize(context.query);
        await containers.resize(id(context), rows, columns);
        return empty(200);
      },
    },
    {
      method: "POST",
      path: "/containers/{id}/start",
      operation: "ContainerStart",
      handle: async (context) => {
        const body = await context.json();
        // A body once carried a host configuration; "{}" and the like still pass, as in dockerd.
        if (body !== undefined && JSON.stringify(body).length > 7)
          throw new EngineError(
            "invalidParameter",
            "starting container with non-empty request body was deprecated since API v1.22 and removed in v1.24",
          );
        await containers.start(id(context));
        return noContent();
      },
    },
    {
      method: "POST",
      path: "/containers/{id}/stop",
      operation: "ContainerStop",
      handle: async (context) => {
        await containers.stop(id(context), stopOptions(context.query));
        return noContent();
      },
    },
    {
      method: "POST",
      path: "/containers/{id}/restart",
      operation: "ContainerRestart",
      handle: async (context) => {
        await containers.restart(id(context), stopOptions(context.query));
        return noContent();
      },
    },
    {
      method: "POST",
      path: "/containers/{id}/kill",
      operation: "ContainerKill",
      handle: async (context) => {
        await containers.kill(id(context), context.query.string("signal") ?? "");
        return noContent();
      },
    },
    {
      method: "POST",
      path: "/containers/{id}/update",
      operation: "ContainerUpdate",
      handle: async (context) =>
        json(await containers.update(id(context), updateFor(await context.json(), context.version))),
    },
    {
      method: "POST",
      path: "/containers/{id}/rename",
      operation: "ContainerRename",
      handle: async (context) => {
        await containers.rename(id(context), context.query.string("name") ?? "");
        return noContent();
      },
    },
    {
      method: "POST",
      path: "/containers/{id}/pause",
      operation: "ContainerPause",
      handle: async (context) => {
        await containers.pause(id(context));
        return noContent();
      },
    },
    {
      method: "POST",
      path: "/containers/{id}/unpause",
      operation: "ContainerUnpause",
      handle: async (context) => {
        await containers.unpause(id(context));
        return noContent();
      },
    },
    {
      method: "POST",
      path: "/containers/{id}/attach",
      operation: "ContainerAttach",
      handle: async (context) => attach(containers, id(context), context),
    },
    {
      method: "GET",
      path: "/containers/{id}/attach/ws",
      operation: "ContainerAttachWebsocket",
      handle: async (context) => attachFramed(containers, id(context), context),
    },
    {
      method: "POST",
      path: "/containers/{id}/wait",
      operation: "ContainerWait",
      handle: async (context) => wait(containers, id(context), context),
    },
    {
      method: "DELETE",
      path: "/containers/{id...}",
      operation: "ContainerDelete",
      handle: async (context) => {
        const { query } = context;
        await containers.remove(id(context), {
          force: query.boolean("force"),
          volumes: query.boolean("v"),
          link: query.boolean("link"),
        });
        return noContent();
      },
    },
    {
      method: "HEAD",
      path: "/containers/{id}/archive",
      operation: "ContainerArchiveInfo",
      handle: async (context) => ({
        status: 200,
        headers: {
          "x-docker-container-path-stat": encodeStat(await containers.pathStat(id(context), archivePath(context))),
        },
        body: { kind: "empty" },
      }),
    },
    {
      method: "GET",
      path: "/containers/{id}/archive",
      operation: "ContainerArchive",
      handle: async (context) => {
        const { stat, tar } = await containers.copyFrom(id(context), archivePath(context));
        return byteStream(tar, {
          "content-type": "application/x-tar",
          "x-docker-container-path-stat": encodeStat(stat),
        });
      },
    },
    {
      method: "PUT",
      path: "/containers/{id}/archive",
      operation: "PutContainerArchive",
      handle: async (context) => {
        const { query } = context;
        await containers.copyTo(id(context), archivePath(context), context.stream(), {
          noOverwriteDirNonDir: query.boolean("noOverwriteDirNonDir"),
          keepOwners: query.boolean("copyUIDGID"),
        });
        return empty(200);
      },
    },
  ];
}

function limitOf(query: Query): number | undefined {
  const text = query.string("limit");
  if (text === undefined || text === "") return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw new EngineError("system", syntaxError("Atoi", text));
  return Number(text);
}

function archivePath({ query }: RouteContext): string {
  const path = query.string("path") ?? "";
  if (path === "") throw new EngineError("invalidParameter", "bad parameter: pathcannot be empty");
  return path;
}

function encodeStat(stat: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(stat));
  return btoa(String.fromCharCode(...bytes));
}

function stopOptions(query: Query): { timeout?: number | undefined; signal?: string | undefined } {
  const text = query.string("t");
  if (text !== undefined && text !== "" && !/^[+-]?\d+$/.test(text))
    throw new EngineError("system", syntaxError("Atoi", text));
  return { timeout: text ? Number(text) : undefined, signal: query.string("signal") || undefined };
}

/** moby reads the height as h and the width as w, in this order. */
export function windowSize(query: Query): { rows: number; columns: number } {
  const read = (name: string, what: string): number => {
    const text = query.string(name) ?? "";
    if (!/^-?\d+$/.test(text))
      throw new EngineError("invalidParameter", `invalid resize ${what} ${JSON.stringify(text)}: invalid syntax`);
    if (text.startsWith("-") || Number(text) > 0xffffffff)
      throw new EngineError("invalidParameter", `invalid resize ${what} ${JSON.stringify(text)}: value out of range`);
    return Number(text);
  };
  return { rows: read("h", "height"), columns: read("w", "width") };
}

const attachRequest = ({ query, signal }: RouteContext): AttachRequest => ({
  stdin: query.boolean("stdin"),
  stdout: query.boolean("stdout"),
  stderr: query.boolean("stderr"),
  stream: query.boolean("stream"),
  logs: query.boolean("logs"),
  detachKeys: query.string("detachKeys") ?? "",
  signal,
});

function attach(containers: Containers, id: string, context: RouteContext): ApiResponse {
  const { stream, raw } = containers.attach(id, attachRequest(context));
  return upgrade(stream, raw ? rawStream : multiplexedStream);
}

/** Both outputs as they come, in WebSocket frames; before API 1.42 all three streams were always attached. */
function attachFramed(containers: Containers, id: string, context: RouteContext): ApiResponse {
  const all = compareVersions(context.version, "1.42") < 0 ? { stdin: true, stdout: true, stderr: true } : {};
  const { stream } = containers.attach(id, { ...attachRequest(context), ...all, unframed: true });
  return { ...upgrade(stream, rawStream), body: { kind: "upgrade", stream, protocol: "websocket" } };
}

/**
 * The headers go out at once and the body when the container has ended: clients take the headers for the sign that the wait has
 * begun, and start the container then.
 */
function wait(containers: Containers, id: string, { query, signal }: RouteContext): ApiResponse {
  const ended = containers.wait(id, query.string("condition") ?? "", signal);
  ended.catch(() => {});
  async function* result(): AsyncGenerator<unknown> {
    const { exitCode, error } = await ended;
    yield { ...(error === "" ? {} : { Error: { Message: error } }), StatusCode: exitCode };
  }
  return jsonLines(result());
}

function seconds(query: Query, name: string): number | undefined {
  const text = query.string(name);
  if (text === undefined || text === "") return undefined;
  const [whole = "", fraction = ""] = text.split(".", 2);
  for (const part of [whole, fraction])
    if (part !== "" && !/^-?\d+$/.test(part)) throw new EngineError("system", syntaxError("ParseInt", part));
  // Zero is the epoch as since, and means none as until.
  const value = Number(text) * 1000;
  return name === "until" && value === 0 ? undefined : value;
}

function logs(containers: Containers, id: string, { query, signal }: RouteContext): ApiResponse {
  const tail = query.string("tail");
  const count = tail !== undefined && /^\d+$/.test(tail) ? Number(tail) : undefined;
  const { entries, tty, attributes } = containers.logs(id, {
    follow: query.boolean("follow"),
    stdout: query.boolean("stdout"),
    stderr: query.boolean("stderr"),
    since: seconds(query, "since"),
    until: seconds(query, "until"),
    tail: count,
    signal,
  });
  const timestamps = query.boolean("timestamps");
  const details = query.boolean("details");
  const encoder = new TextEncoder();
  const line = ({ time, text }: LogEntry): Uint8Array =>
    encoder.encode(`${timestamps ? `${formatLogTime(new Date(time))} ` : ""}${details ? `${attributes} ` : ""}${text}`);
  const iterator = entries[Symbol.asyncIterator]();
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(tty ? line(value) : frame(value.stream, line(value)));
    },
    cancel: () => void iterator.return?.(),
  });
  return byteStream(stream, { "content-type": tty ? rawStream : multiplexedStream });
}

async function stats(containers: Containers, id: string, { query, signal }: RouteContext): Promise<ApiResponse> {
  if (!query.boolean("stream", true)) return json(await containers.statsOnce(id, query.boolean("one-shot")));
  if (query.boolean("one-shot")) throw new EngineError("invalidParameter", "cannot have stream=true and one-shot=true");
  return jsonLines(containers.statsStream(id, signal));
}
