/**
 * Builds. `POST /build` answers as the classic builder; BuildKit's own protocol (`POST /session`, `POST /grpc`) is gRPC and is not
 * spoken here. Drydock's CLI uses `/drydock/builds`: options first, then the context, answered with BuildKit's status records.
 */
import { type BuildRequest, type BuildService, type ClassicMessage, classicBuild } from "../../engine/build/index.ts";
import { EngineError } from "../../engine/errors.ts";
import { byteStream, json, jsonLines } from "../respond.ts";
import type { Route, RouteContext } from "../router.ts";

/** Options of builds whose context is still to come. */
const maxWaiting = 100;

export function buildRoutes(builds: BuildService): readonly Route[] {
  const waiting = new Map<string, BuildRequest>();
  const noBuildKit = async (): Promise<never> => {
    throw new EngineError(
      "notImplemented",
      "this engine has no BuildKit gRPC endpoint: build with DOCKER_BUILDKIT=0, or with Drydock's own docker build",
    );
  };
  return [
    {
      method: "POST",
      path: "/build",
      operation: "ImageBuild",
      handle: async (context) => {
        const { query } = context;
        if (query.string("version") === "2") return await noBuildKit();
        const remote = query.string("remote") ?? "";
        if (remote !== "" && remote !== "client-session")
          throw new EngineError("notImplemented", `remote context ${remote}: fetch it and send it as a tar`);
        return jsonLines(
          await checked(classicBuild(builds, classicRequest(context), context.stream(), context.signal)),
        );
      },
    },
    {
      method: "POST",
      path: "/build/prune",
      operation: "BuildPrune",
      handle: async ({ query }) => {
        const filters = query.filters();
        const until = filters.until?.[0];
        const keep = query.number("keep-storage") ?? query.number("reserved-space");
        return json(
          await builds.prune({
            all: query.boolean("all"),
            ...(until === undefined ? {} : { until: untilTime(until) }),
            ...(filters.id === undefined ? {} : { ids: filters.id }),
            ...(keep === undefined || keep === 0 ? {} : { keep }),
          }),
        );
      },
    },
    { method: "POST", path: "/session", operation: "Session", handle: noBuildKit },
    { method: "POST", path: "/grpc", operation: "Grpc", handle: noBuildKit },
    {
      method: "POST",
      path: "/drydock/builds",
      operation: "DrydockBuildCreate",
      handle: async (context) => {
        const request = readRequest(await context.json());
        const id = crypto.randomUUID();
        waiting.set(id, request);
        const [oldest] = waiting.keys();
        if (waiting.size > maxWaiting && oldest !== undefined) waiting.delete(oldest);
        return json({ Id: id }, 201);
      },
    },
    {
      method: "POST",
      path: "/drydock/builds/{id}/run",
      operation: "DrydockBuildRun",
      handle: async ({ params, stream, signal }) => {
        const { id = "" } = params;
        const request = waiting.get(id);
        if (request === undefined) throw new EngineError("notFound", `No such build: ${id}`);
        waiting.delete(id);
        return jsonLines(builds.build(request, stream(), signal));
      },
    },
    {
      method: "GET",
      path: "/drydock/builds/{ref}/files",
      operation: "DrydockBuildFiles",
      handle: async ({ params }) =>
        byteStream(await builds.output(params.ref ?? ""), { "content-type": "application/x-tar" }),
    },
  ];
}

/** What is wrong before the first step (a file that cannot be parsed) is the request's own failure. */
async function checked(messages: AsyncGenerator<ClassicMessage>): Promise<AsyncIterable<ClassicMessage>> {
  const first = await messages.next();
  if (first.done === true) return messages;
  if ("error" in first.value) throw new EngineError("invalidParameter", first.value.error);
  const { value } = first;
  return (async function* () {
    yield value;
    yield* messages;
  })();
}

/** A duration back from now, or a time. */
function untilTime(text: string): number {
  const duration = /^(\d+)(s|m|h)$/.exec(text);
  if (duration !== null)
    return Date.now() - Number(duration[1]) * { s: 1e3, m: 6e4, h: 36e5 }[duration[2] as "s" | "m" | "h"];
  const time = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  if (Number.isNaN(time)) throw new EngineError("invalidParameter", `invalid until filter: ${text}`);
  return time;
}

function classicRequest({ query }: RouteContext): BuildRequest {
  const record = (name: string): Record<string, string> => {
    const text = query.string(name);
    if (text === undefined || text === "") return {};
    try {
      const entries = Object.entries(JSON.parse(text) as Record<string, string | null>);
      return Object.fromEntries(entries.flatMap(([key, value]) => (typeof value === "string" ? [[key, value]] : [])));
    } catch (cause) {
      throw new EngineError("invalidParameter", `error reading build options: ${(cause as Error).message}`, { cause });
    }
  };
  const optional = (name: string, key: keyof BuildRequest): Partial<BuildRequest> => {
    const value = query.string(name);
    return value === undefined || value === "" ? {} : { [key]: value };
  };
  return {
    dockerfileName: query.string("dockerfile") || "Dockerfile",
    buildArgs: record("buildargs"),
    labels: record("labels"),
    tags: query.all("t"),
    noCache: query.boolean("nocache"),
    pull: query.boolean("pull"),
    ...optional("target", "target"),
    ...optional("platform", "platform"),
    ...optional("networkmode", "network"),
    extraHosts: (query.string("extrahosts") ?? "").split(",").filter(Boolean),
    shmSize: query.number("shmsize") ?? 0,
  };
}

/** The CLI is trusted with the shape's details, a stranger is not: kinds are checked here. */
function readRequest(value: unknown): BuildRequest {
  if (typeof value !== "object" || value === null) throw new EngineError("invalidParameter", "invalid build request");
  const request = value as Record<string, unknown>;
  const check = (keys: readonly string[], fits: (field: unknown) => boolean): void => {
    for (const key of keys)
      if (request[key] !== undefined && !fits(request[key]))
        throw new EngineError("invalidParameter", `invalid build request: ${key}`);
  };
  const isRecord = (field: unknown): boolean => typeof field === "object" && field !== null && !Array.isArray(field);
  const isTexts = (field: unknown): boolean => Array.isArray(field) && field.every((item) => typeof item === "string");
  check(
    ["dockerfile", "dockerfileName", "target", "platform", "network", "contextPrefix", "output"],
    (f) => typeof f === "string",
  );
  check(
    ["buildArgs", "labels", "secrets"],
    (f) => isRecord(f) && Object.values(f as object).every((v) => typeof v === "string"),
  );
  check(["contexts"], isRecord);
  check(["tags", "noCacheFilter", "extraHosts", "ignored"], isTexts);
  check(["ulimits"], Array.isArray);
  check(["shmSize"], (f) => typeof f === "number");
  if (typeof request.dockerfileName !== "string")
    throw new EngineError("invalidParameter", "invalid build request: dockerfileName");
  return value as BuildRequest;
}
