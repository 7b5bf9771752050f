/**
 * Builds. `POST /build` answers as the classic builder. BuildKit's own protocol (`POST /session`, `POST /grpc`) is gRPC over HTTP/2, which
 * a server in Node speaks in front of these routes (../buildkit); Drydock's CLI uses ./drydock-builds.ts.
 */
import {
  type BuildRequest,
  type BuildService,
  ClassicBuilder,
  type ClassicMessage,
  versionedBuild,
} from "../../engine/build/index.ts";
import { EngineError } from "../../engine/errors.ts";
import { readCredentials } from "../../engine/registry/credentials.ts";
import { json, jsonLines } from "../respond.ts";
import type { Route, RouteContext } from "../router.ts";
import { textsOf, ulimitsOf } from "./build-parameters.ts";
import { drydockBuildRoutes } from "./drydock-builds.ts";

/** moby's cacheFields (builder-next), with those that it reads itself. */
const pruneFilters: ReadonlySet<string> = new Set(
  "id parent type description inuse shared private label until unused-for".split(" "),
);

export function buildRoutes(builds: BuildService): readonly Route[] {
  const noBuildKit = async (): Promise<never> => {
    throw new EngineError(
      "notImplemented",
      "BuildKit's protocol is not served on this socket: build with DOCKER_BUILDKIT=0, or with Drydock's own docker build",
    );
  };
  const classic = new ClassicBuilder(builds);
  return [
    {
      method: "POST",
      path: "/build",
      operation: "ImageBuild",
      handle: async (context) => {
        const { query } = context;
        if (query.string("version") === "2")
          return jsonLines(versionedBuild(builds.build(classicRequest(context), context.stream(), context.signal)));
        const cacheImages = namesOf(query.string("cachefrom"));
        const request = { ...classicRequest(context), cacheImages };
        return jsonLines(await checked(classic.build(request, context.stream(), context.signal)));
      },
    },
    {
      method: "POST",
      path: "/build/prune",
      operation: "BuildPrune",
      handle: async ({ query }) => {
        const filters = query.filters();
        const unknown = Object.keys(filters).find((name) => !pruneFilters.has(name));
        if (unknown !== undefined)
          throw new EngineError("invalidParameter", `failed to prune build cache: invalid filter '${unknown}'`);
        const until = filters.until?.[0] ?? filters["unused-for"]?.[0];
        // "keep-storage" is the older name of "reserved-space".
        const space = {
          reserved: query.number("reserved-space") ?? query.number("keep-storage") ?? 0,
          maxUsed: query.number("max-used-space") ?? 0,
          minFree: query.number("min-free-space") ?? 0,
        };
        return json(
          await builds.prune({
            all: query.boolean("all"),
            ...(until === undefined ? {} : { until: untilTime(until) }),
            ...(filters.id === undefined ? {} : { ids: filters.id }),
            ...(filters.type === undefined ? {} : { types: filters.type }),
            ...(filters.description === undefined ? {} : { descriptions: filters.description }),
            ...(Object.values(space).every((bytes) => bytes === 0) ? {} : { space }),
          }),
        );
      },
    },
    { method: "POST", path: "/session", operation: "Session", handle: noBuildKit },
    { method: "POST", path: "/grpc", operation: "Grpc", handle: noBuildKit },
    ...drydockBuildRoutes(builds),
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

function classicRequest({ query, headers }: RouteContext): BuildRequest {
  const optional = (name: string, key: keyof BuildRequest): Partial<BuildRequest> => {
    const value = query.string(name);
    return value === undefined || value === "" ? {} : { [key]: value };
  };
  return {
    dockerfileName: query.string("dockerfile") || "Dockerfile",
    buildArgs: textsOf(query.string("buildargs"), "error reading build args"),
    labels: textsOf(query.string("labels"), "error reading labels"),
    tags: query.all("t"),
    noCache: query.boolean("nocache"),
    pull: query.boolean("pull"),
    ...optional("target", "target"),
    ...optional("platform", "platform"),
    ...optional("networkmode", "network"),
    ...optional("cgroupparent", "cgroupParent"),
    ...remoteOf(query.string("remote") ?? ""),
    extraHosts: (query.string("extrahosts") ?? "").split(",").filter(Boolean),
    shmSize: query.number("shmsize") ?? 0,
    ulimits: ulimitsOf(query.string("ulimits")),
    limits: {
      memory: query.number("memory") ?? 0,
      memorySwap: query.number("memswap") ?? 0,
      cpuShares: query.number("cpushares") ?? 0,
      cpuPeriod: query.number("cpuperiod") ?? 0,
      cpuQuota: query.number("cpuquota") ?? 0,
      cpusetCpus: query.string("cpusetcpus") ?? "",
      cpusetMems: query.string("cpusetmems") ?? "",
    },
    credentials: registryConfig(headers["x-registry-config"]),
  };
}

/** A list in JSON; what is none counts as empty, as in moby. */
function namesOf(text: string | undefined): readonly string[] {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}

const remoteOf = (remote: string): Partial<BuildRequest> =>
  remote === "" || remote === "client-session" ? {} : { remote, source: { context: remote, dockerfile: "Dockerfile" } };

/** X-Registry-Config: credentials by registry, for all that a build may pull. Broken ones count as none, as in moby. */
function registryConfig(header: string | undefined): NonNullable<BuildRequest["credentials"]> {
  if (header === undefined || header === "") return {};
  try {
    const bytes = Uint8Array.from(atob(header.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const entries = Object.entries(JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>);
    return Object.fromEntries(entries.map(([server, value]) => [registryDomain(server), readCredentials(value)]));
  } catch {
    return {};
  }
}

/** Docker Hub's credentials are kept under an address of old. */
const registryDomain = (server: string): string =>
  /^(https?:\/\/)?index\.docker\.io\b/.test(server)
    ? "docker.io"
    : server.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
